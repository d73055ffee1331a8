"""R25: a cycle tells what was done; what was rolled back was not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sync_engine.cycle import run_cycle
from tests.faults import Crash, Fault, FaultyStore, Script
from tests.samples import card
from tests.world import World


def test_r25_what_a_failed_commit_took_back_is_not_counted(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    side = world.bind("a")
    side.put(card())
    cycle = replace(world.context("a"), store=FaultyStore(world.database, Script(Fault.CRASH_BEFORE, 0)))
    with pytest.raises(Crash):
        run_cycle(cycle)
    assert cycle.counts.changes == 0
    assert world.hub() == {}


def test_r25_what_was_committed_counts_though_the_cycle_failed_later(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    world.bind("a").put(card())
    cycle = replace(world.context("a"), store=FaultyStore(world.database, Script(Fault.CRASH_BEFORE, 1)))
    with pytest.raises(Crash):
        run_cycle(cycle)
    assert cycle.counts.pulled_new == 1
    assert set(world.hub()) == {"ca-1"}
