"""What changed in a calendar, by sync tokens; and in how many requests."""

from __future__ import annotations

import pytest

from connectors.google_workspace.event_documents import KEY
from sync_engine.errors import CollectionGone, CursorExpired, SuspectListing
from sync_engine.model import Event
from sync_engine.ports import Broken, Changed, Page, RemoteRef, Removed, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import (
    ADA,
    BOB,
    EventsDesk,
    details,
    hub,
    read,
    written,
)
from tests.integration.microsoft.microsoft365_desk import event, moved, weekly, without
from tests.servers.google_workspace.protocol import Fault


def fill(connector: OnePart, where: str, singles: int, series: int = 0) -> None:
    """Appointments e000, e001 ... and series with an exception and a cancelled occurrence."""
    for start in range(0, singles, 50):
        some = range(start, min(start + 50, singles))
        written(connector, where, *(Write(None, event(f"e{n:03}", f"u{n}"), key=f"k{n}") for n in some))
    for n in range(series):
        connector.create(where, weekly(f"s{n}", overrides=(moved("20260323"),), more=without("20260330")), f"s{n}")


# ---------------------------------------------------------------- how many requests


def test_no_change_is_one_request(desk: EventsDesk, connector: OnePart, where: str) -> None:
    fill(connector, where, 3, 2)
    seen = hub(connector, where)
    desk.asked()
    seen.pull()
    assert (desk.outer, desk.asked()) == (1, ["events.list"])
    assert (seen.changed, seen.removed) == ([], [])


