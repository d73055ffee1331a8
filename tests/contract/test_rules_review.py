"""Rules that one item, one answer or one setting could break for a whole binding: R01, R02, R09, R20, R21."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.memory import MemoryConnector
from storage import tables as t
from storage.admin_actions import retry_quarantined
from storage.admin_lists import conflicts
from sync_engine.brake import Brake
from sync_engine.errors import SuspectListing
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import (
    Cursor,
    Direction,
    IntentState,
    KnownVersions,
    Origin,
    Page,
    Policy,
    Prefer,
    RemoteRef,
    Removed,
)
from tests import samples
from tests.faults import FaultyConnector, ReadingBack
from tests.world import Side, World

_ONE_AT_A_TIME = Policy(brake_count=1, brake_percent=0)


def _with_tasks(folder: Path, count: int, policy: Policy | None = None) -> tuple[World, Side]:
    world = World.new(folder)
    a = world.bind("a", policy)
    for n in range(count):
        a.put(samples.task(f"t{n}"))
    world.settle()
    return world, a


class LeavingOut(MemoryConnector):
    """Its feed does not mention one item, which is there."""

    left_out = ""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in super().changes(collection, since, known):
            told = [c for c in page.changes if isinstance(c, Removed) or c.ref.id != self.left_out]
            yield replace(page, changes=told)


# ---------------------------------------------------------------- R09: one item never stops a binding


@pytest.mark.parametrize("prefer", Prefer)
@pytest.mark.parametrize("rewriting", [False, True])
def test_r09_an_event_that_became_a_task_while_it_was_edited_holds_up_nobody(
    tmp_path: Path, prefer: Prefer, rewriting: bool
) -> None:
    world = World.new(tmp_path)
    a, b = world.bind("a", Policy(prefer=prefer)), world.bind("b")
    if rewriting:
        a.connector = ReadingBack(a.account)
        a.connector.keeps = lambda text: "\r\n".join(x for x in text.split("\r\n") if not x.startswith("X-"))
    world.phone_put(samples.event("x"))
    world.settle()
    a.put(samples.task("x", "Now a task"), a.id_of("x"))
    a.put(samples.task("other"))
    world.phone_edit("x", lambda text: text.replace("Stand-up", "Sit-down"))
    world.settle()
    kind = Kind.EVENT if prefer is Prefer.HUB else Kind.TASK
    assert [side["x"].kind for side in (world.hub(), a.items(), b.items())] == [kind] * 3
    assert "other" in b.items()
    with world.database.read() as unit:
        (lost,) = conflicts(unit.session.connection)
    assert [(f["field"], "Sit-down" in f["hub"], "Now a task" in f["remote"]) for f in lost.fields] == [
        ("kind", True, True)
    ]


def test_r09_a_server_that_names_a_new_item_too_long_for_the_hub_holds_up_nobody(tmp_path: Path) -> None:
    world = World.new(tmp_path)
    a = world.bind("a")
    longest = "y" * 698
    world.phone_put(samples.task(longest))
    world.phone_put(samples.task("good"))
    world.settle()
    a.put(samples.task("later"))
    world.settle()
    assert set(a.items()) == {longest, "good", "later"}
    assert set(world.hub()) == {longest, "good", "later"}
    assert any("at most 700" in entry.message for entry in world.rows(t.quarantine))
    with world.database.read() as uow:
        assert uow.intents(a.binding_id, [IntentState.SENT, IntentState.READY], 9) == []


@pytest.mark.parametrize("when", ["99991231T235959", "99991231T235959Z"])
def test_r09_a_series_at_an_end_of_the_calendar_is_merged(tmp_path: Path, when: str) -> None:
    world = World.new(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    parts = (
        f"DTSTART:{when}\r\nRRULE:FREQ=DAILY\r\nSUMMARY:one\r\nLOCATION:here\r\n",
        f"RECURRENCE-ID:{when}\r\nDTSTART:20250101T000000Z\r\nSUMMARY:moved\r\n",
    )
    events = (f"BEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\n{part}END:VEVENT\r\n" for part in parts)
    a.put(Item.read(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{''.join(events)}END:VCALENDAR\r\n"))
    world.settle()
    world.phone_edit("x", lambda s: s.replace("SUMMARY:moved", "SUMMARY:hub"))
    a.edit("x", lambda s: s.replace("LOCATION:here", "LOCATION:there").replace("FREQ=DAILY", "FREQ=DAILY;COUNT=1"))
    world.settle()
    assert a.items()["x"].record == b.items()["x"].record == world.hub()["x"].record
    assert "LOCATION:there" in b.texts()["x"]


def test_r09_an_item_that_the_hub_cannot_hold_is_not_asked_for_in_every_cycle(tmp_path: Path) -> None:
    """It is absent from a listing, there when it is asked for, and has got a UID that no link can keep."""
    world, a = _with_tasks(tmp_path, 2)
    world.clock.pass_time(hours=1)
    remote_id = a.id_of("t0")
    a.put(samples.task("y" * 800), remote_id)
    a.connector = LeavingOut(a.account)
    a.connector.left_out = remote_id
    a.account.expire_cursors(a.collection)
    assert [world.cycle("a").quarantined for _ in range(3)] == [1, 0, 0]
    assert "t0" in world.hub()


@pytest.mark.parametrize("prefer", Prefer)
def test_r09_an_item_made_anew_under_the_uid_of_a_deleted_one_meets_the_edit_of_that(
    tmp_path: Path, prefer: Prefer
) -> None:
    """A program that moves an item deletes it and makes another one; what the remote has edited is still that item."""
    world, a = _with_tasks(tmp_path, 1, Policy(prefer=prefer))
    b = world.bind("b")
    world.settle()
    world.phone_remove("t0")
    with world.database.begin() as uow:
        uow.create_item(world.collection_id, samples.task("t0", "Anew"), Origin("user ada, device phone"))
    a.edit("t0", lambda s: s.replace("Call", "Ring").replace("X-OWN:kept", "X-OWN:edited"))
    world.settle()
    assert world.rows(t.quarantine) == []
    assert world.hub()["t0"].record == a.items()["t0"].record == b.items()["t0"].record
    assert ("Anew" in world.hub()["t0"].text) is (prefer is Prefer.HUB)
    assert len(world.rows(t.links)) == 2
    assert len(world.rows(t.conflicts)) == 1
    a.remove("t0")
    world.settle()
    assert world.hub() == b.items() == {}


def test_r09_a_stored_text_that_nobody_can_read_any_more_holds_up_nobody(tmp_path: Path) -> None:
    """A backup was restored badly, or an older version stored what this one refuses."""
    world, a = _with_tasks(tmp_path, 2)
    b = world.bind("b")
    world.settle()
    number, whole = world.hub_id("t0"), world.hub()["t0"].text
    with world.database.engine.begin() as connection:
        connection.execute(t.revisions.update().where(t.revisions.c.item_id == number).values(text="BEGIN:VCALE"))
    a.edit("t0", lambda s: s.replace("Call", "Ring"))
    a.edit("t1", lambda s: s.replace("Call", "Ring"))
    world.settle()
    assert "Ring" in b.texts()["t1"]
    (entry,) = world.rows(t.quarantine)
    assert entry.remote_id == a.id_of("t0")
    assert "both stay as they are" in entry.message
    assert [world.cycle("a").quarantined for _ in range(2)] == [0, 0]
    with world.database.engine.begin() as connection:
        connection.execute(t.revisions.update().where(t.revisions.c.item_id == number).values(text=whole))
        assert retry_quarantined(connection, entry.id) == "a"
    world.settle()
    assert "Ring" in b.texts()["t0"]
    assert world.rows(t.quarantine) == []


# ---------------------------------------------------------------- R20, R21: the order of a list is no edit


def test_r20_a_merge_that_says_what_the_hub_says_leaves_the_hubs_text_as_it_is(tmp_path: Path) -> None:
    """The hub got two numbers, the remote one of these."""
    world = World.new(tmp_path)
    a = world.bind("a")
    a.put(samples.card("x"))
    world.settle()
    one, two = "TEL;TYPE=CELL:+41 11 111 11 11\r\n", "TEL;TYPE=HOME:+41 22 222 22 22\r\n"
    world.phone_edit("x", lambda s: s.replace("TEL;", f"{one}{two}TEL;", 1))
    a.edit("x", lambda s: s.replace("TEL;", f"{two}TEL;", 1))
    before = world.hub()["x"].text
    world.settle()
    assert world.hub()["x"].text == before
    assert a.items()["x"].record == world.hub()["x"].record


def test_r21_a_number_added_at_a_server_with_little_room_is_not_written_back_to_it(tmp_path: Path) -> None:
    """It would be written in another order, and cut off there."""
    world = World.new(tmp_path)
    a = world.bind("a")
    server = a.connector = ReadingBack(a.account)
    server.keeps = lambda text: "".join(x for x in text.splitlines(keepends=True) if "+41 31" not in x)
    world.phone_put(samples.card("x", extra="TEL;TYPE=HOME:+41 31 000 00 00\r\n"))
    world.settle()
    writes = len(server.writes())
    a.edit("x", lambda s: s.replace("TEL;", "TEL;TYPE=CELL:+41 11 111 11 11\r\nTEL;", 1))
    world.settle()
    assert len(server.writes()) == writes
    assert all(number in world.hub()["x"].text for number in ("+41 31 000", "+41 11 111"))


# ---------------------------------------------------------------- R01, R02: an admin's answer


def test_r01_a_refused_emptying_brings_back_what_was_written_a_moment_before_too(tmp_path: Path) -> None:
    world, a = _with_tasks(tmp_path, 20)
    world.clock.pass_time(hours=1)
    for n in range(5):
        world.phone_edit(f"t{n}", lambda s: s.replace("Call", "Ring"))
    world.settle()
    for n in range(20):
        a.remove(f"t{n}")
    a.account.expire_cursors(a.collection)
    with pytest.raises(SuspectListing):
        world.cycle("a")
    assert world.answer("a", "discard") == 20
    world.cycle("a")
    world.clock.pass_time(hours=1)
    world.settle()
    assert len(world.hub()) == len(a.items()) == 20


def test_r02_a_hold_whose_deletions_are_all_undone_goes(tmp_path: Path) -> None:
    """Also in a cycle that deleted many, which had been approved."""
    world, a = _with_tasks(tmp_path, 1)
    with world.database.begin() as uow:
        binding = uow.binding(a.binding_id)
        uow.hold(binding.id, "remote", "waits", ["Call the printer"], [world.hub_id("t0")])
        assert Brake(Policy(), uow, binding, "remote", done=50).holds([]) == set()
    assert world.rows(t.holds) == []


def test_r02_an_answer_given_while_a_cycle_follows_another_one_is_not_lost(tmp_path: Path) -> None:
    world, a = _with_tasks(tmp_path, 20, _ONE_AT_A_TIME)
    for n in range(5):
        world.phone_remove(f"t{n}")
    world.cycle("a")
    world.answer("a")
    for n in range(5, 10):
        world.phone_remove(f"t{n}")

    class Answering(MemoryConnector):
        def delete(self, collection: str, ref: RemoteRef) -> None:
            if ref.id.endswith("t0"):
                assert world.answer("a") == 5
            super().delete(collection, ref)

    world.cycle("a", Answering(a.account))
    assert len(a.items()) == 15
    world.cycle("a")
    assert len(a.items()) == 10
    assert not any(binding.approved for binding in world.rows(t.bindings))


def test_r02_what_waited_for_the_remote_goes_when_the_binding_is_made_one_way_and_is_not_forgotten(
    tmp_path: Path,
) -> None:
    world, a = _with_tasks(tmp_path, 5, _ONE_AT_A_TIME)
    server = a.connector = FaultyConnector(a.account)
    for n in range(3):
        world.phone_remove(f"t{n}")
    server.refuses.add("new")
    world.phone_put(samples.task("new"))
    world.cycle("a")
    assert world.rows(t.holds)
    assert world.rows(t.quarantine)
    a.policy = replace(_ONE_AT_A_TIME, direction=Direction.IN)
    world.settle()
    assert not world.rows(t.holds)
    assert not world.rows(t.quarantine)
    assert len(a.items()) == 5
    a.policy = _ONE_AT_A_TIME
    server.refuses.clear()
    world.cycle("a")
    assert set(a.items()) == {"t0", "t1", "t2", "t3", "t4", "new"}
    assert [row.count for row in world.rows(t.holds)] == [3]
