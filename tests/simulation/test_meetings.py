"""Meetings in several mailboxes, whatever people do and whatever fails: R12, R13, R37 (see `meeting_runs`)."""

from __future__ import annotations

import os

import pytest

from tests.simulation.meeting_runs import run

_SEEDS = int(os.environ.get("AGENDAHUB_MEETING_RUNS", "160"))
_PARTS = 4


@pytest.mark.parametrize("part", range(_PARTS))
def test_r12_r13_meetings_are_one_event_whatever_happens(part: int) -> None:
    for seed in range(part, _SEEDS, _PARTS):
        assert run(seed) == [], f"seed {seed}"


@pytest.mark.parametrize("seed", [410, 714, 1170, 1639])
def test_r12_r13_a_run_that_failed_once(seed: int) -> None:
    assert run(seed) == []
