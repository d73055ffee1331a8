"""Parts of the iTIP core: who is meant, which occurrence is meant, in whatever notation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dav_gateway.scheduling.itip_attendee import Answer, answered, answers, following, may_change
from dav_gateway.scheduling.itip_organizer import settled
from dav_gateway.scheduling.itip_share import is_attended, is_organized, share
from dav_gateway.scheduling.itip_text import reply
from dav_gateway.scheduling.itip_told import moment_at, rescheduled, single
from dav_gateway.scheduling.people import key_of, keys_of, param, with_params
from sync_engine.model import CalendarUser, Component, ContentLine, Event, EventDetails, Moment

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ADA, BOB = keys_of("ada", "ada@example.org"), keys_of("bob", "bob@example.org")
GUEST = CalendarUser("mailto:bob@example.org", (("PARTSTAT", ("NEEDS-ACTION",)),))


def series(start: Moment, end: Moment, *overrides: EventDetails) -> Event:
    owner = CalendarUser("mailto:ada@example.org")
    master = EventDetails(
        start=start, end=end, organizer=owner, attendees=(GUEST,), rules=("FREQ=DAILY;COUNT=5",), summary="x"
    )
    return Event("u", master, overrides)


ROME = series(Moment("20261201T100000", "Europe/Rome"), Moment("20261201T113000", "Europe/Rome"))
DAYS = series(Moment("20261201"), Moment("20261202"))


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("mailto:Ada@Example.org", "ada@example.org"),
        ("MAILTO:ada%40example.org ", "ada@example.org"),
        ("ada@example.org", "ada@example.org"),
        ("/dav/principals/Ada/", "user:Ada"),
        ("https://hub.example/hub/dav/principals/ada%40x.org", "user:ada@x.org"),
        ("/dav/principals/", "/dav/principals/"),
        ("urn:uuid:1", "urn:uuid:1"),
    ],
)
def test_who_is_meant(address: str, key: str) -> None:
    assert key_of(address) == key


def test_what_a_user_is_called() -> None:
    assert keys_of("ada@x.org", "") == {"user:ada@x.org", "ada@x.org"}
    assert keys_of("ada", "ADA@x.org") == {"user:ada", "ada@x.org"}
    assert keys_of("ada", "") == {"user:ada"}


def test_parameters() -> None:
    user = with_params(GUEST, PARTSTAT="ACCEPTED", SCHEDULE_STATUS="2.0")
    assert param(user, "SCHEDULE-STATUS") == "2.0"
    assert with_params(user, PARTSTAT="NEEDS-ACTION", SCHEDULE_STATUS="") == GUEST


@pytest.mark.parametrize(
    "written", [Moment("20261203T100000", "Europe/Rome"), Moment("20261203T090000", "UTC"), Moment("20261203")]
)
def test_an_answer_finds_its_occurrence_however_it_is_written(written: Moment) -> None:
    fresh = answered(ROME, "bob@example.org", [Answer(written, "DECLINED", GUEST)], "2.0")
    (one,) = fresh.overrides
    assert one.recurrence_id == one.start == Moment("20261203T100000", "Europe/Rome")
    assert one.end == Moment("20261203T113000", "Europe/Rome")
    assert (one.rules, param(one.attendees[0], "PARTSTAT")) == ((), "DECLINED")
    again = answered(fresh, "bob@example.org", [Answer(Moment("20261203T090000", "UTC"), "ACCEPTED", GUEST)])
    assert [param(one.attendees[0], "PARTSTAT") for one in again.overrides] == ["ACCEPTED"]


def test_a_day_of_days() -> None:
    one = single(DAYS.master or EventDetails(), Moment("20261204"))
    assert (one.start, one.end) == (Moment("20261204"), Moment("20261205"))
    assert moment_at(DAYS, Moment("20261203T230000", "UTC")) == Moment("20261203")


def test_an_answer_to_what_does_not_take_place_makes_nothing() -> None:
    assert ROME.master is not None
    without = replace(ROME, master=replace(ROME.master, exception_dates=(Moment("20261203T090000", "UTC"),)))
    said = [Answer(Moment("20261203T100000", "Europe/Rome"), "ACCEPTED", GUEST)]
    assert answered(without, "bob@example.org", said) == without
    assert answered(ROME, "cleo@example.org", said) == ROME


def test_a_guest_may_write_times_in_another_zone() -> None:
    assert ROME.master is not None
    start, end = Moment("20261201T090000", "UTC"), Moment("20261201T103000", "UTC")
    assert may_change(ROME, replace(ROME, master=replace(ROME.master, start=start, end=end)), BOB)
    later = replace(ROME.master, start=start, end=Moment("20261201T110000", "UTC"))
    assert not may_change(ROME, replace(ROME, master=later), BOB)


def test_taking_one_out_declines_it_once() -> None:
    assert ROME.master is not None
    day = Moment("20261203T100000", "Europe/Rome")
    without = replace(ROME, master=replace(ROME.master, exception_dates=(day,)))
    assert answers(ROME, without, BOB) == [Answer(day, "DECLINED", GUEST)]
    assert answers(without, without, BOB) == []
    assert may_change(ROME, without, BOB)
    text = reply(without, answers(ROME, without, BOB), NOW)
    assert "RECURRENCE-ID;TZID=Europe/Rome:20261203T100000" in text
    assert "PARTSTAT=DECLINED" in text


def test_whose_meeting_it_is() -> None:
    assert is_organized(ROME, ADA)
    assert not is_organized(ROME, BOB)
    assert is_attended(ROME, BOB)
    assert not is_attended(ROME, ADA)
    assert not is_attended(ROME, keys_of("cleo", "cleo@example.org"))
    assert not is_organized(None, ADA)
    assert ROME.master is not None
    by_client = CalendarUser("mailto:ada@example.org", (("SCHEDULE-AGENT", ("CLIENT",)),))
    quiet = replace(ROME, master=replace(ROME.master, organizer=by_client))
    assert not is_organized(quiet, ADA)
    assert not is_attended(quiet, BOB)


def test_a_date_that_is_taken_out_raises_the_sequence_and_asks_nobody() -> None:
    assert ROME.master is not None
    accepted = with_params(GUEST, PARTSTAT="ACCEPTED")
    old = replace(ROME, master=replace(ROME.master, attendees=(accepted,), sequence=3))
    assert old.master is not None
    new = replace(old, master=replace(old.master, exception_dates=(Moment("20261203T100000", "Europe/Rome"),)))
    assert new.master is not None
    assert not rescheduled(old.master, new.master)
    stored = settled(old, new, ADA, ("bob@example.org",)).master
    assert stored is not None
    assert (stored.sequence, stored.attendees) == (4, (accepted,))


def test_a_series_that_is_called_off_invites_nobody() -> None:
    assert ROME.master is not None
    assert share(replace(ROME, master=replace(ROME.master, status="CANCELLED")), "bob@example.org") is None


@pytest.mark.parametrize(
    ("rule", "again"),
    [
        ("FREQ=DAILY;UNTIL=20261203T090000Z", False),
        ("FREQ=DAILY;COUNT=7", True),
        ("FREQ=DAILY;COUNT=3", False),
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20261203T090000Z", False),
        ("FREQ=DAILY", True),
        ("FREQ=WEEKLY;COUNT=5", True),
    ],
)
def test_a_series_that_ends_sooner_asks_nobody_again(rule: str, again: bool) -> None:
    assert ROME.master is not None
    shorter = replace(ROME.master, rules=(rule,))
    assert rescheduled(ROME.master, shorter) is again
    longer = replace(shorter, rules=("FREQ=DAILY;UNTIL=20261207T090000Z",))
    if not again:
        assert rescheduled(shorter, longer)
    stored = settled(ROME, replace(ROME, master=shorter), ADA, ()).master
    assert stored is not None
    assert stored.sequence == 1


DAY = Moment("20261203T100000", "Europe/Rome")
OTHER = Moment("20261225T100000", "Europe/Rome")


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ({"exception_dates": ()}, {"exception_dates": (DAY,)}, False),
        ({"exception_dates": (DAY,)}, {"exception_dates": ()}, True),
        ({"exception_dates": (OTHER,)}, {"exception_dates": ()}, False),  # there is no such occurrence
        ({"exception_dates": (DAY,)}, {"exception_dates": (Moment("20261203T090000", "UTC"),)}, False),
        ({"exception_dates": (DAY,)}, {"exception_dates": (), "rules": ("FREQ=DAILY;COUNT=2",)}, False),
        ({"recurrence_dates": (OTHER,)}, {"recurrence_dates": ()}, False),
        ({"recurrence_dates": ()}, {"recurrence_dates": (OTHER,)}, True),
        ({"recurrence_dates": ()}, {"recurrence_dates": (DAY,)}, False),
        ({}, {"end": None, "duration": "PT1H30M"}, False),
        ({}, {"end": None, "duration": "PT1H"}, True),
        ({}, {"start": Moment("20261201T090000", "UTC"), "end": Moment("20261201T103000", "UTC")}, False),
        ({}, {"start": Moment("20261201T100000", "UTC"), "end": Moment("20261201T113000", "UTC")}, True),
        (
            {"rules": ("FREQ=MONTHLY;COUNT=12",)},  # in summer it is at another time
            {
                "rules": ("FREQ=MONTHLY;COUNT=12",),
                "start": Moment("20261201T090000", "UTC"),
                "end": Moment("20261201T103000", "UTC"),
            },
            True,
        ),
        ({"rules": ("FREQ=WEEKLY",)}, {"rules": ("FREQ=WEEKLY;UNTIL=20301203T090000Z",)}, False),
        ({"rules": ("FREQ=WEEKLY;UNTIL=20301203T090000Z",)}, {"rules": ("FREQ=WEEKLY",)}, True),
        ({"rules": ("FREQ=WEEKLY;BYDAY=TU,WE",)}, {"rules": ("FREQ=WEEKLY;BYDAY=TU",)}, False),
        ({"rules": ("FREQ=WEEKLY;BYDAY=TU",)}, {"rules": ("FREQ=WEEKLY;BYDAY=TU,WE",)}, True),
        ({"rules": ("FREQ=WEEKLY;BYDAY=TU",)}, {"rules": ("BYDAY=TU;FREQ=WEEKLY",)}, False),
    ],
)
def test_who_is_asked_again_by_what_comes_to_a_series(
    before: dict[str, Any], after: dict[str, Any], again: bool
) -> None:
    """RFC 6638 3.2.8."""
    assert ROME.master is not None
    assert rescheduled(replace(ROME.master, **before), replace(ROME.master, **after)) is again


def test_an_answer_to_what_is_no_longer_in_the_series_goes_with_it() -> None:
    assert ROME.master is not None
    last = Moment("20261205T100000", "Europe/Rome")
    old = answered(ROME, "bob@example.org", [Answer(last, "DECLINED", GUEST)])
    shorter = replace(ROME, master=replace(ROME.master, rules=("FREQ=DAILY;UNTIL=20261203T090000Z",)))
    assert settled(old, shorter, ADA, ()).overrides == ()
    assert len(settled(old, ROME, ADA, ()).overrides) == 1
    assert answered(shorter, "bob@example.org", [Answer(last, "DECLINED", GUEST)]) == shorter
    day = answered(DAYS, "bob@example.org", [Answer(Moment("20261203"), "DECLINED", GUEST)])
    assert [one.start for one in day.overrides] == [Moment("20261203")]


def test_a_reminder_of_one_occurrence_stays_when_the_organizer_says_something_else_of_the_series() -> None:
    assert ROME.master is not None
    day, alarm = Moment("20261203T100000", "Europe/Rome"), Component("VALARM", (ContentLine("ACTION", "DISPLAY"),))
    mine = replace(ROME, overrides=(replace(single(ROME.master, day), alarms=(alarm,)),))
    told = replace(ROME, master=replace(ROME.master, summary="y"))
    (one,) = following(mine, ROME, told, BOB, NOW).overrides
    assert (one.recurrence_id, one.alarms, one.summary) == (day, (alarm,), "y")
    plain = replace(mine, overrides=(single(ROME.master, day),))
    assert following(plain, ROME, told, BOB, NOW).overrides == ()
    for gone in ({"exception_dates": (day,)}, {"rules": ("FREQ=DAILY;COUNT=2",)}):
        without: Event = replace(ROME, master=replace(ROME.master, **gone))
        assert following(mine, ROME, without, BOB, NOW).overrides == ()
