"""What the connector learns of changes, and with how many requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sync_engine.errors import CursorExpired
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, Removed
from tests.contract.connector_contract import Hub, task, title
from tests.integration.microsoft.microsoft365_desk import (
    DAY,
    Desk,
    card,
    desk_of_ada,
    event,
    moved,
    weekly,
    without,
)
from tests.servers.microsoft.graph_protocol import Fault

WHERE: dict[str, Callable[[Desk], str]] = {
    "contacts": lambda desk: desk.contacts(),
    "calendar": lambda desk: desk.calendar(),
    "tasks": lambda desk: desk.tasks(),
}
MAKE: dict[str, Callable[[str, str], Item]] = {"contacts": card, "calendar": event, "tasks": task}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def filled(desk: Desk, what: str, count: int = 3) -> tuple[str, Hub]:
    """A collection with some items, and a hub that knows them."""
    where = WHERE[what](desk)
    for n in range(count):
        desk.connector.create(where, MAKE[what](f"item {n}", f"uid-{n}"), f"key-{n}")
    hub = desk.hub(where)
    assert hub.titles == [f"item {n}" for n in range(count)]
    desk.asked()
    return where, hub


@pytest.mark.parametrize("unbounded", [False, True], ids=["view", "unbounded"])
@pytest.mark.parametrize("what", WHERE)
def test_nothing_new_is_one_request(desk: Desk, what: str, unbounded: bool) -> None:
    desk.graph.switches.events_delta = unbounded
    _, hub = filled(desk, what)
    for _ in range(3):
        desk.graph.outer = 0
        cursor = hub.cursor
        hub.poll()
        assert (len(desk.asked()), desk.graph.outer) == (1, 1)
        assert (hub.changed, hub.listed, hub.removed, hub.cursor) == ([], [], [], cursor)


def test_a_link_that_told_nothing_new_for_hours_is_renewed(desk: Desk) -> None:
    _, hub = filled(desk, "contacts")
    cursor = hub.cursor
    desk.now += DAY / 2
    hub.poll()
    assert hub.cursor != cursor
    assert len(desk.asked()) == 1


@pytest.mark.parametrize("what", WHERE)
def test_r21_our_own_writes_come_back_without_being_read(desk: Desk, what: str) -> None:
    where, hub = filled(desk, what)
    ref = hub.wrote(desk.connector.create(where, MAKE[what]("new", "uid-new"), "key-new"), MAKE[what]("new", "uid-new"))
    desk.asked()
    hub.poll()
    assert (hub.listed, hub.changed) == ([ref.id], [])
    assert len(desk.asked()) == 1


def test_the_default_contact_folder_is_a_collection_too(desk: Desk) -> None:
    known = {one.id: one for one in desk.connector.collections()}
    assert known["contacts"].name == "Contacts"
    ref = desk.connector.create("contacts", card(), "key")
    assert desk.ada.items[ref.id].collection == desk.ada.well_known("contacts").id
    assert desk.hub("contacts").titles == ["Ada"]


def test_a_change_says_a_part_of_an_item_and_all_of_it_is_read(desk: Desk) -> None:
    desk.graph.switches.sparse = True
    _, hub = filled(desk, "contacts")
    (first, *_) = hub.items
    desk.ada.update(first, {"jobTitle": "Countess"})
    hub.poll()
    assert hub.changed == [first]
    assert (title(hub.items[first]), hub.items[first].record.title) == ("item 0", "Countess")  # type: ignore[union-attr]


def test_tombstones_of_a_first_round_and_repeated_and_empty_pages_mean_nothing(desk: Desk) -> None:
    where, hub = filled(desk, "contacts", 5)
    gone = next(iter(hub.items))
    desk.ada.delete(gone)
    switches = desk.graph.switches
    switches.early_tombstones = switches.repeats = switches.empty_pages = True
    again = Hub(desk.connector, where).pull()
    assert again.titles == ["item 1", "item 2", "item 3", "item 4"]
    hub.poll()
    assert hub.removed == [gone]


def test_a_write_that_the_feed_does_not_see_yet_arrives_later(desk: Desk) -> None:
    _, hub = filled(desk, "contacts")
    first = next(iter(hub.items))
    desk.exchange.lag = DAY
    desk.ada.update(first, {"displayName": "later"})
    hub.poll()
    assert hub.changed == []
    desk.exchange.lag = 0 * DAY
    hub.poll()
    assert hub.changed == [first]


def test_r04_all_is_listed_when_the_link_is_forgotten_and_nothing_is_read_again(desk: Desk) -> None:
    for what in WHERE:
        _, hub = filled(desk, what, 4)
        gone = next(iter(hub.items))
        desk.ada.delete(gone)
        desk.graph.deltas.forget()
        with pytest.raises(CursorExpired):
            hub.poll()
        desk.asked()
        hub.pull()
        assert (hub.removed, hub.changed, len(hub.listed)) == ([gone], [], 3)
        assert not [path for _, path in desk.asked() if path.endswith(tuple(hub.items))]


@pytest.mark.parametrize("code", ["resyncRequired", "SyncStateNotFound"])
def test_r04_the_link_may_also_be_refused_with_400(desk: Desk, code: str) -> None:
    _, hub = filled(desk, "calendar")
    desk.graph.switches.expired_status, desk.graph.switches.expired_code = 400, code
    desk.graph.deltas.forget()
    with pytest.raises(CursorExpired):
        hub.poll()


def test_many_new_items_are_read_in_pages_and_few_by_their_ids(desk: Desk) -> None:
    where = desk.contacts()
    for n in range(260):
        desk.ada.create(where.partition("/")[2], {"displayName": f"c{n}"})
    desk.asked()
    hub = desk.hub(where)
    assert len(hub.items) == 260
    assert len(desk.asked()) <= 4, "a delta round, two pages"
    desk.ada.create(where.partition("/")[2], {"displayName": "one more"})
    hub.pull(afresh=True)
    assert (len(hub.changed), len(hub.listed), hub.removed) == (1, 260, [])
    assert len(desk.asked()) == 2, "a delta round, one item"


# ---------------------------------------------------------------- a calendar's window


def test_r23_what_leaves_the_window_is_no_deletion(desk: Desk) -> None:
    _, hub = filled(desk, "calendar")
    first, second, _ = hub.items
    years_ahead = {"dateTime": "2031-03-12T09:00:00", "timeZone": "UTC"}
    desk.ada.update(first, {"start": years_ahead, "end": years_ahead})
    desk.ada.delete(second)
    hub.poll()
    assert (hub.changed, hub.removed) == ([first], [second])


def test_r23_the_window_moves_on_and_deletes_nothing(desk: Desk) -> None:
    where, hub = filled(desk, "calendar")
    far = desk.connector.create(where, event("far", DTSTART="20310101T090000Z", DTEND="20310101T100000Z"), "far")
    desk.now += 8 * DAY
    with pytest.raises(CursorExpired):
        hub.poll()
    desk.asked()
    hub.pull()
    assert (hub.changed, hub.removed, len(hub.listed)) == ([far.id], [], 3)
    desk.now += 900 * DAY
    hub.pull()
    assert (hub.changed, hub.removed, len(hub.listed)) == ([], [], 4)


def test_r23_what_changes_outside_the_window_is_seen_when_it_moves(desk: Desk) -> None:
    where, hub = filled(desk, "calendar", 1)
    desk.now += 900 * DAY
    hub.pull()
    (only,) = hub.items
    desk.ada.update(only, {"subject": "edited long after"})
    desk.ada.create(where.partition("/")[2], desk.ada.items[only].fields)
    assert hub.poll().changed == []
    desk.now += 8 * DAY
    assert only in hub.pull().changed


@pytest.mark.parametrize("unbounded", [False, True], ids=["view", "unbounded"])
def test_an_occurrence_that_is_changed_or_cancelled_is_a_change_of_its_series(desk: Desk, unbounded: bool) -> None:
    desk.graph.switches.events_delta = unbounded
    where = desk.calendar()
    ref = desk.connector.create(where, weekly(), "key")
    hub = desk.hub(where)
    desk.ada.change_occurrence(ref.id, "2026-03-23", {"subject": "Long standup"})
    assert hub.poll().changed == [ref.id]
    desk.ada.cancel_occurrence(ref.id, "2026-03-30")
    assert hub.poll().changed == [ref.id]
    assert hub.removed == []
    record = hub.items[ref.id].record
    assert [one.summary for one in record.overrides] == ["Long standup"]  # type: ignore[union-attr]
    assert [moment.value for moment in record.master.exception_dates] == ["20260330T090000"]  # type: ignore[union-attr]


def test_an_occurrence_whose_id_only_is_told_as_removed_leads_to_its_series(desk: Desk) -> None:
    """Its id tells nothing of the series: the calendar's versions are compared with the known ones."""
    where, hub = filled(desk, "calendar")
    ref = desk.connector.create(where, weekly(), "key")
    hub.poll()
    desk.graph.switches.quiet_series = True
    desk.ada.cancel_occurrence(ref.id, "2026-03-30")
    desk.asked()
    hub.poll()
    assert (hub.changed, hub.listed, hub.removed) == ([ref.id], [], [])
    assert len(desk.asked()) == 3, "a round, the versions, the series"


