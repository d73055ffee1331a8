"""A system whose reads are behind its writes: R22 of the rules of sync."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Unkind
from storage import tables as t
from sync_engine.errors import OutcomeUnknown
from tests import samples
from tests.faults import FaultyConnector
from tests.world import Side, World


@dataclass
class InDoubt:
    """A contact of a phone, whose creation at a system that lags had no answer."""

    world: World
    side: Side
    connector: FaultyConnector

    def writes(self) -> list[str]:
        """All, the first one too if the system did it."""
        return self.connector.writes()

    def shown(self) -> None:
        """The system's reads have caught up."""
        self.side.account.unkind.lag = 0

    def is_over(self) -> None:
        """There is one contact, and nothing left to do."""
        self.world.settle()
        assert len(self.side.items()) == len(self.world.hub()) == 1
        assert self.world.rows(t.intents) == []


def in_doubt(folder: Path, monkeypatch: pytest.MonkeyPatch, *, made: bool) -> InDoubt:
    """`made`: the system did it all the same."""
    world = World.new(folder)
    side = world.bind("a")
    side.account.unkind = Unkind(own_uids=True, lag=10, lag_seconds=600.0)
    connector = FaultyConnector(side.account)
    side.connector = connector
    world.phone_put(samples.card("new"))
    whole = connector.create

    def lost(*args: Any) -> Any:
        monkeypatch.setattr(connector, "create", whole)
        if made:
            whole(*args)
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "create", lost)
    world.cycle("a")
    return InDoubt(world, side, connector)


@pytest.mark.parametrize("made", [True, False])
def test_r22_a_creation_in_doubt_is_not_repeated_as_long_as_reads_may_not_show_it(
    tmp_path: Path, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubt = in_doubt(tmp_path, monkeypatch, made=made)
    before = doubt.writes()
    doubt.world.clock.pass_time(seconds=500)
    doubt.world.cycle("a")
    assert doubt.writes() == before  # nothing shows it, and that means nothing yet
    doubt.shown()
    doubt.world.clock.pass_time(seconds=101)
    doubt.is_over()
    assert doubt.writes() == ["create"]


def test_r22_what_the_feed_shows_first_ends_the_doubt_about_a_creation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubt = in_doubt(tmp_path, monkeypatch, made=True)
    doubt.shown()
    doubt.is_over()
    assert doubt.writes() == ["create"]


@pytest.mark.parametrize("made", [True, False])
def test_r22_a_clock_that_was_set_back_begins_the_time_anew(
    tmp_path: Path, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubt = in_doubt(tmp_path, monkeypatch, made=made)
    before = doubt.writes()
    doubt.world.clock.pass_time(hours=-30)
    doubt.world.cycle("a")
    doubt.world.clock.pass_time(seconds=300)
    doubt.world.cycle("a")
    assert doubt.writes() == before
    doubt.shown()
    doubt.world.clock.pass_time(seconds=400)
    doubt.is_over()
    assert doubt.writes() == ["create"]
