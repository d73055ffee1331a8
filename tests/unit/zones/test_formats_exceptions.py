"""What takes occurrences out of a series or moves them: EXDATE as others write it, EXRULE, THISANDFUTURE; weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_engine.errors import Rejected
from sync_engine.formats import parse
from sync_engine.model import Component, ContentLine, Event, EventDetails, Moment
from sync_engine.observances import observances_of
from sync_engine.recurrence import check, instances, span
from sync_engine.rules import occurrences, read_rule
from sync_engine.zones import instant, wall_clock

BERLIN = "Europe/Berlin"
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
SAMPLE = Path(__file__).parents[2] / "samples" / "event_thunderbird.ics"


def berlin(text: str) -> Moment:
    return Moment(text, BERLIN)


def series(start: str, *overrides: EventDetails, zone: str = BERLIN, **fields: object) -> Event:
    return Event("u", EventDetails(start=Moment(start, zone), **fields), overrides)  # type: ignore[arg-type]


def starts(event: Event) -> list[str]:
    return [begin.strftime("%m%dT%H%M") for begin, _, _ in instances(event, *YEAR)]


def exrule(*values: str) -> tuple[ContentLine, ...]:
    return tuple(ContentLine("EXRULE", value) for value in values)


def test_an_exdate_without_time_cancels_the_occurrence_of_that_day() -> None:
    daily = series("20260105T003000", rules=("FREQ=DAILY;COUNT=4",), exception_dates=(Moment("20260106"),))
    assert starts(daily) == ["0104T2330", "0106T2330", "0107T2330"]  # the day in Berlin, not the day in UTC
    late = series("20260105T233000", rules=("FREQ=DAILY;COUNT=4",), exception_dates=(Moment("20260108"),), zone="UTC")
    assert starts(late) == ["0105T2330", "0106T2330", "0107T2330"]


def test_an_exdate_without_time_also_cancels_the_first_one_and_an_rdate() -> None:
    event = series(
        "20260105T090000",
        recurrence_dates=(berlin("20260110T090000"), berlin("20260111T090000")),
        exception_dates=(Moment("20260105"), Moment("20260111")),
    )
    assert starts(event) == ["0110T0800"]


def test_an_exdate_of_a_series_of_days_is_that_day_only() -> None:
    event = series("20260105", rules=("FREQ=DAILY;COUNT=3",), exception_dates=(Moment("20260106"),), zone="")
    assert starts(event) == ["0105T0000", "0107T0000"]


@pytest.mark.parametrize("count", ["", ";COUNT=60"])
@pytest.mark.parametrize(
    "excluded",
    ["FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=DAILY;INTERVAL=3", "FREQ=MONTHLY;BYMONTHDAY=5,-1", "FREQ=DAILY;COUNT=9"],
)
def test_an_exrule_takes_away_what_dateutil_takes_away(excluded: str, count: str) -> None:
    rule = f"FREQ=DAILY{count}"
    event = series("20260105T090000", zone="UTC", rules=(rule,), extra=exrule(excluded))
    text = f"DTSTART:20260105T090000\nRRULE:{rule}\nEXRULE:{excluded}"
    theirs = rrulestr(text).between(datetime(2026, 1, 1), datetime(2026, 12, 31, 23), inc=True)
    assert starts(event) == [time.strftime("%m%dT%H%M") for time in theirs]


def test_an_exrule_is_bounded_and_a_bomb_in_it_refused() -> None:
    event = series("19700101T000000", zone="UTC", rules=("FREQ=DAILY",), extra=exrule("FREQ=SECONDLY"))
    with pytest.raises(Rejected):
        check(event)
    slow = series(
        "19700101T000000",
        zone="UTC",
        rules=("FREQ=DAILY",),
        extra=exrule("FREQ=MINUTELY;UNTIL=20990101T000000Z", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    )
    with pytest.raises(Rejected, match="100000 occurrences"):
        check(slow)
    found = starts(slow)  # as far as the budget goes, and then no further
    assert 300 < len(found) < 360
    assert "0101T0000" not in found


def later(since: Moment, start: Moment) -> EventDetails:
    return EventDetails(recurrence_id=since, this_and_future=True, start=start, duration="PT1H", summary="later")


def test_this_and_future_keeps_the_clock_on_the_wall_across_dst() -> None:
    moved = later(berlin("20260316T090000"), berlin("20260317T110000"))
    event = series("20260302T090000", moved, rules=("FREQ=WEEKLY;COUNT=6",))
    assert starts(event) == ["0302T0800", "0309T0800", "0317T1000", "0324T1000", "0331T0900", "0407T0900"]
    assert span(event) == (datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 4, 7, 10, tzinfo=UTC))


def test_this_and_future_over_the_change_itself_and_with_its_id_in_utc() -> None:
    moved = later(Moment("20260328T080000", "UTC"), Moment("20260329T070000", "UTC"))  # from Saturday to Sunday, 9:00
    event = series("20260321T090000", moved, rules=("FREQ=WEEKLY;COUNT=3",))
    assert starts(event) == ["0321T0800", "0329T0700", "0405T0700"]


def test_this_and_future_into_another_zone_follows_that_zone() -> None:
    moved = later(berlin("20260316T090000"), Moment("20260316T090000", "America/New_York"))
    event = series("20260302T090000", moved, rules=("FREQ=WEEKLY;COUNT=6",))
    assert starts(event)[2:] == ["0316T1300", "0323T1300", "0330T1300", "0406T1300"]


@given(st.datetimes(datetime(1995, 1, 1), datetime(2037, 12, 31)))
def test_the_wall_clock_by_a_vtimezone_is_that_of_the_zone(utc: datetime) -> None:
    record = parse(SAMPLE.read_bytes().decode())
    assert isinstance(record, Event)
    zone: Component = record.zones[0]
    observances = observances_of(zone)
    assert observances
    at = utc.replace(microsecond=0, tzinfo=UTC)
    local = wall_clock(at, observances)
    if at.year > 1996:
        assert local == at.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None)
    assert abs(instant(local, observances) - at) in (timedelta(0), timedelta(hours=1))  # an hour comes twice in autumn


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 53),
    st.sampled_from(["MO", "WE", "TH", "SU"]),
    st.datetimes(datetime(1995, 1, 1), datetime(2030, 1, 1)),
)
def test_week_numbers_are_those_of_iso_8601(week: int, day: str, start: datetime) -> None:
    """RFC 5545 3.3.10 means these. dateutil takes days of January for week 53 in years that have no such week."""
    start = start.replace(microsecond=0)
    found = list(islice(occurrences(read_rule(f"FREQ=YEARLY;BYWEEKNO={week};BYDAY={day}"), start, start), 12))
    weekday = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].index(day)
    days = (start + timedelta(days=number) for number in range(366 * 90))
    right = (one for one in days if one.weekday() == weekday and one.isocalendar().week == week)
    assert found == [one for one in islice(right, 12) if one.year <= 2100]
    if week < 52:
        rule = rrulestr(f"FREQ=YEARLY;BYWEEKNO={week};BYDAY={day}", dtstart=start)
        assert found == list(islice(rule, 12))
