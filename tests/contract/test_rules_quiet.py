"""Nothing without a reason, and nothing but the truth: R21, R25, R33, R35 of the rules of sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from connectors.memory import Unkind
from storage import tables as t
from storage.admin_actions import retry_quarantined
from storage.retrying import retry_what_is_due
from sync_engine.dry_run import rehearse
from sync_engine.errors import Unavailable
from sync_engine.item import Item
from sync_engine.ports import Direction, Policy, RunCounts
from tests import samples
from tests.faults import FaultyConnector, ReadingBack
from tests.world import Side, World

MOODS = {
    "kind": Unkind(),
    "hashes for versions": Unkind(no_versions=True),
    "writes without an answer": Unkind(quiet_writes=True),
    "both": Unkind(no_versions=True, quiet_writes=True),
}


def _world(folder: Path, mood: Unkind | None = None, policy: Policy | None = None) -> tuple[World, Side, Side]:
    world = World.new(folder)
    a, b = world.bind("a", policy), world.bind("b")
    a.account.unkind = mood or Unkind()
    for item in (samples.event(), samples.series(), samples.card(), samples.task()):
        a.put(item)
    world.settle()
    return world, a, b


@contextmanager
def _statements(world: World) -> Iterator[list[str]]:
    """Every statement that writes, while this lasts."""
    writes: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN" and not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "WITH")):
            writes.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield writes
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)


def _changes(world: World) -> None:
    """One of each kind on each side."""
    a = world.sides["a"]
    a.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    world.phone_edit("se-1", lambda text: text.replace("SUMMARY:Weekly\r\n", "SUMMARY:Renamed\r\n"))
    a.put(samples.event("new-there"))
    world.phone_put(samples.card("new-here"))
    a.remove("ta-1")


# ---------------------------------------------------------------- R21


@pytest.mark.parametrize("connector", [FaultyConnector, ReadingBack])
@pytest.mark.parametrize("mood", MOODS)
def test_r21_a_change_is_delivered_once_and_then_nothing_is_written_anywhere(
    tmp_path: Path, mood: str, connector: type[FaultyConnector]
) -> None:
    world, a, b = _world(tmp_path, MOODS[mood])
    a.connector, b.connector = connector(a.account), connector(b.account)
    _changes(world)
    world.settle()
    world.settle()
    for _ in range(3):
        for side in (a, b):
            spy = connector(side.account)
            with _statements(world) as writes:
                assert world.cycle(side.name, spy).changes == 0
            assert writes == []
            assert spy.script.calls == ["changes"]


@pytest.mark.parametrize("connector", [FaultyConnector, ReadingBack])
@pytest.mark.parametrize("mood", MOODS)
def test_r21_a_server_that_rewrites_what_it_is_sent_gets_it_once_and_costs_the_hub_nothing(
    tmp_path: Path, mood: str, connector: type[FaultyConnector]
) -> None:
    world, a, b = _world(tmp_path, MOODS[mood])
    lossy = connector(a.account)
    lossy.keeps = lambda text: "\r\n".join(line for line in text.split("\r\n") if not line.startswith("X-"))
    a.connector = lossy
    world.phone_put(samples.card("mine"))
    world.settle()
    if mood in ("kind", "hashes for versions") and connector is FaultyConnector:
        assert lossy.writes() == ["create"]  # it told a strong version: nobody looks
    for edit in ("+41 79 222 22 22", "+41 79 333 33 33"):
        old = world.hub()["mine"].record.phones[0].value  # type: ignore[union-attr]
        world.phone_edit("mine", lambda text, old=old, edit=edit: text.replace(old, edit))  # type: ignore[misc]
        world.settle()
    assert lossy.writes() == ["create", "update", "update"]
    for side_text in (world.hub()["mine"].text, b.texts()["mine"]):
        assert "X-PHONETIC-FIRST-NAME:Eida" in side_text
        assert "+41 79 333 33 33" in side_text
    assert "X-PHONETIC" not in a.texts()["mine"]


@pytest.mark.parametrize("mood", MOODS)
def test_r21_an_edit_at_a_rewriting_server_reaches_the_hub_without_the_rewriting(tmp_path: Path, mood: str) -> None:
    world, a, b = _world(tmp_path, MOODS[mood])
    lossy = ReadingBack(a.account)
    lossy.keeps = lambda text: "\r\n".join(line for line in text.split("\r\n") if not line.startswith("X-"))
    a.connector = lossy
    world.phone_put(samples.card("mine"))
    world.settle()
    a.edit("mine", lambda text: text.replace("Likes numbers", "Likes engines"))
    world.settle()
    for text in (world.hub()["mine"].text, b.texts()["mine"]):
        assert "Likes engines" in text
        assert "X-PHONETIC-FIRST-NAME:Eida" in text
    world.phone_edit("mine", lambda text: text.replace("FN:Ada Lovelace", "FN:Ada King"))
    world.settle()
    assert "FN:Ada King" in a.texts()["mine"]
    assert lossy.writes() == ["create", "update"]
    assert world.rows(t.conflicts) == world.rows(t.quarantine) == []


def test_r21_ping_pong_freezes_the_item_and_a_retry_thaws_it(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, policy=Policy(write_limit=4))
    for n in range(8):  # somebody's program at b puts it back each time
        b.edit("ev-1", lambda text, n=n: text.replace(_location(text), f"LOCATION:Back {n}"))  # type: ignore[misc]
        world.cycle("b")
        world.cycle("a")
    (entry,) = world.rows(t.quarantine)
    assert "frozen" in entry.message
    assert entry.title == "Stand-up"
    assert "Back 3" in a.texts()["ev-1"]
    spy = FaultyConnector(a.account)
    world.cycle("a", spy)
    assert spy.writes() == []
    world.clock.pass_time(days=3)
    with world.database.engine.begin() as connection:
        assert retry_what_is_due(connection, world.clock.now) == set()  # not by itself: that would be ping-pong again
        retry_quarantined(connection, entry.id)
    world.settle()
    assert "Back 7" in a.texts()["ev-1"]
    assert world.rows(t.quarantine) == []


def test_r21_a_persons_edits_are_never_ping_pong(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, policy=Policy(write_limit=4))
    for n in range(12):
        world.phone_edit("ev-1", lambda text, n=n: text.replace(_location(text), f"LOCATION:Room {n}"))  # type: ignore[misc]
        world.cycle("a")
    assert "Room 11" in a.texts()["ev-1"]
    assert world.rows(t.quarantine) == []
    world.settle()
    assert "Room 11" in b.texts()["ev-1"]


def test_r21_a_persons_edit_thaws_a_frozen_item(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, policy=Policy(write_limit=2))
    for n in range(4):
        b.edit("ev-1", lambda text, n=n: text.replace(_location(text), f"LOCATION:Back {n}"))  # type: ignore[misc]
        world.cycle("b")
        world.cycle("a")
    assert len(world.rows(t.quarantine)) == 1
    world.phone_edit("ev-1", lambda text: text.replace("Bring coffee", "Bring tea"))
    world.settle()
    assert "Bring tea" in a.texts()["ev-1"]
    assert "Back 3" in a.texts()["ev-1"]
    assert world.rows(t.quarantine) == []


def test_r21_two_servers_that_undo_each_other_are_stopped_soon(tmp_path: Path) -> None:
    """Each keeps the title in its own case, and tells of it as of an edit."""
    world, a, b = _world(tmp_path)
    a.connector, b.connector = (spies := [FaultyConnector(a.account), FaultyConnector(b.account)])
    for _ in range(50):
        for side, own in ((a, str.upper), (b, str.lower)):
            shown = _summary(side.texts()["ev-1"])
            if (wanted := "SUMMARY:" + own(shown[8:])) != shown:
                side.edit("ev-1", lambda text, old=shown, new=wanted: text.replace(old, new))  # type: ignore[misc]
            world.cycle(side.name)
    assert max(len(spy.writes()) for spy in spies) < 20
    assert len(world.rows(t.quarantine)) in (1, 2)
    before = [len(spy.writes()) for spy in spies]
    world.settle()
    assert [len(spy.writes()) for spy in spies] == before


def _summary(text: str) -> str:
    return next(line for line in text.split("\r\n") if line.startswith("SUMMARY"))


def _location(text: str) -> str:
    return next(line for line in text.split("\r\n") if line.startswith("LOCATION"))


# ---------------------------------------------------------------- R25


def test_r25_counts_are_things_done(tmp_path: Path) -> None:
    world, _a, _ = _world(tmp_path)
    _changes(world)
    counts = world.cycle("a")
    assert counts == RunCounts(pulled_new=1, pulled_changed=1, pulled_deleted=1, pushed_new=1, pushed_changed=1)


def test_r25_what_was_planned_but_not_done_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, a, _ = _world(tmp_path)
    for n in range(3):
        world.phone_put(samples.task(f"n{n}"))
    broken = FaultyConnector(a.account)
    whole = broken.create

    def second_fails(collection: str, item: Item, key: str) -> Any:
        if item.uid == "n1":
            raise Unavailable("503")
        return whole(collection, item, key)

    monkeypatch.setattr(broken, "create", second_fails)
    context = world.context("a", broken)
    from sync_engine.cycle import run_cycle

    with pytest.raises(Unavailable):
        run_cycle(context)
    assert (context.counts.pushed_new, context.counts.changes) == (1, 1)
    assert world.cycle("a").pushed_new == 2


def test_r25_deleting_what_is_gone_anyway_is_not_counted(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    world.phone_remove("ev-1")
    a.remove("ev-1")
    assert world.cycle("a").changes == 0


# ---------------------------------------------------------------- R33


def _plan(world: World) -> tuple[list[tuple[str, str, str]], FaultyConnector]:
    spy = FaultyConnector(world.sides["a"].account)
    with _statements(world) as writes:
        actions = rehearse(world.context("a", spy))
    assert writes == []
    assert spy.writes() == []
    return sorted((x.side, x.operation, x.title) for x in actions), spy


def test_r33_a_plan_lists_what_a_cycle_then_does_and_touches_nothing(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    _changes(world)
    before = a.texts(), {u: i.text for u, i in world.hub().items()}
    planned, _ = _plan(world)
    assert planned == [
        ("hub", "change", "Stand-up"),
        ("hub", "create", "Stand-up"),
        ("hub", "delete", "Call the printer"),
        ("remote", "change", "Renamed"),
        ("remote", "create", "Ada Lovelace"),
    ]
    assert (a.texts(), {u: i.text for u, i in world.hub().items()}) == before
    assert world.cycle("a").changes == len(planned)
    assert _plan(world)[0] == []


def test_r33_a_plan_shows_why_and_which_fields(tmp_path: Path) -> None:
    world, _a, _ = _world(tmp_path)
    _changes(world)
    actions = {(x.side, x.operation, x.title): x for x in rehearse(world.context("a"))}
    change = actions["hub", "change", "Stand-up"]
    (field,) = change.fields
    assert (field.field, field.before, field.after) == ("location", "Room 1", "Room 2")
    assert change.reason == "changed at the remote"
    assert change.starts == "20260310T090000"
    (renamed,) = actions["remote", "change", "Renamed"].fields
    assert (renamed.before, renamed.after) == ("Weekly", "Renamed")


def test_r33_a_plan_of_edits_on_both_sides_names_both_writes_once(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    world.phone_edit("ev-1", lambda text: text.replace("Bring coffee", "Bring tea"))
    planned, _ = _plan(world)
    assert planned == [("hub", "change", "Stand-up"), ("remote", "change", "Stand-up")]
    assert world.cycle("a").changes == 2


# ---------------------------------------------------------------- directions


def test_in_carries_changes_to_the_hub_only(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path, policy=Policy(direction=Direction.IN))
    _changes(world)
    spy = FaultyConnector(a.account)
    counts = world.cycle("a", spy)
    assert spy.writes() == []
    assert (counts.pulled_new, counts.pulled_changed, counts.pulled_deleted) == (1, 1, 1)
    assert "Renamed" in world.hub()["se-1"].text


def test_out_mirrors_the_hub_and_takes_nothing_in(tmp_path: Path) -> None:
    world, a, _b = _world(tmp_path)
    side = world.sides["a"]
    side.policy = replace(side.policy, direction=Direction.OUT)
    before = {u: i.text for u, i in world.hub().items()}
    a.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    a.remove("ta-1")
    a.put(samples.event("stranger"))
    world.settle()
    assert {u: i.text for u, i in world.hub().items()} == before
    assert "Room 1" in a.texts()["ev-1"]
    assert set(a.items()) == {*before, "stranger"}
    world.phone_remove("ev-1")
    world.settle()
    assert "ev-1" not in a.items()
    assert "stranger" in a.items()


# ---------------------------------------------------------------- R35


def test_r35_without_versions_nothing_is_lost_and_nothing_is_written_twice(tmp_path: Path) -> None:
    world, a, _b = _world(tmp_path, MOODS["both"])
    a.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    world.phone_edit("ev-1", lambda text: text.replace("Bring coffee", "Bring tea"))
    world.phone_edit("ca-1", lambda text: text.replace("Likes numbers", "Likes engines"))
    world.phone_remove("ta-1")
    world.settle()
    assert {u: i.record for u, i in a.items().items()} == {u: i.record for u, i in world.hub().items()}
    assert "Room 2" in a.texts()["ev-1"]
    assert "Bring tea" in a.texts()["ev-1"]
    assert "ta-1" not in a.items()
    a.account.expire_cursors(a.collection)
    assert world.settle() == 0


def test_r35_a_change_just_before_our_write_is_noticed_without_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, _ = _world(tmp_path, MOODS["both"])
    world.phone_edit("ev-1", lambda text: text.replace("Bring coffee", "Bring tea"))
    late = FaultyConnector(a.account)
    whole = late.update

    def somebody_was_quicker(*args: Any) -> Any:
        monkeypatch.setattr(late, "update", whole)
        a.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
        return whole(*args)

    monkeypatch.setattr(late, "update", somebody_was_quicker)
    world.cycle("a", late)
    world.settle()
    assert "Room 2" in a.texts()["ev-1"]
    assert "Bring tea" in a.texts()["ev-1"]
