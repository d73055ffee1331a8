"""Google's tasks: what is listed, what changed, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sync_engine.errors import CollectionGone, CursorExpired, SuspectListing, SyncError
from sync_engine.model import Kind
from sync_engine.ports import Broken, Changed, Removed
from tests.contract.connector_contract import Hub
from tests.integration.google_workspace.contacts_desk import OnePart, PartsDesk, parts_desk, place
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.task_book import TaskList
from tests.servers.google_workspace.world import stamp

HTML = b"<!DOCTYPE html><title>Please sign in to the hotel's network</title>"


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        yield made


@pytest.fixture
def tasks(desk: PartsDesk) -> OnePart:
    return desk.tasks()


def where(one: TaskList) -> str:
    return f"lists/{one.id}"


def filled(desk: PartsDesk, count: int) -> TaskList:
    """A list with so many tasks, an hour old."""
    made = desk.to_do.add_list("Errands")
    for n in range(count):
        desk.to_do.add(made, {"title": f"t{n}"})
    desk.clock.turn(hours=1)
    return made


def test_lists_are_collections_of_tasks(desk: PartsDesk, tasks: OnePart) -> None:
    made = desk.to_do.add_list("Errands")
    found = {one.id: one for one in tasks.collections()}
    assert found[where(made)].name == "Errands"
    assert {kind for one in found.values() for kind in one.kinds} == {Kind.TASK}
    assert len(found) == 2  # with the default list


def test_a_first_listing_is_a_request_for_each_hundred(desk: PartsDesk, tasks: OnePart) -> None:
    hub = Hub(tasks, where(filled(desk, 230)))
    desk.asked()
    assert len(hub.pull().items) == 230
    assert desk.asked() == ["tasks.list"] * 3


def test_r21_no_change_is_one_request_and_no_page(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 130)
    hub = Hub(tasks, where(made)).pull()
    desk.to_do.change(made, next(iter(made.tasks)), {"title": "new"})
    hub.pull()
    desk.asked()
    assert list(tasks.changes(where(made), hub.cursor, hub.known)) == []
    assert desk.asked() == ["tasks.list"]


def test_what_a_person_does_arrives(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 3)
    edited, done, deleted = list(made.tasks)
    hub = Hub(tasks, where(made)).pull()
    desk.to_do.change(made, edited, {"title": "new", "notes": "more"})
    desk.to_do.tick(made, done)
    desk.to_do.delete(made, deleted)
    added = desk.to_do.add(made, {"title": "added"})["id"]
    hub.pull()
    assert (set(hub.changed), hub.removed) == ({edited, done, added}, [deleted])
    assert hub.titles == ["added", "new", "t1"]
    assert "STATUS:COMPLETED" in hub.items[done].text
    del hub.versions[deleted]  # as the engine forgets what is gone
    hub.pull()
    assert (hub.changed, hub.removed) == ([], [])


def test_tasks_that_are_done_and_hidden_are_listed_and_deleted_ones_not(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 3)
    desk.to_do.tick(made, "".join(list(made.tasks)[:1]))
    desk.to_do.clear(made)
    desk.to_do.delete(made, list(made.tasks)[2])
    hub = Hub(tasks, where(made)).pull()
    assert hub.titles == ["t0", "t1"]
    hub.pull()
    assert hub.removed == [], "nobody knew it"
    assert hub.titles == ["t0", "t1"]


def test_a_task_that_was_written_while_the_list_was_read_is_not_missed(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 2)
    hub = Hub(tasks, where(made)).pull()
    late = desk.to_do.add(made, {"title": "late"})
    newest = desk.to_do.add(made, {"title": "newest"})
    hub.cursor = (hub.cursor or "").replace(str(made.tasks[list(made.tasks)[1]]["updated"]), newest["updated"])
    late["updated"] = stamp(desk.clock() - timedelta(minutes=4))
    assert set(hub.pull().changed) == {late["id"], newest["id"]}


def test_the_first_task_of_an_empty_list_arrives(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 0)
    hub = Hub(tasks, where(made)).pull()
    assert (hub.completed, hub.items) == (True, {})
    desk.to_do.add(made, {"title": "first"})
    assert hub.pull().titles == ["first"]


def test_a_cursor_is_renewed_now_and_then_and_old_ones_expire(desk: PartsDesk, tasks: OnePart) -> None:
    hub = Hub(tasks, where(filled(desk, 2))).pull()
    first = hub.cursor
    for hours in (5, 2):
        desk.clock.turn(hours=hours)
        hub.poll()
    assert hub.cursor != first
    desk.clock.turn(days=15)
    with pytest.raises(CursorExpired):
        hub.poll()
    assert hub.pull().completed
    assert (hub.changed, hub.removed) == ([], [])


@pytest.mark.parametrize("cursor", ["", "[]", "{}", '{"t":"yesterday","at":1}', '{"t":1,"at":"x"}', '{"at":1}'])
def test_r04_a_cursor_that_is_none_has_expired(desk: PartsDesk, tasks: OnePart, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        list(tasks.changes(where(filled(desk, 1)), cursor, lambda _: {}))


@pytest.mark.parametrize("unkind", ["empty_pages", "short_pages", "backwards"])
def test_pages_may_be_empty_short_and_in_any_order(desk: PartsDesk, tasks: OnePart, unkind: str) -> None:
    setattr(desk.google.switches, unkind, True)
    desk.google.switches.page_size = 7
    made = filled(desk, 30)
    hub = Hub(tasks, where(made)).pull()
    assert len(hub.items) == 30
    desk.to_do.delete(made, list(made.tasks)[3])
    assert len(hub.pull().items) == 29


# ---------------------------------------------------------------- what is not believed


@pytest.mark.parametrize(
    "fault", [Fault(page=HTML), Fault(502, page=HTML), Fault(cut=True), Fault(500), Fault(403, "forbidden")]
)
def test_r01_what_is_no_list_deletes_nothing(desk: PartsDesk, tasks: OnePart, fault: Fault) -> None:
    made = filled(desk, 120)
    hub = Hub(tasks, where(made)).pull()
    cursor = hub.cursor
    fault.times, fault.method = 99, "tasks.list"
    desk.google.faults.append(fault)
    for afresh in (True, False):
        with pytest.raises(SyncError):
            hub.poll(afresh=afresh)
        assert (len(hub.items), hub.removed, hub.cursor) == (120, [], cursor)


def test_r01_tasks_of_a_list_that_is_gone_are_not_removed(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 2)
    hub = Hub(tasks, where(made)).pull()
    del desk.to_do.lists[made.id]
    with pytest.raises(CollectionGone):
        hub.poll()
    with pytest.raises(CollectionGone):
        list(tasks.fetch(where(made), list(hub.items)))


def test_r22_a_read_says_removed_of_deleted_tasks_only(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 60)
    ids = list(made.tasks)
    desk.to_do.delete(made, ids[0])
    desk.google.faults.append(Fault(500, method="tasks.get", path=ids[1], times=9, inner=True))
    desk.asked()
    found = list(tasks.fetch(where(made), [*ids, "missing"]))
    assert found[0] == Removed(ids[0])
    assert isinstance(found[1], Broken)
    assert all(isinstance(one, Changed) for one in found[2:-1])
    assert found[-1] == Removed("missing")
    assert desk.google.outer <= 6


def test_a_batch_that_is_no_answer_removes_nothing(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 3)
    desk.google.faults.append(Fault(page=HTML, method="^batch$", times=9))
    with pytest.raises(SuspectListing):
        list(tasks.fetch(where(made), list(made.tasks)))


def test_a_task_that_cannot_be_read_is_told_with_what_stands_there(desk: PartsDesk, tasks: OnePart) -> None:
    made = filled(desk, 2)
    bad = next(iter(made.tasks.values()))
    bad["due"] = "someday"
    (page,) = tasks.changes(where(made), None, lambda _: {})
    broken = next(one for one in page.changes if isinstance(one, Broken))
    assert (broken.ref.id, "someday" in broken.raw, broken.ref.version) == (bad["id"], True, bad["etag"])
    assert place(where(made)).id == made.id
