"""What goes wrong with one item or one account: R06, R09, R24, R26, R27 of the rules of sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Account, MemoryConnector
from storage import tables as t
from storage.admin_actions import retry_quarantined
from storage.retrying import retry_what_is_due
from sync_engine.errors import NotAuthorised, OutcomeUnknown, Rejected, Throttled, Unreadable, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, Cursor, KnownVersions, Page
from tests import samples
from tests.faults import FaultyConnector
from tests.world import Side, World


def _world(folder: Path) -> tuple[World, Side, FaultyConnector]:
    world = World.new(folder)
    a = world.bind("a")
    world.bind("b")
    for n in range(4):
        a.put(samples.event(f"e{n}", f"Event {n}"))
    world.settle()
    connector = FaultyConnector(a.account)
    a.connector = connector
    return world, a, connector


# ---------------------------------------------------------------- R06


@pytest.mark.parametrize("lag", [0, 10])
@pytest.mark.parametrize("done", [True, False])
def test_r06_after_a_lost_answer_comes_a_read_and_never_a_blind_repeat(
    tmp_path: Path, done: bool, lag: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    a.account.unkind.lag = lag  # the feed does not show it yet
    world.phone_put(samples.event("new"))
    whole = connector.create

    def lost(*args: Any) -> Any:
        if done:
            whole(*args)
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "create", lost)
    world.cycle("a")
    monkeypatch.setattr(connector, "create", whole)
    connector.script.calls.clear()
    world.cycle("a")
    assert connector.script.calls[0] == "find"
    assert connector.writes() == ([] if done else ["create"])
    assert a.items()["new"].record == samples.event("new").record
    assert world.rows(t.quarantine) == world.rows(t.intents) == []


def test_r06_the_server_rewrote_what_was_sent_before_its_answer_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    world.phone_put(samples.card("mine"))
    world.settle()
    connector.keeps = lambda text: "\r\n".join(line for line in text.split("\r\n") if not line.startswith("X-"))
    world.phone_edit("mine", lambda text: text.replace("Likes numbers", "Likes engines"))
    whole = connector.update

    def lost(*args: Any) -> Any:
        whole(*args)
        monkeypatch.setattr(connector, "update", whole)
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "update", lost)
    world.settle()
    assert "Likes engines" in a.texts()["mine"]
    assert "X-PHONETIC-FIRST-NAME:Eida" in world.hub()["mine"].text
    assert world.rows(t.conflicts) == []
    assert connector.writes() == ["create", "update"]


def test_r06_somebody_elses_item_where_ours_was_to_be_made_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    world.phone_put(samples.event("new", "Mine"))

    def lost(collection: str, item: Item, key: str) -> Any:
        a.put(samples.event("new", "Theirs"))
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "create", lost)
    world.cycle("a")
    a.connector = MemoryConnector(a.account)
    world.settle()
    assert a.texts()["new"] == world.hub()["new"].text
    (conflict,) = world.rows(t.conflicts)
    with world.database.read() as uow:
        texts = str(uow.texts([conflict.hub_revision, conflict.remote_revision]))
    assert "Mine" in texts
    assert "Theirs" in texts


# ---------------------------------------------------------------- R09


def test_r09_one_refused_item_holds_up_nobody_and_is_tried_again_when_it_changes(tmp_path: Path) -> None:
    world, a, connector = _world(tmp_path)
    connector.refuses = {"e1"}
    for n in range(4):
        world.phone_edit(f"e{n}", lambda text: text.replace("Room 1", "Room 2"))
    counts = world.cycle("a")
    assert (counts.pushed_changed, counts.quarantined) == (3, 1)
    for uid in ("e0", "e2", "e3"):
        assert "Room 2" in a.texts()[uid]
    connector.refuses = set()
    connector.script.calls.clear()
    world.cycle("a")
    assert connector.writes() == []  # not again and again
    world.phone_edit("e1", lambda text: text.replace("Room 2", "Room 3"))
    world.cycle("a")
    assert "Room 3" in a.texts()["e1"]
    assert world.rows(t.quarantine) == []


def test_r09_a_refused_item_is_tried_again_on_demand(tmp_path: Path) -> None:
    world, a, connector = _world(tmp_path)
    connector.refuses = {"e1"}
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    world.cycle("a")
    connector.refuses = set()
    (entry,) = world.rows(t.quarantine)
    with world.database.engine.begin() as connection:
        assert retry_quarantined(connection, entry.id) == "a"
    world.cycle("a")
    assert "Room 2" in a.texts()["e1"]
    assert world.rows(t.quarantine) == []


def test_r09_what_is_in_quarantine_is_tried_again_by_itself_ever_more_seldom(tmp_path: Path) -> None:
    world, a, connector = _world(tmp_path)
    connector.refuses = {"e1"}
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    world.cycle("a")
    tried: list[int] = []
    for hour in range(40):
        world.clock.pass_time(minutes=61)
        with world.database.engine.begin() as connection:
            retry_what_is_due(connection, world.clock.now)
        world.cycle("a")
        tried += [hour] * (world.rows(t.quarantine)[0].tries - 1 - len(tried))
    assert tried == [0, 2, 6, 14, 30]
    connector.refuses = set()
    world.clock.pass_time(days=1, minutes=1)
    with world.database.engine.begin() as connection:
        assert len(retry_what_is_due(connection, world.clock.now)) == 1
    world.cycle("a")
    assert "Room 2" in a.texts()["e1"]
    assert world.rows(t.quarantine) == []


def test_r09_something_hidden_in_an_items_place_is_reported_and_can_be_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    world.phone_put(samples.event("new"))
    whole = connector.create

    def taken(*_: object) -> Any:
        raise VersionConflict("412")

    monkeypatch.setattr(connector, "create", taken)
    world.cycle("a")
    world.cycle("a")
    (entry,) = world.rows(t.quarantine)
    assert entry.title == "Stand-up"
    monkeypatch.setattr(connector, "create", whole)
    with world.database.engine.begin() as connection:
        retry_quarantined(connection, entry.id)
    world.cycle("a")
    assert "new" in a.items()
    assert world.rows(t.quarantine) == []


class _Unreadable(MemoryConnector):
    """One item cannot be read."""

    def __init__(self, account: Account, broken: str) -> None:
        super().__init__(account)
        self.broken = broken

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in super().changes(collection, since, known):
            yield Page([self._as_broken(c) for c in page.changes], page.cursor, page.complete)

    def _as_broken(self, change: Any) -> Any:
        if isinstance(change, Changed) and change.ref.id == self.broken:
            return Broken(change.ref, "BEGIN:VEVENT\r\nrubbish", Unreadable("Line 2 is no property."))
        return change


def test_r09_an_unreadable_item_is_kept_raw_and_the_rest_is_in_sync(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    a.edit("e2", lambda text: text.replace("Room 1", "Room 3"))
    reader = _Unreadable(a.account, a.id_of("e1"))
    world.cycle("a", reader)
    assert "Room 3" in world.hub()["e2"].text
    assert "Room 1" in world.hub()["e1"].text
    (entry,) = world.rows(t.quarantine)
    assert entry.raw == "BEGIN:VEVENT\r\nrubbish"
    assert entry.remote_id == a.id_of("e1")
    a.edit("e1", lambda text: text.replace("Room 2", "Room 4"))
    world.settle()
    assert "Room 4" in world.hub()["e1"].text
    assert world.rows(t.quarantine) == []


# ---------------------------------------------------------------- R24, R27


@pytest.mark.parametrize("error", [NotAuthorised("Sign in again."), Throttled("Wait.", retry_after=60)])
def test_r24_r27_writes_stop_at_once_the_cursor_stays_and_all_goes_on_later(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _a, connector = _world(tmp_path)
    for n in range(4):
        world.phone_edit(f"e{n}", lambda text: text.replace("Room 1", "Room 2"))
    before = [row.cursor for row in world.rows(t.bindings)]
    whole = connector.update
    tried = []

    def refused(*args: Any) -> Any:
        tried.append(args)
        raise error

    monkeypatch.setattr(connector, "update", refused)
    with pytest.raises(type(error)):
        world.cycle("a")
    assert len(tried) == 1
    assert [row.cursor for row in world.rows(t.bindings)] == before
    monkeypatch.setattr(connector, "update", whole)
    connector.script.calls.clear()
    assert world.cycle("a").pushed_changed == 4
    assert connector.writes() == ["update"] * 4
    assert world.rows(t.quarantine) == []


# ---------------------------------------------------------------- R26


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_r26_a_trouble_says_what_is_needed_to_act_on_it(tmp_path: Path, operation: str) -> None:
    world, a, connector = _world(tmp_path)

    def refuse(*_: object) -> Any:
        raise Rejected("The server refused the item.", server_said="403 max-attendees")

    setattr(connector, operation, refuse)
    if operation == "create":
        world.phone_put(samples.event("e9", "Event 9"))
    elif operation == "update":
        world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    else:
        world.phone_remove("e1")
    world.cycle("a")
    (entry,) = world.rows(t.quarantine)
    uid = "e9" if operation == "create" else "e1"
    assert entry.operation == operation
    assert entry.title == f"Event {uid[1]}"
    assert entry.starts == "20260310T090000"
    assert entry.message == "The server refused the item."
    assert entry.server_said == "403 max-attendees"
    assert entry.uid == uid
    assert entry.item_id == world.hub_id(uid)
    assert entry.remote_id == ("" if operation == "create" else a.id_of(uid))
    assert entry.raw.startswith("BEGIN:VCALENDAR")
    assert entry.binding_id == a.binding_id  # names account and collection


def test_r26_a_duplicate_is_named_with_its_ids_and_what_to_do(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.put(samples.event("e1", "Event 1"), "/work/copy")
    world.cycle("a")
    (entry,) = world.rows(t.quarantine)
    assert (entry.title, entry.uid, entry.remote_id) == ("Event 1", "e1", "/work/copy")
    assert "/work/e1" in entry.message
    assert "agendahub quarantine retry" in entry.message


def test_r09_a_refused_write_stays_in_the_quarantine_when_the_remote_item_is_only_touched(tmp_path: Path) -> None:
    world, a, connector = _world(tmp_path)
    connector.refuses = {"e1"}
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    world.cycle("a")
    a.put(a.items()["e1"], a.id_of("e1"))  # a new version of the same content
    world.cycle("a")
    world.cycle("a")
    assert [entry.title for entry in world.rows(t.quarantine)] == ["Event 1"]
    connector.refuses = set()
    a.edit("e1", lambda text: text.replace("Bring coffee", "Bring tea"))
    world.settle()
    assert "Room 2" in a.texts()["e1"]
    assert "Bring tea" in world.hub()["e1"].text
    assert world.rows(t.quarantine) == []


def test_r09_what_the_store_refuses_is_shown_in_the_quarantine_and_the_others_go_on(tmp_path: Path) -> None:
    world = World.new(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    a.put(samples.card("good"))
    a.put(Item.read(samples.card("bad").text.replace("Likes numbers", "Likes \x00 bytes")))
    world.cycle("a")
    world.cycle("b")
    entries = world.rows(t.quarantine)
    assert [entry.remote_id for entry in entries] == [a.id_of("bad")]
    assert set(b.items()) == {"good"}
    assert world.cycle("a").quarantined == 0  # nothing new: it is not told again
    a.put(samples.card("bad"), a.id_of("bad"))
    world.settle()
    assert world.rows(t.quarantine) == []
    assert set(b.items()) == {"good", "bad"}


@contextmanager
def _refusing(world: World, uid: str) -> Iterator[None]:
    """The database has a rule that the engine knows nothing of."""
    rule, gone = (
        f"ALTER TABLE items ADD CONSTRAINT house_rule CHECK (uid <> '{uid}')",
        "ALTER TABLE items DROP CONSTRAINT house_rule",
    )
    if world.database.engine.dialect.name == "sqlite":
        when = f"BEFORE INSERT ON items WHEN NEW.uid = '{uid}'"
        rule = f"CREATE TRIGGER house_rule {when} BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed'); END"
        gone = "DROP TRIGGER house_rule"
    with world.database.engine.begin() as connection:
        connection.exec_driver_sql(rule)
    try:
        yield
    finally:
        with world.database.engine.begin() as connection:
            connection.exec_driver_sql(gone)


@pytest.mark.parametrize("first", [True, False])
def test_r09_an_item_that_the_database_refuses_is_set_aside_and_the_page_goes_on(tmp_path: Path, first: bool) -> None:
    world = World.new(tmp_path)
    a = world.bind("a")
    if not first:
        world.settle()
    for n in range(5):
        a.put(samples.event(f"e{n}", f"Event {n}"))
    with _refusing(world, "e2"):
        world.settle()
        assert set(world.hub()) == {"e0", "e1", "e3", "e4"}
        (entry,) = world.rows(t.quarantine)
        assert (entry.title, entry.uid) == ("Event 2", "e2")
        assert "cannot hold" in entry.message
        assert "SUMMARY:Event 2" in entry.raw
        assert world.settle() == 0
    assert set(a.items()) == {f"e{n}" for n in range(5)}
    with world.database.engine.begin() as connection:
        retry_quarantined(connection, entry.id)
    world.settle()
    assert "e2" in world.hub()
    assert world.rows(t.quarantine) == []
