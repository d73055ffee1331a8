"""Recurrence: right occurrences, and no rule that can stop the hub."""

from __future__ import annotations

import datetime as datetime_module
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from unittest import mock
from zoneinfo import ZoneInfo

import dateutil.rrule
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_engine import recurrence
from sync_engine.errors import Rejected
from sync_engine.formats import parse
from sync_engine.model import Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.recurrence import instances, span
from sync_engine.rules import occurrences, read_rule

SAMPLES = Path(__file__).parents[2] / "samples"
START = datetime(2026, 1, 5, 9, 0)
BOMBS = [
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=SECONDLY",
    "FREQ=MINUTELY;BYSECOND=1,2,3;COUNT=10",
    "FREQ=DAILY;COUNT=3501",
    "FREQ=DAILY;COUNT=" + "9" * 5000,
    "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))),
    "FREQ=NEVER",
    "COUNT=3",
    "FREQ=DAILY;UNTIL=tomorrow",
    "FREQ=WEEKLY;BYDAY=XX",
    "",
]
SLOW = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYYEARDAY=100",
    "FREQ=SECONDLY;UNTIL=20990101T000000Z",
    "FREQ=DAILY;BYHOUR=1,2,3,4;BYMINUTE=1,2,3,4;BYSECOND=1,2,3;BYSETPOS=-366",
]


def day(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]


def daily(**fields: object) -> Event:
    values: dict[str, object] = {
        "start": Moment("20260105T090000", "Europe/Berlin"),
        "end": Moment("20260105T100000", "Europe/Berlin"),
        "rules": ("FREQ=DAILY",),
    }
    return Event("u", EventDetails(**(values | fields)))  # type: ignore[arg-type]


def starts(event: Event, start: datetime, end: datetime) -> list[str]:
    return [begin.strftime("%m%dT%H%M") for begin, _, _ in instances(event, start, end)]


def test_r17_a_series_stays_at_its_wall_clock_time_across_dst() -> None:
    found = starts(daily(rules=("FREQ=WEEKLY",)), day(2026, 3, 20), day(2026, 4, 8))
    assert found == ["0323T0800", "0330T0700", "0406T0700"]


def test_exdate_rdate_and_overrides() -> None:
    record = parse((SAMPLES / "event_overrides_outlook.ics").read_bytes().decode())
    assert isinstance(record, Event)
    found = list(instances(record, day(2026, 1, 1), day(2026, 12, 31)))
    assert [begin.strftime("%m%dT%H%M") for begin, _, _ in found] == [
        *("0105T0400", "0126T0600", "0202T0400", "0209T0400", "0216T0400", "0223T0400", "0302T0400")
    ]
    assert found[1][2].summary == "Stand-up, later"
    extra = daily(recurrence_dates=(Moment("20260106T200000/PT3H", "UTC"),), rules=("FREQ=DAILY;COUNT=2",))
    assert [(b.hour, (e - b).seconds) for b, e, _ in instances(extra, day(2026, 1, 1), day(2027, 1, 1))] == [
        *((8, 3600), (8, 3600), (20, 10800))
    ]


def test_this_and_future_moves_the_rest() -> None:
    later = EventDetails(
        recurrence_id=Moment("20260107T090000", "Europe/Berlin"),
        this_and_future=True,
        start=Moment("20260107T110000", "Europe/Berlin"),
        end=Moment("20260107T113000", "Europe/Berlin"),
        summary="later",
    )
    series = daily(rules=("FREQ=DAILY;COUNT=5",))
    found = list(instances(Event("u", series.master, (later,)), day(2026, 1, 1), day(2026, 2, 1)))
    assert [begin.hour for begin, _, _ in found] == [8, 8, 10, 10, 10]
    assert [details.summary for _, _, details in found] == ["", "", "later", "later", "later"]
    assert span(Event("u", series.master, (later,))) == (day(2026, 1, 5, 8), day(2026, 1, 9, 10, 30))


