"""`make bench-microsoft`: what it costs where nothing has changed, and that both mailboxes come to rest."""

from __future__ import annotations

import pytest

from benchmarks import microsoft
from tests.acceptance.test_bench_engine import rows_of


@pytest.mark.slow
def test_no_change_is_one_request_of_a_collection_at_any_size(capsys: pytest.CaptureFixture[str]) -> None:
    microsoft.main(["--sizes", "40", "300", "--json"])
    rows = rows_of(capsys.readouterr().out)
    idle = {case: found for case, found in rows.items() if case[0].startswith("no change, requests")}
    assert len(idle) == 4
    assert set(idle.values()) == {(1, 1)}
    changes = [rows[f"10 changes, {count} items, {way}", "requests"][0] for count in (40, 300) for way in _WAYS]
    assert changes[:2] == changes[2:]  # whatever there is beside what changed


_WAYS = ("from Microsoft 365", "to Exchange")
