"""Series at Google: recurrence lines, exceptions by their keys, and what is written of them when something changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.google_workspace.mapping_events import (
    EventWrite,
    event_patch,
    instance_key,
    kept_event,
    new_event,
    read_event,
)
from sync_engine.errors import Rejected, Unreadable
from sync_engine.model import CalendarUser, ContentLine, Event, EventDetails, Moment
from tests.property.google_keeps import GoogleSeries

HOME = "Europe/Zurich"
ZONE = "Europe/Prague"


def at(day: int, hour: int = 9, month: int = 3) -> Moment:
    return Moment(f"2026{month:02}{day:02}T{hour:02}0000", ZONE)


def series(*overrides: EventDetails, **fields: Any) -> Event:
    said: dict[str, Any] = {"start": at(2), "end": at(2, 10), "rules": ("FREQ=DAILY",), "summary": "x"} | fields
    return Event("u", EventDetails(**said), tuple(overrides))


def changed(day: int, hour: int = 9, **fields: Any) -> EventDetails:
    said: dict[str, Any] = {"start": at(day, hour), "end": at(day, hour + 1), "summary": "x"} | fields
    return EventDetails(recurrence_id=at(day), **said)


def days(*rules: str, **fields: Any) -> Event:
    return series(start=Moment("20260302"), end=Moment("20260303"), rules=rules, **fields)


def lines_of(event: Event) -> list[str]:
    lines: list[str] = new_event(event, HOME).master["recurrence"]
    return lines


# ---------------------------------------------------------------- recurrence lines


def test_r16_rules_dates_and_exceptions_are_lines() -> None:
    found = series(
        rules=("FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1", "FREQ=WEEKLY;COUNT=5"),
        recurrence_dates=(at(20), at(22)),
        exception_dates=(at(9),),
        extra=(ContentLine("EXRULE", "FREQ=YEARLY;COUNT=2"),),
    )
    assert lines_of(found) == [
        "RRULE:FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "EXRULE:FREQ=YEARLY;COUNT=2",
        "RDATE;TZID=Europe/Prague:20260320T090000,20260322T090000",
        "EXDATE;TZID=Europe/Prague:20260309T090000",
    ]
    assert read_event(*GoogleSeries().apply(new_event(found, HOME)).answer(), "u", HOME) == found


def test_r16_dates_of_days_and_of_utc() -> None:
    whole = days("FREQ=DAILY", exception_dates=(Moment("20260303"),), recurrence_dates=(Moment("20270101"),))
    assert lines_of(whole)[1:] == ["RDATE;VALUE=DATE:20270101", "EXDATE;VALUE=DATE:20260303"]
    start = Moment("20260302T080000", "UTC")
    in_utc = series(start=start, end=None, exception_dates=(Moment("20260303T080000", "UTC"),))
    assert lines_of(in_utc)[1:] == ["EXDATE:20260303T080000Z"]


@pytest.mark.parametrize(
    ("until", "written"),
    [
        ("20260401T070000Z", "20260401T070000Z"),
        ("20260401T090000", "20260401T070000Z"),  # by the clock on the wall: summer time
        ("20260401", "20260401T215959Z"),  # the whole day
    ],
)
def test_r16_the_end_of_a_rule_is_in_utc(until: str, written: str) -> None:
    assert lines_of(series(rules=(f"FREQ=DAILY;UNTIL={until}",))) == [f"RRULE:FREQ=DAILY;UNTIL={written}"]


def test_r16_the_end_of_a_rule_of_days_is_a_day() -> None:
    assert lines_of(days("FREQ=DAILY;UNTIL=20260401T215959Z")) == ["RRULE:FREQ=DAILY;UNTIL=20260401"]


def test_an_added_period_as_long_as_the_series_is_a_date() -> None:
    period = Moment("20260320T090000/PT1H", ZONE)
    assert lines_of(series(recurrence_dates=(period,)))[1] == "RDATE;TZID=Europe/Prague:20260320T090000"


def test_an_exception_in_utc_or_by_its_day_is_one_of_the_series() -> None:
    gone = (Moment("20260303T080000", "UTC"), Moment("20260304"))
    assert lines_of(series(exception_dates=gone))[1] == "EXDATE;TZID=Europe/Prague:20260303T090000,20260304T090000"


_REFUSED = [
    (series(rules=("FREQ=HOURLY;COUNT=3",)), "several times a day"),
    (series(rules=("FREQ=DAILY;COUNT=3;UNTIL=20260401T000000Z",)), "either COUNT or UNTIL"),
    (series(rules=("FREQ=SOMETIMES",)), "without a known FREQ"),
    (series(recurrence_dates=(Moment("20260320T090000/PT3H", ZONE),)), "longer or shorter than its series"),
    (series(recurrence_dates=(Moment("20260320T090000/20260320T093000", ZONE),)), "longer or shorter"),
    (series(replace(changed(3), this_and_future=True)), "split the series in two"),
    (series(changed(3), rules=()), "an event that does not recur"),
    (Event("u", None, (changed(3),)), "a series that is not there itself"),
    (series(start=None), "without a start"),
]


@pytest.mark.parametrize(("event", "words"), _REFUSED)
def test_r16_what_google_cannot_express_is_refused_with_the_reason(event: Event, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        new_event(event, HOME)
    with pytest.raises(Rejected, match=words):
        kept_event(event, HOME)


@pytest.mark.parametrize("lines", [["RRULE:FREQ=DAILY\nSUMMARY:x"], ["nonsense"], ["BEGIN:VALARM"]])
def test_lines_that_are_none_cannot_be_read(lines: list[str]) -> None:
    day = {"date": "2026-03-02"}
    with pytest.raises(Unreadable):
        read_event({"start": day, "end": day, "recurrence": lines}, (), "u", HOME)


# ---------------------------------------------------------------- from Google

_MASTER: dict[str, Any] = {
    "summary": "x",
    "start": {"dateTime": "2026-03-02T09:00:00+01:00", "timeZone": ZONE},
    "end": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": ZONE},
    "recurrence": ["RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Prague:20260303T090000"],
}


def test_r14_r15_what_is_cancelled_by_a_line_and_by_an_exception_is_cancelled() -> None:
    gone = {"status": "cancelled", "originalStartTime": {"dateTime": "2026-03-04T08:00:00Z", "timeZone": "UTC"}}
    moved = {
        "summary": "y",
        "originalStartTime": {"dateTime": "2026-03-05T09:00:00+01:00", "timeZone": ZONE},
        "start": {"dateTime": "2026-03-05T11:00:00+01:00", "timeZone": ZONE},
        "end": {"dateTime": "2026-03-05T12:00:00+01:00", "timeZone": ZONE},
    }
    found = read_event(_MASTER, [gone, moved], "u", HOME)
    assert found == series(changed(5, 11, summary="y"), exception_dates=(at(3), at(4)))
    assert [instance_key(one) for one in (gone, moved)] == ["20260304T080000Z", "20260305T080000Z"]
    assert instance_key({"originalStartTime": {"date": "2026-03-05"}}) == "20260305"


def test_an_exception_that_is_as_its_series_is_none() -> None:
    same: dict[str, Any] = {**_MASTER, "originalStartTime": {"dateTime": "2026-03-05T09:00:00+01:00", "timeZone": ZONE}}
    same |= {"start": same["originalStartTime"], "end": {"dateTime": "2026-03-05T10:00:00+01:00", "timeZone": ZONE}}
    assert read_event(_MASTER, [same], "u", HOME).overrides == ()


def test_who_is_invited_to_one_occurrence_has_no_series() -> None:
    alone = {**_MASTER, "originalStartTime": {"dateTime": "2026-03-05T09:00:00+01:00", "timeZone": ZONE}}
    found = read_event(None, [alone], "u", HOME)
    assert found.master is None
    assert [one.recurrence_id for one in found.overrides] == [at(5)]


def test_an_exception_that_does_not_say_of_what_cannot_be_read() -> None:
    with pytest.raises(Unreadable, match="which occurrence"):
        read_event(_MASTER, [{"status": "cancelled"}], "u", HOME)
    with pytest.raises(Unreadable, match="without a start"):
        read_event({"summary": "x"}, (), "u", HOME)


# ---------------------------------------------------------------- what is written


def patched(before: Event, after: Event) -> EventWrite:
    return event_patch(before, after, HOME)


def test_r20_a_new_series_says_of_its_exceptions_what_is_their_own() -> None:
    write = new_event(series(changed(3, 11), changed(5, summary="y")), HOME)
    assert write.exceptions == {
        "20260303T080000Z": {
            "start": {"date": None, "dateTime": "2026-03-03T11:00:00+01:00", "timeZone": ZONE},
            "end": {"date": None, "dateTime": "2026-03-03T12:00:00+01:00", "timeZone": ZONE},
        },
        "20260305T080000Z": {"summary": "y"},
    }


def test_r15_what_is_cancelled_later_is_a_step_of_its_own_and_leaves_the_series_alone() -> None:
    write = patched(series(changed(4, summary="y")), series(exception_dates=(at(3), at(4))))
    assert (write.master, write.exceptions) == ({}, {})
    assert write.cancelled == ("20260303T080000Z", "20260304T080000Z")


def test_r15_an_occurrence_that_comes_back_is_there_again_as_its_series_has_it() -> None:
    write = patched(series(exception_dates=(at(3), at(4))), series(exception_dates=(at(4),)))
    assert write.master == {"recurrence": ["RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Prague:20260304T090000"]}
    assert list(write.exceptions) == ["20260303T080000Z"]
    own = write.exceptions["20260303T080000Z"]
    assert (own["status"], own["summary"], own["start"]["dateTime"]) == ("confirmed", "x", "2026-03-03T09:00:00+01:00")


def test_r20_one_changed_exception_is_one_patch_of_what_changed() -> None:
    write = patched(series(changed(3, summary="y")), series(changed(3, summary="z")))
    assert write == EventWrite({}, {"20260303T080000Z": {"summary": "z"}})


def test_r14_an_exception_that_ends_is_as_its_series_again() -> None:
    write = patched(series(changed(3, summary="y")), series())
    assert write == EventWrite({}, {"20260303T080000Z": {"summary": "x"}})


def test_r20_what_exceptions_have_as_their_series_is_said_when_that_changes() -> None:
    before = series(changed(3, 11), changed(4, summary="y"))
    after = series(changed(3, 11, summary="new"), changed(4, summary="y"), summary="new")
    assert patched(before, after) == EventWrite({"summary": "new"}, {"20260303T080000Z": {"summary": "new"}})
    stays = series(changed(3, 11), changed(4, summary="y"), summary="new")
    assert patched(before, stays) == EventWrite({"summary": "new"}, {"20260303T080000Z": {"summary": "x"}})


def test_r14_a_series_that_moves_says_its_exceptions_anew_and_deletes_those_that_are_none_any_more() -> None:
    before = series(changed(3, summary="y"), exception_dates=(at(4),))
    later = replace(changed(3, 10, summary="y"), recurrence_id=at(3, 10))
    after = series(later, start=at(2, 10), end=at(2, 11), exception_dates=(at(4, 10),))
    write = patched(before, after)
    assert write.master["recurrence"] == ["RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Prague:20260304T100000"]
    assert write.exceptions == {"20260303T090000Z": {"summary": "y"}}
    assert write.cancelled == ("20260303T080000Z",)


def test_a_series_that_ends_to_recur_has_no_lines() -> None:
    assert patched(series(changed(3, summary="y")), series(rules=())) == EventWrite({"recurrence": None})


def test_people_of_an_occurrence_alone_have_the_organiser_of_the_series() -> None:
    guests, boss = (CalendarUser("mailto:b@x.org", (("PARTSTAT", ("ACCEPTED",)),)),), CalendarUser("mailto:a@x.org")
    found = kept_event(series(changed(3, attendees=guests), organizer=boss), HOME)
    assert found == series(changed(3, attendees=guests, organizer=boss))
    google = GoogleSeries().apply(new_event(found, HOME))
    google.master["organizer"] = {"email": "a@x.org", "self": True}
    assert read_event(*google.answer(), "u", HOME) == found


def test_an_occurrence_may_have_nobody_of_its_series() -> None:
    guests, boss = (CalendarUser("mailto:b@x.org"),), CalendarUser("mailto:a@x.org")
    write = new_event(series(changed(3, attendees=()), attendees=guests, organizer=boss), HOME)
    assert write.exceptions == {"20260303T080000Z": {"attendees": []}}
