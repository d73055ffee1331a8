"""What other programs were caught by at Google where others are concerned: guests, owners, and who may see what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.errors import NoAccess, Rejected
from sync_engine.item import Item
from sync_engine.ports import RemoteRef, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import (
    ADA,
    BOB,
    EventsDesk,
    details,
    events_desk,
    hub,
    read,
    written,
)
from tests.integration.microsoft.microsoft365_desk import event
from tests.servers.google_workspace.protocol import Answer, Call

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


def at(hour: int) -> dict[str, str]:
    """On the 12th of March, a Thursday."""
    return {"dateTime": f"2026-03-12T{hour:02}:00:00", "timeZone": "Europe/Prague"}


# ---------------------------------------------------------------- guests


@pytest.mark.parametrize("together", [False, True])
def test_guests_that_google_does_not_tell_are_not_taken_out(together: bool, desk: EventsDesk) -> None:
    """The list of guests is written as a whole (attendeesOmitted)."""
    for name in ("get", "list"):
        crowded(desk, f"calendar.events.{name}")
    guests = [{"email": one, "responseStatus": "accepted"} for one in (ADA, BOB, "eve@example.com")]
    entry = desk.put(HERS, attendees=guests)
    connector = desk.connector()
    found = read(connector, HERS, entry.id)
    text = found.item.text.replace("END:VEVENT", "ATTENDEE:mailto:carl@example.com\r\nEND:VEVENT")
    if together:
        (outcome,) = written(connector, HERS, Write(found.ref, Item.read(text), found.item))
        assert isinstance(outcome, Rejected)
    else:
        with pytest.raises(Rejected, match="does not tell all guests"):
            connector.update(HERS, found.ref, Item.read(text), found.item)
    assert desk.entry(HERS).body["attendees"] == guests
    after = Item.read(found.item.text.replace("SUMMARY:Lunch", "SUMMARY:Dinner"))
    connector.update(HERS, found.ref, after, found.item)
    assert (desk.entry(HERS).body["summary"], desk.entry(HERS).body["attendees"]) == ("Dinner", guests)


def crowded(desk: EventsDesk, method: str) -> None:
    """Of a meeting with several guests only the participant is told."""
    handler = desk.google.handlers[method]

    def of_one(call: Call) -> Answer:
        call.params["maxAttendees"] = 1
        return handler(call)

    desk.google.handlers[method] = of_one


# ---------------------------------------------------------------- what one may see


@pytest.mark.parametrize("afresh", [False, True])
@pytest.mark.parametrize("series", [False, True])
def test_r01_who_may_see_only_busy_times_any_more_does_not_lose_all_texts(
    afresh: bool, series: bool, desk: EventsDesk
) -> None:
    where = desk.calendar(BOB, "Bob's")
    name, calendars = where.partition("/")[2], desk.google.calendar.calendars
    calendars.share(name, ADA, "reader")
    recurrence = {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"], "start": at(9), "end": at(10)} if series else {}
    entry = desk.put(where, summary="Fitting", **recurrence)
    connector = desk.connector()
    seen = hub(connector, where)
    versions = dict(seen.versions)
    calendars.share(name, ADA, "freeBusyReader")
    calendars.touch(calendars.boxes[name], entry)
    with pytest.raises(NoAccess, match="busy times"):
        seen.pull(afresh=afresh)
    assert (seen.titles, seen.versions) == (["Fitting"], versions)
    calendars.share(name, ADA, "reader")
    assert seen.pull().titles == ["Fitting"]


def test_who_may_see_more_than_busy_times_at_last_sees_it(desk: EventsDesk) -> None:
    where = desk.calendar(BOB, "Bob's")
    calendars = desk.google.calendar.calendars
    calendars.share(where.partition("/")[2], ADA, "freeBusyReader")
    desk.put(where, summary="Fitting")
    connector = desk.connector()
    seen = hub(connector, where)
    assert seen.titles == [""]
    assert (seen.pull(afresh=True).changed, len(seen.listed)) == ([], 1)
    calendars.share(where.partition("/")[2], ADA, "reader")
    assert seen.pull(afresh=True).titles == ["Fitting"]


def test_r32_nothing_is_shown_to_more_people_because_a_program_says_public(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """Many programs write CLASS:PUBLIC by themselves; Google's "public" overrides how a calendar is shared."""
    ref = connector.create(where, event(), "key")
    bodies = desk.bodies("patch", "import")
    connector.update(where, ref, event("Dinner", CLASS="PUBLIC"), event())
    connector.create(where, event("New", "uid-2", CLASS="PUBLIC"), "other")
    assert [body.get("visibility", "default") for body in bodies] == ["default", "default"]
    entry = desk.put(where, visibility="public")
    found = read(connector, where, entry.id)
    assert details(found).classification == "PUBLIC"
    bodies.clear()
    connector.update(where, found.ref, Item.read(found.item.text.replace("SUMMARY:Lunch", "SUMMARY:Party")), found.item)
    assert bodies == [{"summary": "Party"}]


