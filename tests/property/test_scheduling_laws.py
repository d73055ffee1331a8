"""Laws of the pure iTIP core, over series with guests of all, of some and of single occurrences."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dav_gateway.scheduling.itip_attendee import answered, answers, called_off, following, may_change
from dav_gateway.scheduling.itip_organizer import settled
from dav_gateway.scheduling.itip_share import changes, share
from dav_gateway.scheduling.itip_text import cancellation, reply, request
from dav_gateway.scheduling.itip_told import answer_of, differs, instants
from dav_gateway.scheduling.people import attendee, keys_of, parts
from sync_engine.item import Item
from sync_engine.model import CalendarUser, Component, ContentLine, Event, EventDetails, Moment

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GUESTS = ("bob@example.org", "cleo@example.org", "dan@example.org")
ADA = keys_of("ada", "ada@example.org")
BOB = keys_of("bob", GUESTS[0])
DAYS = ("20261201", "20261208", "20261215", "20261222")
ALARM = Component("VALARM", (ContentLine("ACTION", "DISPLAY"), ContentLine("TRIGGER", "-PT5M")))


def at(day: str, hour: int) -> Moment:
    return Moment(f"{day}T{hour:02}0000", "UTC")


@st.composite
def guest_lists(draw: st.DrawFn) -> tuple[CalendarUser, ...]:
    def guest(address: str) -> CalendarUser:
        answer = draw(st.sampled_from(["NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE"]))
        return CalendarUser(f"mailto:{address}", (("PARTSTAT", (answer,)),))

    own = CalendarUser("mailto:ada@example.org", (("PARTSTAT", ("ACCEPTED",)),))
    return (own, *(guest(one) for one in GUESTS if draw(st.booleans())))


@st.composite
def components(draw: st.DrawFn, day: str = "") -> EventDetails:
    hour = draw(st.sampled_from([9, 9, 9, 14]))
    start = day or DAYS[0]
    return EventDetails(
        recurrence_id=at(day, 9) if day else None,
        start=at(start, hour),
        end=at(start, hour + 1),
        summary=draw(st.sampled_from(["Planning", "Planning", "Plans"])),
        location=draw(st.sampled_from(["", "", "Room 1"])),
        status=draw(st.sampled_from(["", "CONFIRMED", "CANCELLED"])) if day else "",
        organizer=CalendarUser("mailto:ada@example.org"),
        attendees=draw(guest_lists()),
        sequence=draw(st.integers(0, 2)),
    )


@st.composite
def meetings(draw: st.DrawFn) -> Event:
    first = replace(draw(components()), start=at(DAYS[0], 9), end=at(DAYS[0], 10))
    days = [day for day in DAYS if draw(st.integers(0, 2)) == 0]
    gone = tuple(at(day, 9) for day in DAYS if day not in days and draw(st.integers(0, 4)) == 0)
    master = replace(first, rules=("FREQ=WEEKLY;COUNT=4",), exception_dates=gone)
    return Event("m1", master, tuple(draw(components(day)) for day in days))


SMALL = settings(max_examples=1000 if "LONG" in os.environ else 20, deadline=None)


@SMALL
@given(meetings())
def test_what_says_the_same_is_told_to_nobody(event: Event) -> None:
    assert list(changes(event, event, ADA)) == []
    assert settled(event, event, ADA, GUESTS) == event
    copy = share(event, GUESTS[0])
    if copy is not None:
        assert answers(copy, copy, BOB) == []
        assert may_change(copy, copy, BOB)


@SMALL
@given(meetings(), meetings())
def test_storing_again_what_was_stored_tells_nobody(old: Event, new: Event) -> None:
    once = settled(old, new, ADA, GUESTS)
    assert list(changes(once, once, ADA)) == []
    assert settled(once, once, ADA, GUESTS) == once
    assert settled(once, new, ADA, GUESTS) == once  # the client that has not read it sends the same again


@SMALL
@given(meetings(), meetings())
def test_every_guest_ends_with_what_he_is_invited_to(old: Event, new: Event) -> None:
    new = settled(old, new, ADA, GUESTS)
    for key in GUESTS:
        keys = frozenset((key,))
        before, after = share(old, key), share(new, key)
        copy = None if before is None else following(None, None, before, keys, NOW)
        told = [change for change in changes(old, new, ADA) if change.key == key]
        assert len(told) == (1 if differs(before, after) else 0)
        if after is not None:
            assert not differs(following(copy, before, after, keys, NOW), after)


@SMALL
@given(meetings(), meetings())
def test_reminders_of_a_guest_outlive_every_change(old: Event, new: Event) -> None:
    before, after = share(old, GUESTS[0]), share(new, GUESTS[0])
    if before is None or before.master is None or after is None:
        return
    copy = following(None, None, before, BOB, NOW)
    copy = replace(copy, master=replace(before.master, alarms=(ALARM,), transparency="TRANSPARENT"))
    followed = following(copy, before, after, BOB, NOW)
    mine = followed.master or next(iter(followed.overrides))
    if followed.master is not None:
        assert (mine.alarms, mine.transparency) == ((ALARM,), "TRANSPARENT")


@SMALL
@given(meetings(), st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"]), st.data())
def test_an_answer_arrives_as_it_was_given(event: Event, said: str, data: st.DataObject) -> None:
    copy = share(event, GUESTS[0])
    if copy is None:
        return
    number = data.draw(st.integers(0, len(parts(copy)) - 1))
    chosen = parts(copy)[number]
    people = tuple(replace(u, params=(("PARTSTAT", (said,)),)) if "bob" in u.address else u for u in chosen.attendees)
    fresh = replace(chosen, attendees=people)
    new = replace(
        copy,
        master=fresh if copy.master is chosen else copy.master,
        overrides=tuple(fresh if one is chosen else one for one in copy.overrides),
    )
    assert may_change(copy, new, BOB)
    theirs = answered(event, GUESTS[0], answers(copy, new, BOB))
    found = theirs.master if chosen.recurrence_id is None else instants(theirs).get(_instant(copy, chosen))
    assert answer_of(attendee(found, BOB)) == said
    assert list(changes(event, theirs, ADA)) == []  # nobody is told of an answer as of a change


def _instant(event: Event, one: EventDetails) -> datetime:
    return next(at_ for at_, other in instants(event).items() if other is one)


@SMALL
@given(meetings(), st.sampled_from(["summary", "location", "start", "rules", "attendees"]))
def test_a_guest_changes_nothing_of_the_organizers(event: Event, what: str) -> None:
    copy = share(event, GUESTS[0])
    if copy is None or copy.master is None:
        return
    other: dict[str, Any] = {
        "summary": "Party",
        "location": "Home",
        "start": at(DAYS[0], 8),
        "rules": ("FREQ=DAILY;COUNT=4",),
        "attendees": copy.master.attendees[1:],
    }
    assert not may_change(copy, replace(copy, master=replace(copy.master, **{what: other[what]})), BOB)


@SMALL
@given(meetings())
def test_messages_can_be_read_and_say_nothing_to_the_server(event: Event) -> None:
    copy = share(event, GUESTS[0])
    if copy is None:
        return
    user = next(user for one in parts(copy) for user in one.attendees if "bob" in user.address)
    off = called_off(copy, copy, NOW)
    assert {one.status for one in parts(off)} == {"CANCELLED"}
    every = answers(None, copy, BOB, forced=True)
    for text, method in (
        (request(copy, NOW), "REQUEST"),
        (cancellation(copy, user, NOW), "CANCEL"),
        (reply(copy, every, NOW), "REPLY"),
    ):
        assert f"METHOD:{method}\r\n" in text
        assert "SCHEDULE-" not in text
        read = Item.read(text).record
        assert isinstance(read, Event)
        assert len(parts(read)) == len(parts(copy) if method != "REPLY" else every)
