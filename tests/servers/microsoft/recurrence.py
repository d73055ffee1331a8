"""Microsoft's recurrence (patternedRecurrence of Graph; EWS has the same kinds): what is allowed, and which days it is.

This is written from the vendor's description and shares nothing with the engine's own recurrence, which it tests.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count, islice
from typing import Any

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
INDEXES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_NEEDS = {
    "daily": set[str](),
    "weekly": {"daysOfWeek"},
    "absoluteMonthly": {"dayOfMonth"},
    "relativeMonthly": {"daysOfWeek"},
    "absoluteYearly": {"dayOfMonth", "month"},
    "relativeYearly": {"daysOfWeek", "month"},
}
_KNOWN = {"type", "interval", "month", "dayOfMonth", "daysOfWeek", "firstDayOfWeek", "index"}
_ENDS = {"endDate": "endDate", "numbered": "numberOfOccurrences", "noEnd": "type"}
_FAR = 10_000  # periods after which an endless pattern that never matches is given up


class Inexpressible(Exception):
    """No pattern of Microsoft's."""


def check(recurrence: dict[str, Any]) -> None:
    """Refuse what the servers refuse: unknown kinds, BYSETPOS, RDATE, times within a day, missing parts."""
    pattern, span = recurrence.get("pattern"), recurrence.get("range")
    if not isinstance(pattern, dict) or not isinstance(span, dict) or set(recurrence) - {"pattern", "range"}:
        raise Inexpressible("A recurrence is a pattern and a range.")
    kind = pattern.get("type")
    if kind not in _NEEDS or set(pattern) - _KNOWN:
        raise Inexpressible(f"No such pattern: {kind} with {sorted(set(pattern) - _KNOWN)}")
    if any(not pattern.get(name) for name in _NEEDS[kind]):
        raise Inexpressible(f"{kind} needs {sorted(_NEEDS[kind])}")
    _check_values(pattern)
    if span.get("type") not in _ENDS or not span.get("startDate") or not span.get(_ENDS[span["type"]]):
        raise Inexpressible(f"No such range: {span}")


def _check_values(pattern: dict[str, Any]) -> None:
    if not isinstance(pattern.get("interval"), int) or not 1 <= pattern["interval"] <= 999:
        raise Inexpressible("interval is from 1 to 999")
    if any(day not in DAYS for day in pattern.get("daysOfWeek") or []):
        raise Inexpressible(f"No such days: {pattern['daysOfWeek']}")
    if pattern.get("index") not in {None, *INDEXES} or not 0 <= (pattern.get("dayOfMonth") or 0) <= 31:
        raise Inexpressible(f"No such day of a month: {pattern}")
    if not 0 <= (pattern.get("month") or 0) <= 12:
        raise Inexpressible(f"No such month: {pattern['month']}")


def days(recurrence: dict[str, Any], until: date) -> Iterator[date]:
    """The days on which occurrences begin, to `until` inclusive."""
    span = recurrence["range"]
    start, last = date.fromisoformat(span["startDate"]), until
    if span["type"] == "endDate":
        last = min(until, date.fromisoformat(span["endDate"]))
    limit = span.get("numberOfOccurrences") if span["type"] == "numbered" else None
    for day in islice(_endless(recurrence["pattern"], start), limit):
        if day > last:
            return
        yield day


def _endless(pattern: dict[str, Any], start: date) -> Iterator[date]:
    for period in islice(count(), _FAR):
        try:
            for day in _of_period(pattern, start, period * pattern["interval"]):
                if day >= start:
                    yield day
        except (OverflowError, ValueError):
            return


def _of_period(pattern: dict[str, Any], start: date, step: int) -> list[date]:
    kind = pattern["type"]
    if kind == "daily":
        return [start + timedelta(days=step)]
    if kind == "weekly":
        return _of_week(pattern, start + timedelta(weeks=step))
    month = start.year * 12 + start.month - 1 + step
    if kind.endswith("Yearly"):
        month = (start.year + step) * 12 + pattern["month"] - 1
    year, month = divmod(month, 12)
    if kind.startswith("absolute"):
        longest = months.monthrange(year, month + 1)[1]
        return [date(year, month + 1, min(pattern["dayOfMonth"], longest))]  # the 31st is the last, Outlook's way
    fitting = [day for day in _of_month(year, month + 1) if DAYS[day.weekday()] in pattern["daysOfWeek"]]
    return [fitting[INDEXES[pattern.get("index") or "first"]]]


def _of_week(pattern: dict[str, Any], inside: date) -> list[date]:
    first = DAYS.index(pattern.get("firstDayOfWeek") or "sunday")
    begin = inside - timedelta(days=(inside.weekday() - first) % 7)
    week = [begin + timedelta(days=i) for i in range(7)]
    return [day for day in week if DAYS[day.weekday()] in pattern["daysOfWeek"]]


def _of_month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, months.monthrange(year, month)[1] + 1)]
