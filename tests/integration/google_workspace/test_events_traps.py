"""What other programs were caught by at Google, found by going through their trackers: none of it befalls ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.google_workspace import event_listing
from connectors.google_workspace.event_documents import UNFINISHED, hidden
from sync_engine.errors import CursorExpired, OutcomeUnknown, PartlyWritten, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import RemoteRef, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import (
    ADA,
    BOB,
    EventsDesk,
    events_desk,
    hub,
    read,
    same,
    written,
)
from tests.integration.microsoft.microsoft365_desk import event, moved, weekly, without
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.world import now

HERS, BOBS = f"calendars/{ADA}", f"calendars/{BOB}"


@pytest.fixture
def desk() -> Iterator[EventsDesk]:
    with events_desk() as made:
        made.google.give(BOB)
        yield made


@pytest.fixture
def connector(desk: EventsDesk) -> OnePart:
    return desk.connector()


@pytest.fixture
def where(desk: EventsDesk) -> str:
    return desk.calendar()


def invited_to_days(desk: EventsDesk, *days: str) -> list[str]:
    """Bob invites Ada to some days of his series, and not to the others."""
    series = desk.connector(BOB).create(BOBS, weekly(), "key").id
    desk.entry(BOBS).body.pop("privateCopy")
    names = [f"{series}_{day}T080000Z" for day in days]
    for name in names:
        desk.by_hand(BOBS, name, {"attendees": [{"email": ADA}]}, BOB)
    return names


# ---------------------------------------------------------------- UIDs


def test_a_series_that_google_knows_by_another_uid_is_changed_among_others(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """It is not to be looked for by the hub's UID alone: it would be taken for gone."""
    before, after = (weekly("u" * 1100, summary=summary) for summary in ("Standup", "Sitdown"))
    found = read(connector, where, connector.create(where, before, "key").id)
    (outcome,) = written(connector, where, Write(found.ref, after, before))
    assert isinstance(outcome, RemoteRef), outcome
    assert desk.entry(where).body["summary"] == "Sitdown"


# ---------------------------------------------------------------- invitations to single days


@pytest.mark.parametrize("together", [False, True])
def test_who_deletes_an_invitation_to_some_days_deletes_all_of_them(
    together: bool, desk: EventsDesk, connector: OnePart
) -> None:
    invited_to_days(desk, "20260316", "20260323")
    seen = hub(connector, HERS)
    (name,) = seen.items
    ref = RemoteRef(name, seen.versions[name])
    if together:
        assert written(connector, HERS, Write(ref, None)) == [None]
    else:
        connector.delete(HERS, ref)
    assert desk.entries(HERS) == []
    assert seen.pull().items == {}


@pytest.mark.parametrize("together", [False, True])
def test_r08_an_invitation_to_days_that_was_changed_is_not_deleted(
    together: bool, desk: EventsDesk, connector: OnePart
) -> None:
    _, second = invited_to_days(desk, "20260316", "20260323")
    seen = hub(connector, HERS)
    (name,) = seen.items
    ref = RemoteRef(name, seen.versions[name])
    desk.by_hand(BOBS, second, {"summary": "Farewell"}, BOB)
    if together:
        (outcome,) = written(connector, HERS, Write(ref, None))
        assert isinstance(outcome, VersionConflict)
    else:
        with pytest.raises(VersionConflict):
            connector.delete(HERS, ref)
    assert len(desk.entries(HERS)) == 2


@pytest.mark.parametrize("day", [0, 1])
def test_of_days_that_one_is_not_invited_to_any_more_only_an_id_may_be_told(
    day: int, desk: EventsDesk, connector: OnePart
) -> None:
    """C4: what is deleted need not say of which series it was (recurringEventId)."""
    desk.google.switches.bare_tombstones = True
    days = invited_to_days(desk, "20260316", "20260323")
    seen = hub(connector, HERS)
    desk.by_hand(BOBS, days[day], {"attendees": []}, BOB)
    seen.pull()
    (item,) = seen.items.values()
    assert isinstance(item.record, Event)
    assert len(item.record.overrides) == 1
    assert hub(connector, HERS).versions.items() <= seen.versions.items()


