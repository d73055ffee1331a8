"""No recurrence can stop the hub: it is refused with a reason, or its expansion ends within its budget of steps.

Work is measured in calls of functions and memory in bytes, not in seconds: a slow machine proves nothing.
"""

from __future__ import annotations

import re
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync_engine.errors import ItemError, Rejected
from sync_engine.formats import parse
from sync_engine.item import Item
from sync_engine.merge import merge
from sync_engine.model import Contact, Event, Task
from sync_engine.ports import Prefer
from sync_engine.recurrence import check, instances, occurs, span
from sync_engine.rules import Budget
from tests.series_samples import calendar, component

pytestmark = pytest.mark.slow

_T = TypeVar("_T")
MOST_CALLS = 1_500_000  # of functions: 15 for each step of the budget
MOST_BYTES = 64 * 1024 * 1024
WINDOWS = [
    (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
    (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
]


class _Meter:
    """Counts the calls while it is on."""

    def __init__(self) -> None:
        self.calls = 0

    def _count(self, _frame: FrameType, what: str, _argument: Any) -> None:
        self.calls += what == "call"

    def measured(self, work: Callable[[], _T]) -> _T:
        before = sys.getprofile()
        sys.setprofile(self._count)
        try:
            return work()
        finally:
            sys.setprofile(before)


def event(*lines: str, start: str = "DTSTART:20260105T090000Z", zones: str = "", overrides: str = "") -> Event:
    record = parse(calendar(zones, component(start, *lines), overrides))
    assert isinstance(record, Event)
    return record


def expand(record: Event | Task) -> None:
    """All that anybody asks of an item: each within the bounds."""
    for start, end in WINDOWS:
        _bounded(lambda start=start, end=end: list(instances(record, start, end)))  # type: ignore[misc]
        _bounded(lambda start=start, end=end: occurs(record, start, end))  # type: ignore[misc]
    _bounded(lambda: span(record))


def _bounded(work: Callable[[], object]) -> None:
    meter = _Meter()
    meter.measured(work)
    assert meter.calls < MOST_CALLS


REFUSED = {
    "RRULE:FREQ=DAILY;INTERVAL=0": "INTERVAL .* must be from 1",
    "RRULE:FREQ=DAILY;INTERVAL=-1": "INTERVAL .* must be from 1",
    "RRULE:FREQ=DAILY;INTERVAL=99999999999": "INTERVAL .* must be from 1",
    "RRULE:FREQ=SECONDLY": "must have COUNT or UNTIL",
    "RRULE:FREQ=MINUTELY;INTERVAL=30": "must have COUNT or UNTIL",
    "RRULE:FREQ=HOURLY;BYDAY=MO;COUNT=4": "no BY parts",
    "RRULE:FREQ=SECONDLY;UNTIL=20991231T000000Z": "may have 100000 occurrences",
    "RRULE:FREQ=DAILY;COUNT=3501": "COUNT .* from 1 to 3500",
    "RRULE:FREQ=DAILY;COUNT=1000000000": "COUNT .* from 1 to 3500",
    "RRULE:FREQ=DAILY;COUNT=0": "COUNT .* from 1 to 3500",
    "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z": "until 2100 or without end",
    "RRULE:FREQ=DAILY;UNTIL=21010101": "until 2100 or without end",
    "DTEND:21010101T000000Z": "years until 2100",
    "RDATE:22000101T000000Z": "years until 2100",
    "EXDATE:99990101T000000Z": "years until 2100",
    "\r\n".join(
        ["RRULE:FREQ=DAILY"] * 1 + [f"RRULE:FREQ=DAILY;INTERVAL={n}" for n in range(2, 51)]
    ): "10 recurrence rules",
    "\r\n".join(f"EXRULE:FREQ=DAILY;INTERVAL={n}" for n in range(1, 51)): "10 recurrence rules",
    "RDATE:"
    + ",".join(f"20260105T{n // 3600:02}{n // 60 % 60:02}{n % 60:02}Z" for n in range(3501)): "3500 single dates",
    "EXDATE:"
    + ",".join(f"20260105T{n // 3600:02}{n // 60 % 60:02}{n % 60:02}Z" for n in range(3501)): "3500 single dates",
    "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,20,40": "48 times a day",
    "RRULE:FREQ=YEARLY;BYMONTHDAY=32": "BYMONTHDAY .* from -31 to 31",
}


@pytest.mark.parametrize(("lines", "reason"), REFUSED.items(), ids=[lines[:45] for lines in REFUSED])
def test_what_could_run_away_is_refused_with_its_reason_and_bounded_all_the_same(lines: str, reason: str) -> None:
    record = event(lines)
    with pytest.raises(Rejected) as refused:
        check(record)
    assert re.search(reason, str(refused.value))
    assert len(str(refused.value)) < 200
    expand(record)


@pytest.mark.parametrize("start", ["DTSTART:99991231T235959Z", "DTSTART;VALUE=DATE:21010101"])
def test_what_begins_after_2100_is_refused(start: str) -> None:
    with pytest.raises(Rejected, match="years until 2100"):
        check(event("RRULE:FREQ=DAILY", start=start))
    expand(event("RRULE:FREQ=DAILY", start=start))


def many_overrides(number: int, future: str = "") -> str:
    days = (datetime(2026, 1, 5, 9) + day * timedelta(days=1) for day in range(number))
    stamps = [f"{day:%Y%m%dT%H%M%S}Z" for day in days]
    return "".join(component(f"RECURRENCE-ID{future}:{stamp}", f"DTSTART:{stamp[:-3]}30Z") for stamp in stamps)


HARMLESS = {
    "never true": event("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", start="DTSTART:00010101T000000Z"),
    "never true, by week": event("RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU", start="DTSTART:00010101T000000Z"),
    "never true, with COUNT": event("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3"),
    "once in 28 years": event("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU"),
    "year 1": event("RRULE:FREQ=YEARLY", start="DTSTART:00010101T000000Z"),
    "year 1 in a zone": event("RRULE:FREQ=DAILY", start="DTSTART;TZID=Pacific/Apia:00010101T000000"),
    "ten rules": event(*[f"RRULE:FREQ=DAILY;INTERVAL={n}" for n in range(1, 11)]),
    "often a day": event("RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,30"),
    "a position that there is not": event("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366"),
    "unknown parts": event("RRULE:FREQ=YEARLY;BYEASTER=0;X-ODD=1"),
    "most dates": event("RDATE:" + ",".join(f"{2026 + n // 300}0105T{n % 24:02}{n % 60:02}00Z" for n in range(3500))),
    "often within the day": event("RRULE:FREQ=MINUTELY;UNTIL=20260301T000000Z"),
    "long": event("RRULE:FREQ=DAILY", "DURATION:P99999W"),
    "2,000 overrides": event("RRULE:FREQ=DAILY", overrides=many_overrides(2000)),
    "2,000 futures": event("RRULE:FREQ=DAILY;COUNT=3500", overrides=many_overrides(2000, ";RANGE=THISANDFUTURE")),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_odd_but_harmless_is_taken_and_bounded(name: str) -> None:
    check(HARMLESS[name])
    expand(HARMLESS[name])


def observances(number: int, rule: str = "") -> str:
    parts = "".join(
        f"BEGIN:{'DAYLIGHT' if n % 2 else 'STANDARD'}\r\nDTSTART:{1900 + n // 20}{n % 12 + 1:02}01T020000\r\n{rule}"
        f"TZOFFSETFROM:+0{n % 2 + 1}00\r\nTZOFFSETTO:+0{2 - n % 2}00\r\nEND:{'DAYLIGHT' if n % 2 else 'STANDARD'}\r\n"
        for n in range(number)
    )
    return f"BEGIN:VTIMEZONE\r\nTZID:Mine\r\n{parts}END:VTIMEZONE\r\n"


@pytest.mark.parametrize("rule", ["", "RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=MO,TU,WE,TH,FR\r\n"])
@pytest.mark.parametrize("number", [300, 3000])
def test_zones_with_thousands_of_observances_are_bounded(number: int, rule: str) -> None:
    record = event("RRULE:FREQ=WEEKLY", start="DTSTART;TZID=Mine:20260105T090000", zones=observances(number, rule))
    expand(record)


def test_too_many_zones_are_refused() -> None:
    zones = "".join(observances(1).replace("TZID:Mine", f"TZID:{n}") for n in range(101))
    with pytest.raises(Rejected, match="100 time zones"):
        check(event(zones=zones))


def test_memory_stays_bounded() -> None:
    tracemalloc.start()
    try:
        list(instances(HARMLESS["often a day"], *WINDOWS[-1]))
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def test_an_expansion_takes_no_more_than_its_budget() -> None:
    for record in HARMLESS.values():
        budget = Budget()
        list(instances(record, *WINDOWS[-1], budget=budget))
        assert budget.left > -20_000  # the last period may go beyond it, by a year of 48 times a day


def test_merging_thousands_of_cancelled_dates_takes_linear_work() -> None:
    def cancelled(first: int) -> Event:
        days = (datetime(2026, 1, 5, 9) + day * timedelta(days=1) for day in range(first, first + 1700))
        return event("RRULE:FREQ=DAILY", "EXDATE:" + ",".join(f"{day:%Y%m%dT%H%M%S}Z" for day in days))

    _bounded(lambda: merge(cancelled(0), cancelled(1700), cancelled(3400), Prefer.HUB))


# ---------------------------------------------------------------- whatever somebody sends

numbers = st.one_of(st.integers(-400, 400), st.sampled_from([0, 1, 10**9, -(10**9)])).map(str)
lists = st.lists(numbers, min_size=1, max_size=60).map(",".join)
weekdays = st.builds(lambda n, d: n + d, st.sampled_from(["", "1", "-1", "5", "53", "-53", "99"]), st.sampled_from(
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU", "XX"]))  # fmt: skip
times = st.sampled_from(
    ["20260105T090000Z", "20260105", "99991231T235959Z", "00010101", "20990101T000000", "19700101T000000Z", "x", ""]
)
parts = st.one_of(
    st.builds("INTERVAL={}".format, numbers),
    st.builds("COUNT={}".format, numbers),
    st.builds("UNTIL={}".format, times),
    st.builds("BYDAY={}".format, st.lists(weekdays, min_size=1, max_size=20).map(",".join)),
    st.builds("WKST={}".format, st.sampled_from(["MO", "SU", "XX"])),
    st.builds(
        "{}={}".format,
        st.sampled_from(
            ["BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYHOUR", "BYMINUTE", "BYSECOND", "BYEASTER"]
        ),
        lists,
    ),
)
frequencies = st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY", "NEVER"])
rules = st.builds(lambda f, p: ";".join([f"FREQ={f}", *p]), frequencies, st.lists(parts, max_size=5))
lines = st.one_of(
    st.builds("RRULE:{}".format, rules),
    st.builds("EXRULE:{}".format, rules),
    st.builds("RDATE:{}".format, st.lists(times, max_size=5).map(",".join)),
    st.builds("EXDATE;VALUE=DATE:{}".format, times),
    st.builds("DURATION:{}".format, st.sampled_from(["P1D", "P99999W", "-PT1H", "PT0S", "P"])),
)
starts = st.builds("DTSTART{}:{}".format, st.sampled_from(["", ";TZID=Europe/Berlin", ";TZID=Odd"]), times)


@settings(max_examples=40, deadline=None)
@given(starts, st.lists(lines, max_size=6), st.sampled_from(["", ";RANGE=THISANDFUTURE"]), times, times)
@example("DTSTART:00010101T000000Z", ["RRULE:FREQ=SECONDLY;UNTIL=99991231T235959Z"], "", "", "")
def test_whatever_is_sent_ends_in_a_reason_or_within_the_bounds(
    start: str, found: list[str], future: str, since: str, moved: str
) -> None:
    override = component(f"RECURRENCE-ID{future}:{since}", f"DTSTART:{moved}") if since and moved else ""
    try:
        record = Item.read(calendar(component(start, *found), override)).record
    except ItemError:
        return
    assert not isinstance(record, Contact)
    with suppress(Rejected):
        _bounded(lambda: check(record))
    expand(record)