def test_a_first_listing_with_series_is_one_request_for_2500_events(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    fill(connector, where, 120, 5)
    desk.asked()
    seen = hub(connector, where)
    assert (desk.outer, desk.asked()) == (1, ["events.list"])
    assert len(seen.items) == 125


def test_ten_changed_events_are_one_request_and_a_changed_series_one_more(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    fill(connector, where, 20, 3)
    seen = hub(connector, where)
    for entry in [one for one in desk.entries(where) if not one.recurring and not one.master][:10]:
        desk.by_hand(where, entry.id, {"summary": "Theirs"})
    desk.asked()
    seen.pull()
    assert (desk.outer, len(seen.changed)) == (1, 10)
    for series in [one for one in desk.entries(where) if one.recurring]:
        desk.by_hand(where, f"{series.id}_20260406T070000Z", {"summary": "Theirs"})
    desk.asked()
    seen.pull()
    assert (desk.outer, len(seen.changed)) == (2, 3)


def test_fifty_new_events_are_two_requests_and_fifty_changes_one(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    desk.asked()
    items = [event(f"e{n}", f"u{n}") for n in range(50)]
    refs = written(connector, where, *(Write(None, item, key=item.uid) for item in items))
    assert desk.outer == 2
    desk.asked()
    pairs = [(ref, item) for ref, item in zip(refs, items, strict=True) if isinstance(ref, RemoteRef)]
    again = written(connector, where, *(Write(ref, event("new", item.uid), item) for ref, item in pairs))
    assert desk.outer == 1
    desk.asked()
    gone = written(connector, where, *(Write(ref, None) for ref in again if isinstance(ref, RemoteRef)))
    assert (desk.outer, gone) == (1, [None] * 50)


# ---------------------------------------------------------------- what it tells


def test_what_we_wrote_ourselves_is_not_read_again(desk: EventsDesk, connector: OnePart, where: str) -> None:
    seen = hub(connector, where)
    item = event()
    seen.wrote(connector.create(where, item, "key"), item)
    seen.pull()
    assert (len(seen.listed), seen.changed) == (1, [])


@pytest.mark.parametrize("bare", [False, True])
def test_r14_what_happens_to_single_occurrences_arrives(
    bare: bool, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """Of a cancelled one often nothing is told but its ids (C5)."""
    desk.google.switches.bare_tombstones = bare
    ref = connector.create(where, weekly(), "key")
    seen = hub(connector, where)
    desk.cancel(where, f"{ref.id}_20260330T070000Z")
    seen.pull()
    assert seen.items[ref.id].record == weekly(more=without("20260330")).record
    desk.by_hand(where, f"{ref.id}_20260323T080000Z", {"location": "Zoo"})
    seen.pull()
    (override,) = _event(seen.items[ref.id].record).overrides
    assert override.location == "Zoo"
    assert seen.pull().changed == []


def test_r14_exceptions_before_their_series_in_a_list_are_put_together(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    fill(connector, where, 3, 3)
    forwards = hub(connector, where)
    desk.google.switches.backwards, desk.google.switches.page_size = True, 2
    backwards = hub(connector, where)
    assert backwards.items.keys() == forwards.items.keys()
    assert backwards.versions == forwards.versions
    assert all(one.record == backwards.items[i].record for i, one in forwards.items.items())


def test_the_version_of_a_series_is_the_same_however_it_is_read(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    connector.create(where, weekly(overrides=(moved("20260323"),), more=without("20260330")), "key")
    listed = hub(connector, where).versions
    assert {i: read(connector, where, i).ref.version for i in listed} == listed
    desk.google.switches.bare_tombstones = True
    assert hub(connector, where).versions == listed


def test_birthdays_and_working_locations_are_no_appointments(desk: EventsDesk, connector: OnePart, where: str) -> None:
    day = {"start": {"date": "2026-03-12"}, "end": {"date": "2026-03-13"}}
    desk.put(where, eventType="birthday", summary="Bob", **day)
    desk.put(where, eventType="workingLocation", summary="Home", **day)
    desk.put(where, eventType="outOfOffice", summary="Away")
    desk.put(where, eventType="fromGmail", summary="Flight")
    seen = hub(connector, where)
    assert seen.titles == ["Away", "Flight"]
    desk.google.switches.page_size = 1
    assert hub(connector, where).titles == ["Away", "Flight"]
    desk.put(where, eventType="birthday", summary="Eve", **day)
    assert seen.pull().changed == []


def test_an_invitation_to_single_occurrences_is_one_item(desk: EventsDesk, connector: OnePart) -> None:
    """Bob invites Ada to some days of his series only."""
    bobs, adas = f"calendars/{BOB}", f"calendars/{ADA}"
    series = desk.connector(BOB).create(bobs, weekly(), "key").id
    desk.entry(bobs).body.pop("privateCopy")

    def invite(day: str) -> str:
        name = f"{series}_{day}T080000Z"
        desk.by_hand(bobs, name, {"attendees": [{"email": ADA}]}, BOB)
        return name

    first = invite("20260316")
    seen = hub(connector, adas)
    assert list(seen.items) == [first]
    assert [one.summary for one in _event(seen.items[first].record).overrides] == ["Standup"]
    assert _event(seen.items[first].record).master is None
    second = invite("20260323")
    seen.pull()
    assert (list(seen.items), seen.removed) == ([first], [])
    assert len(_event(seen.items[first].record).overrides) == 2
    assert read(connector, adas, first).ref.version == seen.versions[first]
    assert hub(connector, adas).versions == seen.versions
    desk.cancel(bobs, second, BOB)
    seen.pull()
    assert len(_event(seen.items[first].record).overrides) == 1
    desk.cancel(bobs, first, BOB)
    assert seen.pull().items == {}


def test_who_is_invited_to_the_whole_series_in_the_end_has_one_item(desk: EventsDesk, connector: OnePart) -> None:
    bobs, adas = f"calendars/{BOB}", f"calendars/{ADA}"
    series = desk.connector(BOB).create(bobs, weekly(), "key").id
    desk.entry(bobs).body.pop("privateCopy")
    single = f"{series}_20260316T080000Z"
    desk.by_hand(bobs, single, {"attendees": [{"email": ADA}]}, BOB)
    seen = hub(connector, adas)
    desk.by_hand(bobs, series, {"attendees": [{"email": ADA}]}, BOB)
    seen.pull()
    assert (list(seen.items), seen.removed) == ([series], [single])
    assert hub(connector, adas).versions.keys() == {series}


def test_reminders_of_the_calendar_and_times_without_a_zone_are_read(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    calendar = f"calendars/{desk.connector().transport.ask(_primary(desk))['id']}"
    entry = desk.put(
        calendar, start={"dateTime": "2026-07-12T09:00:00+02:00"}, end={"dateTime": "2026-07-12T10:00:00+02:00"}
    )
    found = read(connector, calendar, entry.id)
    assert (details(found).start.value, details(found).start.zone) == ("20260712T090000", "Europe/Prague")  # type: ignore[union-attr]
    assert len(details(found).alarms) == 1
    assert hub(connector, calendar).items[entry.id].record == found.item.record


def _primary(desk: EventsDesk) -> object:
    return desk.connector().transport.calendar.calendars().get(calendarId="primary")


def _event(record: object) -> Event:
    assert isinstance(record, Event)
    return record


# ---------------------------------------------------------------- tokens


def test_r04_an_expired_token_lists_everything_once(desk: EventsDesk, connector: OnePart, where: str) -> None:
    fill(connector, where, 3, 1)
    seen = hub(connector, where)
    (entry, *_) = [one for one in desk.entries(where) if not one.recurring]
    desk.cancel(where, entry.id)
    desk.google.calendar.calendars.expire_tokens()
    with pytest.raises(CursorExpired):
        seen.poll()
    desk.asked()
    seen.pull()
    assert (seen.completed, seen.removed, len(seen.listed), seen.changed) == (True, [entry.id], 3, [])
    assert set(desk.asked()) == {"events.list"}


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '{"t": 1}', '{"t":"x"}', "not json"])
def test_r04_a_cursor_that_cannot_be_read_has_expired(cursor: str, connector: OnePart, where: str) -> None:
    with pytest.raises(CursorExpired):
        list(connector.changes(where, cursor, lambda _: {}))


def test_a_token_that_told_nothing_for_hours_is_renewed(desk: EventsDesk, connector: OnePart, where: str) -> None:
    seen = hub(connector, where)
    cursor = seen.cursor
    seen.pull()
    assert seen.cursor == cursor
    desk.now += 7 * 3600
    seen.pull()
    assert seen.cursor != cursor
    assert (seen.changed, seen.removed) == ([], [])


def test_r04_a_token_that_expires_between_two_pages_lists_everything(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    seen = hub(connector, where)
    fill(connector, where, 5)
    desk.google.switches.page_size = 2
    answer = Fault(410, reason="fullSyncRequired", domain="calendar", method="events.list")
    first = desk.google.handlers["calendar.events.list"]

    def then_expired(call: object) -> object:
        desk.google.handlers["calendar.events.list"] = first
        desk.google.faults.append(answer)
        return first(call)  # type: ignore[arg-type]

    desk.google.handlers["calendar.events.list"] = then_expired  # type: ignore[assignment]
    with pytest.raises(CursorExpired):
        seen.poll()
    assert seen.items == {}


# ---------------------------------------------------------------- what proves nothing


@pytest.mark.parametrize(
    "fault",
    [
        Fault(page=b"<html>Sign in to this network</html>", method="events.list"),
        Fault(cut=True, method="events.list", times=3),
        Fault(404, page=b"<html>nothing</html>", method="events.list"),
        Fault(500, reason="backendError", method="events.list", times=3),
    ],
)
def test_r01_what_is_no_list_takes_nothing_away(fault: Fault, desk: EventsDesk, connector: OnePart, where: str) -> None:
    fill(connector, where, 3)
    seen = hub(connector, where)
    for afresh in (False, True):
        desk.google.faults.append(Fault(**vars(fault)))
        with pytest.raises(Exception) as told:
            seen.poll(afresh=afresh)
        assert type(told.value).__name__ in {"SuspectListing", "Unavailable"}
        desk.google.faults.clear()
    assert (len(seen.items), seen.removed) == (3, [])


def test_r01_a_listing_that_ends_early_is_not_complete(desk: EventsDesk, connector: OnePart, where: str) -> None:
    fill(connector, where, 6)
    desk.google.switches.page_size = 2
    desk.google.faults.append(Fault(page=b"<html></html>", method="batch"))
    pages: list[Page] = []
    first = desk.google.handlers["calendar.events.list"]
    told = 0

    def then_a_portal(call: object) -> object:
        nonlocal told
        told += 1
        if told == 2:
            desk.google.faults.append(Fault(page=b"<html></html>", method="events.list"))
        return first(call)  # type: ignore[arg-type]

    desk.google.handlers["calendar.events.list"] = then_a_portal  # type: ignore[assignment]
    with pytest.raises(SuspectListing):
        pages.extend(connector.changes(where, None, lambda _: {}))
    assert not any(page.complete or page.cursor for page in pages)


def test_r22_items_of_a_calendar_that_is_closed_are_not_gone(desk: EventsDesk, where: str) -> None:
    """404 is also what Google says of a calendar that one may not see any more."""
    theirs = desk.calendar(BOB, "Bob's")
    desk.google.calendar.calendars.share(theirs.partition("/")[2], ADA, "writer")
    connector = desk.connector()
    ref = connector.create(theirs, event(), "key")
    assert isinstance(next(connector.fetch(theirs, [ref.id])), Changed)
    desk.google.calendar.calendars.share(theirs.partition("/")[2], ADA, "none")
    with pytest.raises(CollectionGone):
        list(connector.fetch(theirs, [ref.id]))
    with pytest.raises(CollectionGone):
        list(connector.changes(theirs, None, lambda _: {}))


def test_r09_an_event_that_cannot_be_read_holds_up_no_other(desk: EventsDesk, connector: OnePart, where: str) -> None:
    refs = [connector.create(where, event(n, n), n) for n in ("a", "b", "c")]
    desk.google.faults.append(Fault(403, reason="forbidden", path=refs[1].id, method="events.get"))
    first, second, third = connector.fetch(where, [one.id for one in refs])
    assert isinstance(first, Changed)
    assert isinstance(second, Broken)
    assert isinstance(third, Changed)
    assert list(connector.fetch(where, ["neverwas"])) == [Removed("neverwas")]


def test_what_is_hidden_stays_hidden(desk: EventsDesk, connector: OnePart, where: str) -> None:
    """The key is no property of the item."""
    ref = connector.create(where, event(), "key")
    assert desk.entry(where).body["extendedProperties"]["private"][KEY] == "key"
    assert "key" not in read(connector, where, ref.id).item.text
