"""Kills and other disasters on PostgreSQL (R05); more on demand: make torture KILLS=1000 STORE=postgresql"""

from __future__ import annotations

import pytest

from tests.torture.run import run, usual

SEED, KILLS = 7, 25


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_r05_disasters_lose_double_and_resurrect_nothing_on_postgresql() -> None:
    report = run("postgresql", SEED, usual(KILLS, "postgresql"))
    print(report)
    assert report.count["kill"] == KILLS
    assert report.edits.total() > KILLS, "people were at work"
    assert not report.found.total()
