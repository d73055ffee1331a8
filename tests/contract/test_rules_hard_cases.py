"""Rules whose breach shows only in a corner (R02, R03, R09, R17, R20-R23, R36), and bindings of one direction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agendahub.restoring import restore
from connectors.memory import Account, MemoryConnector, Unkind
from storage import tables as t
from storage.admin_actions import retry_quarantined
from sync_engine.errors import Unavailable, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Cursor, Direction, KnownVersions, Origin, Page, Policy, Prefer, Removed
from sync_engine.pull import pull
from sync_engine.zones import resolve
from tests import samples
from tests.faults import FaultyConnector, ReadingBack
from tests.world import Side, World


def _world(folder: Path, *items: Item, policy: Policy | None = None) -> tuple[World, Side, Side]:
    world = World.new(folder)
    a, b = world.bind("a", policy), world.bind("b")
    for item in items:
        a.put(item)
    world.settle()
    return world, a, b


def _retry_all(world: World) -> None:
    with world.database.engine.begin() as connection:
        for entry in world.rows(t.quarantine):
            retry_quarantined(connection, entry.id)


# ---------------------------------------------------------------- R02


def _careful(folder: Path) -> tuple[World, Side, FaultyConnector]:
    world = World.new(folder)
    a = world.bind("a", Policy(brake_count=2, brake_percent=0))
    for n in range(6):
        a.put(samples.task(f"t{n}", f"Task {n}"))
    world.settle()
    connector = FaultyConnector(a.account)
    return world, a, connector


def test_r02_deletions_of_two_passes_of_a_cycle_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, a, connector = _careful(tmp_path)
    for uid in ("t0", "t1"):
        world.phone_remove(uid)
    world.phone_edit("t2", lambda text: text.replace("Task 2", "Other"))
    whole = connector.update

    def meanwhile(*args: Any) -> Any:  # refused once: the cycle makes a second pass
        monkeypatch.setattr(connector, "update", whole)
        for uid in ("t3", "t4"):
            world.phone_remove(uid)
        raise VersionConflict("412")

    monkeypatch.setattr(connector, "update", meanwhile)
    counts = world.cycle("a", connector)
    assert (counts.pushed_deleted, counts.held) == (2, 2)
    assert set(a.items()) == {"t2", "t3", "t4", "t5"}


def test_r02_writes_that_become_deletions_while_they_are_sent_are_under_the_brake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _careful(tmp_path)
    for n in range(4):
        world.phone_edit(f"t{n}", lambda text: text.replace("X-OWN:kept", "X-OWN:edited"))

    def meanwhile(*_: object) -> Any:
        for uid in [uid for uid in world.hub() if uid in ("t0", "t1", "t2", "t3")]:
            world.phone_remove(uid)
        raise VersionConflict("412")

    monkeypatch.setattr(connector, "update", meanwhile)
    counts = world.cycle("a", connector)
    assert counts.pushed_deleted == 0
    assert counts.held
    assert len(a.items()) == 6


# ---------------------------------------------------------------- R09


def test_r09_what_the_store_refuses_holds_up_nothing_that_comes_after_it_in_its_page(tmp_path: Path) -> None:
    world = World.new(tmp_path)
    a = world.bind("a")
    a.put(Item.read(samples.card("bad").text.replace("Likes numbers", "Likes \x00 bytes")))
    a.put(samples.card("good"))
    world.cycle("a")
    assert set(world.hub()) == {"good"}
    assert [entry.uid for entry in world.rows(t.quarantine)] == ["bad"]


# ---------------------------------------------------------------- R17


@pytest.mark.parametrize("prefer", Prefer)
def test_r17_a_moved_event_keeps_the_rules_of_the_zone_it_was_moved_in(tmp_path: Path, prefer: Prefer) -> None:
    """Both calendars say "Europe/Zurich"; the one whose start wins has rules of its own for it."""
    world, a, _ = _world(tmp_path, samples.event(), policy=Policy(prefer=prefer))

    def elsewhere(text: str) -> str:
        text = text.replace("TZOFFSETTO:+0100", "TZOFFSETTO:+0300").replace("TZOFFSETFROM:+0100", "TZOFFSETFROM:+0300")
        return text.replace("20260310T09", "20260311T09")

    a.edit("ev-1", elsewhere)
    world.phone_edit("ev-1", lambda text: text.replace("Stand-up", "Sit-down"))
    world.settle()
    for record in (world.hub()["ev-1"].record, a.items()["ev-1"].record):
        assert record.master.summary == "Sit-down"  # type: ignore[union-attr]
        start = record.master.start  # type: ignore[union-attr]
        assert resolve(start, record.zones) == datetime(2026, 3, 11, 6, tzinfo=UTC)  # type: ignore[union-attr, arg-type]


# ---------------------------------------------------------------- R20


def test_r20_what_a_server_rewrote_is_noticed_though_reading_it_back_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, b = _world(tmp_path)
    server = ReadingBack(a.account)
    server.keeps = lambda text: "\r\n".join(line for line in text.split("\r\n") if not line.startswith("X-"))
    a.connector = server
    world.phone_put(samples.card("mine"))
    whole = server.read_back

    def fails(*_: object) -> Any:
        raise Unavailable("503")

    monkeypatch.setattr(server, "read_back", fails)
    with pytest.raises(Unavailable):
        world.cycle("a")
    monkeypatch.setattr(server, "read_back", whole)
    world.settle()
    a.edit("mine", lambda text: text.replace("Likes numbers", "Likes engines"))
    world.settle()
    for text in (world.hub()["mine"].text, b.texts()["mine"]):
        assert "Likes engines" in text
        assert "X-PHONETIC-FIRST-NAME:Eida" in text
    assert server.writes() == ["create"]


def test_r20_a_phones_edit_goes_out_though_the_server_had_rewritten_what_was_there(tmp_path: Path) -> None:
    """The feed lags: only the refused write shows that the server keeps our last one in its own way."""
    world, a, _ = _world(tmp_path)
    a.account.unkind = Unkind(quiet_writes=True, no_versions=True, lag=10)
    server = FaultyConnector(a.account)
    server.keeps = lambda text: "\r\n".join(line for line in text.split("\r\n") if not line.startswith("X-"))
    a.connector = server
    world.phone_put(samples.card("mine"))
    world.cycle("a")
    world.phone_edit("mine", lambda text: text.replace("Likes numbers", "Likes engines"))
    world.settle()
    assert "Likes engines" in a.texts()["mine"]
    assert "X-PHONETIC-FIRST-NAME:Eida" in world.hub()["mine"].text
    assert world.rows(t.quarantine) == world.rows(t.conflicts) == []


# ---------------------------------------------------------------- R21


@pytest.mark.parametrize("touched", [False, True])
def test_r21_a_frozen_item_stays_frozen_when_its_hours_are_over(tmp_path: Path, touched: bool) -> None:
    world, a, b = _world(tmp_path, samples.event(), policy=Policy(write_limit=3))
    for n in range(12):  # somebody's program at b
        b.edit("ev-1", lambda text, n=n: _in_room(text, f"Back {n}"))  # type: ignore[misc]
        world.cycle("b")
        world.cycle("a")
    assert [row.state for row in world.rows(t.links) if row.binding_id == a.binding_id] == ["frozen"]
    world.clock.pass_time(hours=30)
    if touched:
        a.edit("ev-1", lambda text: text.replace("Stand-up", "Sit-down"))
    b.edit("ev-1", lambda text: _in_room(text, "Back again"))
    world.cycle("b")
    spy = FaultyConnector(a.account)
    world.cycle("a", spy)
    assert spy.writes() == []
    _retry_all(world)
    world.settle()
    assert "Back again" in a.texts()["ev-1"]


def _in_room(text: str, name: str) -> str:
    room = next(line for line in text.split("\r\n") if line.startswith("LOCATION"))
    return text.replace(room, f"LOCATION:{name}")


# ---------------------------------------------------------------- R22


def test_r22_what_went_missing_in_a_listing_and_is_back_in_the_next_is_linked_again(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path, samples.event(), samples.card())
    lister = _Windowed(a.account, hidden=a.id_of("ev-1"))
    world.phone_edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    world.cycle("a")  # our own write, so that its absence has to settle
    a.account.expire_cursors(a.collection)
    world.cycle("a", lister)
    assert sorted(row.state for row in world.rows(t.links) if row.binding_id == a.binding_id) == ["live", "missing"]
    a.account.expire_cursors(a.collection)
    spy = FaultyConnector(a.account)
    counts = world.cycle("a", spy)
    assert (counts.changes, spy.writes()) == (0, [])
    assert {row.state for row in world.rows(t.links)} == {"live"}


class _Windowed(MemoryConnector):
    """Its listings leave out one item, which can be read."""

    def __init__(self, account: Account, hidden: str) -> None:
        super().__init__(account)
        self.hidden = hidden

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in super().changes(collection, since, known):
            shown = [c for c in page.changes if isinstance(c, Removed) or c.ref.id != self.hidden]
            yield replace(page, changes=shown)


# ---------------------------------------------------------------- R23


def test_r23_what_the_server_no_longer_lists_at_the_windows_edge_is_not_deleted(tmp_path: Path) -> None:
    window = Policy(window_days_past=30, window_days_future=60)
    world, a, b = _world(tmp_path, samples.event(), samples.event("other"), policy=window)
    world.clock.pass_time(days=400)
    a.account.expire_cursors(a.collection)
    for _ in range(3):
        assert world.cycle("a", _Windowed(a.account, hidden=a.id_of("ev-1"))).changes == 0
    world.settle()
    assert set(world.hub()) == set(a.items()) == set(b.items()) == {"ev-1", "other"}


def test_r23_a_refused_item_that_left_the_window_goes_out_once_as_it_is_now(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path, policy=Policy(window_days_past=30, window_days_future=60))
    fussy = FaultyConnector(a.account)
    fussy.refuses = {"mine"}
    world.phone_put(samples.event("mine"))
    world.cycle("a", fussy)
    world.phone_edit("mine", lambda text: text.replace("20260310", "20270310"))
    _retry_all(world)
    spy = FaultyConnector(a.account)
    world.cycle("a", spy)
    world.cycle("a", spy)
    assert spy.writes() == ["create"]
    assert a.items()["mine"].record == world.hub()["mine"].record


# ---------------------------------------------------------------- R36


@pytest.mark.parametrize("new_first", [True, False])
def test_r36_a_moved_item_is_reported_to_nobody(tmp_path: Path, new_first: bool) -> None:
    world, a, _ = _world(tmp_path, samples.event())
    item, old = a.items()["ev-1"], a.id_of("ev-1")
    put = partial(a.account.put, a.collection, "/work/moved", item)
    steps: list[Callable[[], object]] = [put, partial(a.account.remove, a.collection, old)]
    for step in steps if new_first else reversed(steps):
        step()
    counts = world.cycle("a")
    assert (counts.quarantined, counts.changes) == (0, 0)
    assert world.rows(t.quarantine) == []
    assert "/work/moved" in {row.remote_id for row in world.rows(t.links)}


def test_r36_an_item_that_moved_and_was_deleted_in_the_hub_goes_from_its_new_place(tmp_path: Path) -> None:
    """The listing that shows the new place says nothing of the old one, and our own write was just before."""
    world, a, b = _world(tmp_path)
    world.phone_put(samples.event())
    world.cycle("a")
    a.put(a.items()["ev-1"], "/work/moved")
    a.account.remove(a.collection, "/work/ev-1")
    a.account.expire_cursors(a.collection)
    world.phone_remove("ev-1")
    world.settle()
    assert a.items() == b.items() == world.hub() == {}
    assert world.rows(t.quarantine) == world.rows(t.intents) == []


# ---------------------------------------------------------------- directions


def test_an_in_binding_queues_nothing_for_the_remote(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path, samples.event(), policy=Policy(direction=Direction.IN))
    a.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    world.phone_edit("ev-1", lambda text: text.replace("Bring coffee", "Bring tea"))
    pull(world.context("a"))  # a later push would drop what it queued
    text = world.hub()["ev-1"].text
    assert "Room 2" in text
    assert "Bring tea" in text
    assert [row for row in world.rows(t.intents) if row.binding_id == a.binding_id] == []


# ---------------------------------------------------------------- R03


def test_r03_a_version_that_a_remote_kept_under_its_own_uid_comes_back_under_the_hubs(tmp_path: Path) -> None:
    world, _a, b = _world(tmp_path, samples.event("mine"))
    item_id = world.hub_id("mine")
    with world.database.begin() as unit:
        theirs = unit.keep_revision(item_id, samples.event("theirs", "Sit-down").text, Origin("account a"))
    with world.database.begin() as unit:
        restore(unit, item_id, theirs)
    world.settle()
    assert set(world.hub()) == set(b.items()) == {"mine"}
    assert "Sit-down" in b.texts()["mine"]