def test_a_series_that_is_deleted_with_its_exceptions_is_no_reason_to_list_all(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    desk.google.switches.bare_tombstones = True
    item = weekly(overrides=(moved("20260323"),), more=without("20260330"))
    ref = connector.create(where, item, "key")
    desk.cancel(where, f"{ref.id}_20260406T070000Z")
    seen = hub(connector, where)
    desk.cancel(where, ref.id)
    assert (seen.poll().items, set(seen.removed) - {ref.id}) == ({}, {f"{ref.id}_{day}Z" for day in DAYS})


DAYS = ("20260323T080000", "20260406T070000")


def test_who_is_invited_to_one_day_instead_of_the_series_keeps_that_day(desk: EventsDesk, connector: OnePart) -> None:
    """The series is told as deleted together with a day of it that lives on."""
    times = {"start": at(9), "end": at(10), "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]}
    body = {"summary": "Lunch", **times, "attendees": [{"email": ADA}]}
    name = str(desk.api(BOB).events().insert(calendarId=BOB, body=body, sendUpdates="none").execute()["id"])
    seen = hub(connector, HERS)
    assert list(seen.items) == [name]
    day = f"{name}_20260319T080000Z"
    desk.by_hand(BOBS, day, {"summary": "Farewell"}, BOB)
    desk.by_hand(BOBS, name, {"attendees": []}, BOB)
    assert [one.id for one in desk.entries(HERS)] == [day]
    seen.pull()
    assert (list(seen.items), seen.removed) == ([day], [name])
    assert hub(connector, HERS).versions == {day: seen.versions[day]}


def at(hour: int) -> dict[str, str]:
    """On the 12th of March, a Thursday."""
    return {"dateTime": f"2026-03-12T{hour:02}:00:00", "timeZone": "Europe/Prague"}


# ---------------------------------------------------------------- what is no appointment


def test_a_day_without_its_working_location_is_no_appointment_either(desk: EventsDesk, connector: OnePart) -> None:
    """A cancelled day says nothing of its type."""
    days = {"start": {"date": "2026-03-12"}, "end": {"date": "2026-03-13"}, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]}
    home = {"type": "homeOffice", "homeOffice": {}}
    entry = desk.put(HERS, eventType="workingLocation", workingLocationProperties=home, summary="Home", **days)
    seen = hub(connector, HERS)
    desk.cancel(HERS, f"{entry.id}_20260319")
    assert seen.pull().items == {}
    assert hub(connector, HERS).items == {}


# ---------------------------------------------------------------- tokens


def test_r04_a_token_is_worth_nothing_whatever_reason_google_gives(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    connector.create(where, event(), "key")
    seen = hub(connector, where)
    desk.google.faults.append(Fault(410, reason="gone", domain="global", method="events.list"))
    with pytest.raises(CursorExpired):
        seen.poll()
    assert len(seen.pull(afresh=True).listed) == 1


def test_more_changes_than_are_held_together_are_a_full_list(
    desk: EventsDesk, connector: OnePart, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody imports all his past into a calendar."""
    monkeypatch.setattr(event_listing, "MOST_CHANGES", 3)
    desk.google.switches.page_size = 2
    seen = hub(connector, where)
    for n in range(5):
        desk.put(where, summary=f"e{n}")
    with pytest.raises(CursorExpired, match="So much changed"):
        seen.poll()
    assert len(seen.pull().items) == 5
    desk.put(where, summary="e5")
    assert len(seen.poll().items) == 6


# ---------------------------------------------------------------- what was deleted


@pytest.mark.parametrize("guests", [(), (ADA, BOB)])
def test_r08_an_event_that_was_changed_often_and_deleted_comes_back_under_its_id(
    guests: tuple[str, ...], desk: EventsDesk, connector: OnePart
) -> None:
    """Its number of changes at Google is beyond that of the hub."""
    people = "".join(f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{one}\r\n" for one in guests)
    lines = {"ORGANIZER": f"mailto:{ADA}"} if guests else {}
    text = event(SEQUENCE="1", **lines).text
    item = Item.read(text.replace("END:VEVENT", f"{people}END:VEVENT"))
    ref = connector.create(HERS, item, "key")
    for hour in (7, 8):
        desk.by_hand(HERS, ref.id, {"start": {"dateTime": f"2026-03-12T0{hour}:30:00Z"}})
    desk.cancel(HERS, ref.id)
    again = connector.create(HERS, item, "later")
    assert again.id == ref.id
    assert same(read(connector, HERS, ref.id), item)


# ---------------------------------------------------------------- this and following


def split(desk: EventsDesk, where: str) -> str:
    """A series that somebody split off another one in Google Calendar: its days are not named after it."""
    first = {
        name: {**at(hour), "dateTime": f"2026-03-05T{hour:02}:00:00"} for name, hour in (("start", 9), ("end", 10))
    }
    desk.put(where, id="abcde", recurrence=["RRULE:FREQ=WEEKLY;UNTIL=20260311T225959Z"], **first)
    weekly_since = {"start": at(9), "end": at(10), "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]}
    return desk.put(where, id="abcde_R20260312T080000", summary="Standup", **weekly_since).id


@pytest.mark.parametrize("together", [False, True])
def test_r16_days_of_a_series_that_was_split_off_are_changed_and_cancelled(
    together: bool, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    name = split(desk, where)
    found = read(connector, where, name)
    days = {day: f"RECURRENCE-ID;TZID=Europe/Prague:202603{day}T090000" for day in ("19", "26")}
    times = "DTSTART;TZID=Europe/Prague:20260326T110000\r\nDTEND;TZID=Europe/Prague:20260326T120000\r\n"
    moved = f"BEGIN:VEVENT\r\nUID:{found.item.uid}\r\n{days['26']}\r\n{times}SUMMARY:Standup\r\nEND:VEVENT\r\n"
    gone = "EXDATE;TZID=Europe/Prague:20260319T090000\r\n"
    text = found.item.text.replace("END:VEVENT\r\n", f"{gone}END:VEVENT\r\n{moved}")
    after = Item.read(text)
    if together:
        (outcome,) = written(connector, where, Write(found.ref, after, found.item))
        assert isinstance(outcome, RemoteRef), outcome
    else:
        connector.update(where, found.ref, after, found.item)
    now = desk.google.calendar.calendars.boxes[where.partition("/")[2]].entries
    assert {i: one.cancelled for i, one in now.items() if one.master == name} == {
        "abcde_20260319T080000Z": True,
        "abcde_20260326T080000Z": False,
    }
    record = read(connector, where, name).item.record
    assert isinstance(record, Event)
    assert record.master is not None
    assert [one.value for one in record.master.exception_dates] == ["20260319T090000"]
    assert [one.start.value for one in record.overrides if one.start] == ["20260326T110000"]
    assert hub(connector, where).versions[name] == read(connector, where, name).ref.version


def test_r14_a_day_of_a_series_of_days_that_was_split_off_is_cancelled(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    days = {"start": {"date": "2026-03-12"}, "end": {"date": "2026-03-13"}, "recurrence": ["RRULE:FREQ=DAILY;COUNT=5"]}
    name = desk.put(where, id="abcde_R20260312", **days).id
    found = read(connector, where, name)
    after = Item.read(found.item.text.replace("END:VEVENT", "EXDATE;VALUE=DATE:20260314\r\nEND:VEVENT"))
    connector.update(where, found.ref, after, found.item)
    assert [one.id for one in desk.google.calendar.calendars.boxes[where.partition("/")[2]].exceptions(name)] == [
        "abcde_20260314"
    ]
    assert same(read(connector, where, name), after)


# ---------------------------------------------------------------- between two steps


def test_r09_an_occurrence_that_may_not_be_changed_is_no_lost_right_to_the_calendar(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    desk.google.faults.append(
        Fault(403, reason="forbidden", domain="global", method="events.patch", path="20260323T08")
    )
    with pytest.raises(PartlyWritten, match="without 1 of its parts"):
        connector.create(where, weekly(overrides=(moved("20260323"), moved("20260413"))), "key")
    assert [one.original.key for one in desk.entries(where) if one.original] == ["20260413T070000Z"]
    assert not hidden(desk.entry(where).body, UNFINISHED)


def test_r07_what_somebody_changes_while_a_write_is_broken_off_stays(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """It is not written over when the write goes on: the pull that follows brings it to the hub."""
    before = weekly(overrides=(moved("20260323"), moved("20260413")))
    after = weekly(overrides=(moved("20260323", summary="Ours"), moved("20260413")))
    ref = read(connector, where, connector.create(where, before, "key").id).ref
    first, second = (f"{ref.id}_{day}Z" for day in ("20260323T080000", "20260413T070000"))
    desk.google.faults.append(Fault(503, reason="backendError", method="events.patch", path=first))
    with pytest.raises(OutcomeUnknown):
        connector.update(where, ref, after, before)
    desk.google.world.clock = lambda: now() + timedelta(hours=1)
    desk.by_hand(where, second, {"summary": "Theirs"})
    connector.finish(where, ref, after, "key")
    assert [desk.entry(where, name).body["summary"] for name in (first, second)] == ["Ours", "Theirs"]
    assert not hidden(desk.entry(where).body, UNFINISHED)


# ---------------------------------------------------------------- from one calendar to another


def test_a_series_that_somebody_moves_to_another_calendar_is_whole_there_and_may_come_again(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """What is left behind in the first is a deleted event that may not be brought back (C15)."""
    item = weekly(overrides=(moved("20260323"),), more=without("20260330"))
    name = connector.create(where, item, "key").id
    desk.cancel(where, f"{name}_20260406T070000Z")
    other = desk.calendar(summary="other")
    here, there = hub(connector, where), hub(connector, other)
    record = here.items[name].record
    names = {"calendarId": where.partition("/")[2], "destination": other.partition("/")[2]}
    desk.api().events().move(eventId=name, **names, sendUpdates="none").execute()
    assert here.pull().items == {}
    assert there.pull().items[name].record == record
    connector.create(where, item, "again")
    assert [one.record for one in here.pull().items.values()] == [item.record]
    assert there.pull().items[name].record == record
