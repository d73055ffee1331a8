"""Does the account's change feed tell the truth? R25 of the rules of sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agendahub.bound import Bound
from agendahub.feed_check import FeedCheck
from agendahub.outcome import Outcome, Result
from config.settings import BindingSettings
from connectors.memory import MemoryConnector
from storage import tables as t
from sync_engine.canary import is_canary
from sync_engine.cycle import run_cycle
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Cursor, KnownVersions, Page, RemoteRef
from sync_engine.probe_item import probe_item
from sync_engine.pull import known_versions
from tests import samples
from tests.world import Side, World


class SilentFeed(MemoryConnector):
    """Lists everything rightly, and never tells of a change."""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        return super().changes(collection, since, known) if since is None else iter(())


class LosingWrites(MemoryConnector):
    """Says yes, and keeps nothing."""

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        del collection, key
        return RemoteRef(f"/{item.uid}", "1")


def _checked(world: World, side: Side, *, canary: bool = False) -> str:
    """What a look at everything says about the feed."""

    def run() -> Outcome:
        context = world.context("a", side.connector)
        run_cycle(context)
        return Outcome(Result.OK, world.clock(), world.clock(), context.counts)

    settings = BindingSettings(name="a", account="a", remote="/r", collection="c", kinds=("event",), canary=canary)
    known = known_versions(world.context("a", side.connector))
    assert side.connector is not None
    check = FeedCheck(world.database, Bound(side.binding_id, settings), side.connector, known, run)
    assert check.look_at_everything().result is Result.OK
    (row,) = world.rows(t.bindings)
    assert row.feed_checked_at is not None
    return str(row.feed_problem)


def _world(folder: Path, speaks: Callable[[Side], MemoryConnector]) -> tuple[World, Side]:
    world = World.new(folder)
    side = world.bind("a")
    side.connector = speaks(side)
    side.put(samples.event())
    world.settle()
    return world, side


def _edit(side: Side) -> None:
    side.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))


def test_r25_an_honest_feed_is_called_so_also_when_there_are_changes(tmp_path: Path) -> None:
    world, side = _world(tmp_path, lambda s: MemoryConnector(s.account))
    assert _checked(world, side) == ""
    _edit(side)
    assert _checked(world, side, canary=True) == ""
    assert "Room 2" in world.hub()["ev-1"].text
    assert set(side.items()) == {"ev-1"}


def test_r25_a_feed_that_keeps_quiet_about_a_change_is_found_out_and_the_change_comes(tmp_path: Path) -> None:
    world, side = _world(tmp_path, lambda s: SilentFeed(s.account))
    _edit(side)
    assert "1 changes were found only by listing everything" in _checked(world, side)
    assert "Room 2" in world.hub()["ev-1"].text


def test_r25_a_canary_finds_a_silent_feed_before_anything_is_missed(tmp_path: Path, no_pauses: None) -> None:
    world, side = _world(tmp_path, lambda s: SilentFeed(s.account))
    assert "did not tell" in _checked(world, side, canary=True)
    assert set(side.items()) == {"ev-1"}  # the canary was taken away all the same


def test_r25_a_canary_finds_a_server_that_keeps_nothing(tmp_path: Path, no_pauses: None) -> None:
    world, side = _world(tmp_path, lambda s: LosingWrites(s.account))
    assert "did not tell" in _checked(world, side, canary=True)


def test_r25_a_canary_that_a_killed_check_left_never_comes_into_the_hub_and_is_cleared_away(tmp_path: Path) -> None:
    world, side = _world(tmp_path, lambda s: MemoryConnector(s.account))
    side.put(probe_item(Kind.EVENT, f"agendahub-canary-{side.binding_id}"))
    assert any(is_canary(uid) for uid in side.items())
    world.settle()
    assert set(world.hub()) == {"ev-1"}
    assert _checked(world, side, canary=True) == ""
    assert set(side.items()) == {"ev-1"}


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that lags is given some seconds; here it never comes."""
    monkeypatch.setattr("sync_engine.canary._PAUSES", (0.0, 0.0))