# ---------------------------------------------------------------- meetings in second calendars


def meeting(summary: str, organizer: str, *guests: str) -> Item:
    """With people in it."""
    people = "".join(f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{one}\r\n" for one in guests)
    return Item.read(event(summary, ORGANIZER=f"mailto:{organizer}").text.replace("END:VEVENT", f"{people}END:VEVENT"))


@pytest.mark.parametrize("together", [False, True])
def test_a_meeting_that_google_takes_for_that_of_others_is_made_without_them(
    together: bool, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """Nobody says whether the owner of a second calendar takes part in what is in it."""
    desk.google.switches.calendars_alone = True
    item, later = (meeting(summary, BOB, ADA, BOB) for summary in ("Lunch", "Dinner"))
    if together:
        (ref,) = written(connector, where, Write(None, item, key="key"))
        assert isinstance(ref, RemoteRef), ref
    else:
        ref = connector.create(where, item, "key")
    found = read(connector, where, ref.id)
    assert (details(found).summary, details(found).attendees, found.item.uid) == ("Lunch", (), item.uid)
    bodies = desk.bodies("patch")
    connector.update(where, found.ref, later, found.item)
    assert bodies == [{"summary": "Dinner"}]
    assert desk.entries(BOBS) == []


def test_r10_an_own_event_does_not_become_somebody_elses_meeting(desk: EventsDesk, connector: OnePart) -> None:
    """Google would invite everybody once more, in the name of the calendar's owner."""
    entry = desk.put(HERS)
    found = read(connector, HERS, entry.id)
    bodies = desk.bodies("patch")
    after = Item.read(found.item.text.replace("END:VEVENT", f"ORGANIZER:mailto:{BOB}\r\nEND:VEVENT"))
    after = Item.read(after.text.replace("END:VEVENT", f"ATTENDEE:mailto:{ADA}\r\nATTENDEE:mailto:{BOB}\r\nEND:VEVENT"))
    ref = connector.update(HERS, found.ref, after, found.item)
    assert (ref, bodies, desk.entries(BOBS)) == (found.ref, [], [])
    hers = Item.read(after.text.replace(f"ORGANIZER:mailto:{BOB}", f"ORGANIZER:mailto:{ADA}"))
    connector.update(HERS, found.ref, hers, found.item)
    assert [[one["email"] for one in body["attendees"]] for body in bodies] == [[ADA, BOB]]


# ---------------------------------------------------------------- what Google makes of it


@pytest.mark.parametrize("together", [False, True])
def test_an_own_event_in_which_google_finds_no_change_is_no_meeting_of_others(
    together: bool, desk: EventsDesk, connector: OnePart
) -> None:
    """A title may be tidied up to what it was: only a guest is to hear that he may not change it."""
    entry = desk.put(HERS)
    found = read(connector, HERS, entry.id)
    desk.google.handlers["calendar.events.patch"] = desk.google.handlers["calendar.events.get"]
    after = Item.read(found.item.text.replace("SUMMARY:Lunch", "SUMMARY:Lunch "))
    if together:
        (outcome,) = written(connector, HERS, Write(found.ref, after, found.item))
        assert isinstance(outcome, RemoteRef), outcome
    else:
        outcome = connector.update(HERS, found.ref, after, found.item)
    assert (outcome.id, outcome.version) == (found.ref.id, found.ref.version)
