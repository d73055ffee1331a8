"""A system whose reads are behind its writes: R22 of the rules of sync."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Unkind
from storage import tables as t
from sync_engine.errors import OutcomeUnknown
from tests import samples
from tests.faults import FaultyConnector
from tests.world import World


def lose_the_answer(connector: FaultyConnector, monkeypatch: pytest.MonkeyPatch, *, made: bool) -> None:
    """Of the next creation."""
    whole = connector.create

    def lost(*args: Any) -> Any:
        monkeypatch.setattr(connector, "create", whole)
        if made:
            whole(*args)
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "create", lost)


@pytest.mark.parametrize("made", [True, False])
def test_r22_a_creation_in_doubt_is_not_repeated_as_long_as_reads_may_not_show_it(
    tmp_path: Path, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.new(tmp_path)
    a = world.bind("a")
    a.account.unkind = Unkind(own_uids=True, lag=10, lag_seconds=600.0)
    connector = FaultyConnector(a.account)
    a.connector = connector
    world.phone_put(samples.card("new"))
    lose_the_answer(connector, monkeypatch, made=made)
    world.cycle("a")
    connector.script.calls.clear()
    world.clock.pass_time(seconds=500)
    world.cycle("a")
    assert connector.writes() == []  # nothing shows it, and that means nothing yet
    a.account.unkind.lag = 0
    world.clock.pass_time(seconds=101)
    world.settle()
    assert connector.writes() == ([] if made else ["create"])
    assert len(a.items()) == 1
    assert world.rows(t.intents) == []


def test_r22_what_the_feed_shows_first_ends_the_doubt_about_a_creation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.new(tmp_path)
    a = world.bind("a")
    a.account.unkind = Unkind(own_uids=True, lag=10, lag_seconds=600.0)
    connector = FaultyConnector(a.account)
    a.connector = connector
    world.phone_put(samples.card("new"))
    lose_the_answer(connector, monkeypatch, made=True)
    world.cycle("a")
    a.account.unkind.lag = 0
    world.settle()
    assert connector.writes() == ["create"]
    assert len(a.items()) == len(world.hub()) == 1
    assert world.rows(t.intents) == []


@pytest.mark.parametrize("made", [True, False])
def test_r22_a_clock_that_was_set_back_begins_the_time_anew(
    tmp_path: Path, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.new(tmp_path)
    a = world.bind("a")
    a.account.unkind = Unkind(own_uids=True, lag=10, lag_seconds=600.0)
    connector = FaultyConnector(a.account)
    a.connector = connector
    world.phone_put(samples.card("new"))
    lose_the_answer(connector, monkeypatch, made=made)
    world.cycle("a")
    connector.script.calls.clear()
    world.clock.pass_time(hours=-30)
    world.cycle("a")
    world.clock.pass_time(seconds=300)
    world.cycle("a")
    assert connector.writes() == []
    a.account.unkind.lag = 0
    world.clock.pass_time(seconds=400)
    world.settle()
    assert connector.writes() == ([] if made else ["create"])
    assert len(a.items()) == 1
    assert world.rows(t.intents) == []