def test_spans() -> None:
    assert span(daily()) == (day(2026, 1, 5, 8), None)
    assert span(daily(rules=())) == (day(2026, 1, 5, 8), day(2026, 1, 5, 9))
    assert span(daily(rules=("FREQ=DAILY;COUNT=3",))) == (day(2026, 1, 5, 8), day(2026, 1, 7, 9))
    assert span(Event("u", EventDetails(start=Moment("20260105")))) == (day(2026, 1, 5), day(2026, 1, 6))
    assert span(Task("u", TaskDetails())) is None
    assert span(Task("u", TaskDetails(due=Moment("20260105T090000", "UTC")))) == (
        day(2026, 1, 5, 9),
        day(2026, 1, 5, 9),
    )
    found = span(daily(rules=("FREQ=DAILY;UNTIL=20260110T080000Z",)))
    assert found
    assert found[1]
    assert day(2026, 1, 10, 9) <= found[1] <= day(2026, 1, 12)


def test_a_span_encloses_every_override() -> None:
    early = EventDetails(recurrence_id=Moment("20260107T090000", "UTC"), start=Moment("20251224T090000", "UTC"))
    found = span(Event("u", daily(rules=("FREQ=DAILY;COUNT=2",)).master, (early,)))
    assert found == (day(2025, 12, 24, 9), day(2026, 1, 6, 9))


@pytest.mark.parametrize("rule", BOMBS)
def test_bombs_are_refused_and_leave_the_first_occurrence(rule: str) -> None:
    event = daily(rules=(rule,))
    with pytest.raises(Rejected):
        recurrence.check(event)
    assert starts(event, day(2026, 1, 1), day(2100, 1, 1)) == ["0105T0800"]
    assert span(event)


@pytest.mark.parametrize("rule", SLOW)
def test_rules_that_never_come_true_end_soon(rule: str) -> None:
    event = Event("u", EventDetails(start=Moment("19700101T000000", "UTC"), rules=(rule,)))
    started = process_time()
    assert len(list(instances(event, day(1970, 1, 1), day(2100, 1, 1)))) <= 1000
    assert span(event)
    assert process_time() - started < 5


def test_a_far_window_is_reached_without_the_way_to_it() -> None:
    event = Event("u", EventDetails(start=Moment("19700101T000000", "UTC"), rules=("FREQ=DAILY",)))
    started = process_time()
    for _ in range(20):
        assert len(list(instances(event, day(2090, 1, 1), day(2090, 1, 8)))) == 7
    assert process_time() - started < 1


def joined(*parts: object) -> str:
    return ";".join(str(part) for part in parts if part)


def lists(values: st.SearchStrategy[int], size: int = 3) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=size, unique=True).map(lambda found: ",".join(map(str, found)))