def test_a_series_is_whole_wherever_it_is_listed(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    ref = desk.connector.create(where, item, "key")
    for n in range(120):
        desk.connector.create(where, event(f"e{n}", f"uid-{n}"), f"key-{n}")
    hub = desk.hub(where)
    assert len(hub.items) == 121
    record = hub.items[ref.id].record
    assert (len(record.overrides), len(record.master.exception_dates)) == (1, 1)  # type: ignore[union-attr]


def test_an_item_that_cannot_be_read_is_told_and_the_others_come(desk: Desk) -> None:
    where, hub = filled(desk, "calendar")
    bad, *well = hub.items
    desk.ada.items[bad].fields["recurrence"] = {"pattern": {"type": "hourly"}, "range": {"type": "noEnd"}}
    broken, *others = desk.connector.fetch(where, [bad, *well])
    assert isinstance(broken, Broken)
    assert str(broken.error).startswith("Microsoft 365 sent a recurrence that cannot be read")
    assert '"hourly"' in broken.raw
    assert [isinstance(one, Changed) for one in others] == [True, True]


def test_r09_an_item_at_which_the_server_fails_holds_up_no_other(desk: Desk) -> None:
    where, hub = filled(desk, "calendar")
    bad, *well = hub.items
    desk.graph.faults.append(Fault(500, code="ErrorInternalServerError", method="GET", path=bad.rstrip("="), times=99))
    broken, *others = desk.connector.fetch(where, [bad, *well])
    assert isinstance(broken, Broken)
    assert "ErrorInternalServerError" in broken.error.server_said
    assert broken.ref.version == "", "to be read again soon"
    assert [isinstance(one, Changed) for one in others] == [True, True]


def test_r29_ids_are_compared_with_their_case(desk: Desk) -> None:
    _, hub = filled(desk, "calendar")
    first = next(iter(hub.items))
    assert list(desk.connector.fetch(hub.collection, [first.swapcase()])) == [Removed(first.swapcase())]


@pytest.mark.parametrize("what", ["contacts", "calendar", "default"])
def test_what_lies_in_deleted_items_has_gone(desk: Desk, what: str) -> None:
    desk.exchange.bin = True
    if what == "default":
        for n in range(2):
            desk.connector.create("contacts", card(f"c{n}", f"u{n}"), f"k{n}")
    where, hub = ("contacts", desk.hub("contacts")) if what == "default" else filled(desk, what)
    first, *others = hub.items
    desk.ada.delete(first)
    assert hub.poll().removed == [first]
    gone, *there = desk.connector.fetch(where, [first, *others])
    assert gone == Removed(first)
    assert all(isinstance(one, Changed) for one in there)
    for one in others:
        desk.ada.delete(one)
    assert list(desk.another().fetch(where, [first])) == [Removed(first)], "also when nothing is left"


def test_a_contact_that_went_to_another_folder_has_gone_from_this_one(desk: Desk) -> None:
    _, hub = filled(desk, "contacts")
    first = next(iter(hub.items))
    desk.ada.move(first, desk.contacts("others").partition("/")[2])
    assert hub.poll().removed == [first]
    assert list(desk.connector.fetch(hub.collection, [first])) == [Removed(first)]