def maybe(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A part in one rule of three."""
    return st.one_of(st.just(""), st.just(""), values.map(lambda value: f"{name}={value}"))


def around(last: int) -> st.SearchStrategy[int]:
    """Counted from the beginning, or from the end."""
    return st.integers(1, last) | st.integers(-last, -1)


DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
WEEKDAYS = st.sampled_from(DAYS)
PLAIN = st.lists(WEEKDAYS, min_size=1, max_size=4, unique=True).map(",".join)
NUMBERED = st.lists(
    st.builds("{}{}".format, st.sampled_from([1, 2, 4, -1, -2]), WEEKDAYS), min_size=1, max_size=3, unique=True
).map(",".join)
COMMON = (
    maybe("INTERVAL", st.integers(1, 7).map(str)),
    maybe("WKST", WEEKDAYS),
    maybe("BYMONTH", lists(st.integers(1, 12))),
    maybe("BYHOUR", lists(st.integers(0, 23), 2)),
    maybe("BYMINUTE", lists(st.integers(0, 59), 2)),
    maybe("BYSETPOS", lists(around(4), 2)),
)
MONTH_DAYS = maybe("BYMONTHDAY", lists(around(31)))
RULES = st.one_of(
    st.builds(joined, st.just("FREQ=DAILY"), *COMMON, MONTH_DAYS, maybe("BYDAY", PLAIN)),
    st.builds(joined, st.just("FREQ=WEEKLY"), *COMMON[:-1], maybe("BYDAY", PLAIN)),  # BYSETPOS: see below
    st.builds(joined, st.just("FREQ=MONTHLY"), *COMMON, MONTH_DAYS, maybe("BYDAY", PLAIN | NUMBERED)),
    st.builds(joined, st.just("FREQ=YEARLY"), *COMMON, MONTH_DAYS, maybe("BYDAY", PLAIN | NUMBERED)),
    st.builds(
        joined, st.just("FREQ=YEARLY"), *COMMON, lists(around(366)).map("BYYEARDAY={}".format), maybe("BYDAY", PLAIN)
    ),
    st.builds(joined, st.just("FREQ=YEARLY"), maybe("WKST", WEEKDAYS), PLAIN.map("BYDAY={}".format),
              lists(st.integers(2, 51) | st.integers(-50, -2)).map("BYWEEKNO={}".format)),
    st.builds(joined, st.sampled_from(["FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY"]),
              st.integers(1, 90).map("INTERVAL={}".format), st.just("COUNT=25")),
)  # fmt: skip
STARTS = st.datetimes(datetime(1995, 1, 1), datetime(2030, 1, 1)).map(lambda start: start.replace(microsecond=0))
FAR = timedelta(days=365 * 5)


_SHORT_LIVED = SimpleNamespace(**{**vars(datetime_module), "MAXYEAR": 2040})


def theirs_of(rule: str, start: datetime, first: datetime, last: datetime) -> list[datetime]:
    """What dateutil finds. In a rule that never comes true it only stops at the last year there is: here 2040."""
    with mock.patch.object(dateutil.rrule, "datetime", _SHORT_LIVED):
        return rrulestr(rule, dtstart=start).between(first, last, inc=True)


@settings(max_examples=200, deadline=None)
@given(RULES, STARTS, st.sampled_from(["", "COUNT=7"]))
def test_occurrences_are_those_that_dateutil_finds(rule: str, start: datetime, count: str) -> None:
    rule = rule if "COUNT" in rule else joined(rule, count)
    theirs = theirs_of(rule, start, start, start + FAR)[:60]
    found = occurrences(read_rule(rule), start, start, start + FAR)
    assert list(islice((time for time in found if time <= start + FAR), 60)) == theirs


@settings(max_examples=100, deadline=None)
@given(RULES, STARTS, st.integers(0, 2000), st.integers(1, 400))
def test_a_window_shows_what_dateutil_finds_in_it(rule: str, start: datetime, skipped: int, days: int) -> None:
    after = start + timedelta(days=skipped)
    before = after + timedelta(days=days)
    theirs = theirs_of(rule, start, after, before)[:60]
    found = occurrences(read_rule(rule), start, after, before)
    assert list(islice((time for time in found if after <= time <= before), 60)) == theirs


@settings(max_examples=100, deadline=None)
@given(RULES, STARTS, st.integers(1, 900), st.sampled_from(["utc", "local", "date"]))
def test_until_in_utc_by_the_clock_on_the_wall_and_as_a_date(rule: str, start: datetime, days: int, form: str) -> None:
    """In a series in Berlin; dateutil expands by the clock on the wall, and is told UNTIL so."""
    if "COUNT" in rule:
        return
    berlin = ZoneInfo("Europe/Berlin")
    local = start + timedelta(days=days)
    if form == "date":
        local = local.replace(hour=23, minute=59, second=59)
    utc = local.replace(tzinfo=berlin).astimezone(UTC)
    local = utc.astimezone(berlin).replace(tzinfo=None)  # of a time that does not exist: the one that is meant
    until = {"utc": utc.strftime("%Y%m%dT%H%M%SZ"), "local": local.strftime("%Y%m%dT%H%M%S")}.get(
        form, f"{local:%Y%m%d}"
    )
    theirs = theirs_of(rule, start, start, local)
    wanted = sorted(
        {time.replace(tzinfo=berlin).astimezone(UTC) for time in theirs}
        | {start.replace(tzinfo=berlin).astimezone(UTC)}
    )
    moment = Moment(start.strftime("%Y%m%dT%H%M%S"), "Europe/Berlin")
    event = Event("u", EventDetails(start=moment, rules=(f"{rule};UNTIL={until}",)))
    found = [
        begin for begin, _, _ in instances(event, start.replace(tzinfo=UTC) - timedelta(days=2), day(2040, 1, 1), 9999)
    ]
    assert found == wanted


def test_a_position_in_a_week_counts_from_its_first_day_also_in_the_week_of_the_start() -> None:
    """RFC 5545 3.3.10 means the whole week; dateutil lets the first one begin at the start."""
    tuesday = datetime(2000, 1, 4)
    rule = "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS={}"
    first, second = (list(islice(occurrences(read_rule(rule.format(n)), tuesday, tuesday), 3)) for n in (1, 2))
    assert [time.day for time in first] == [10, 17, 24]
    assert [time.day for time in second] == [4, 11, 18]
    assert second == list(islice(rrulestr(rule.format(-1), dtstart=tuesday), 3))
