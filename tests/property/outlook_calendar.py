"""When Outlook's patterns take place, worked out apart from the code under test; and what Graph keeps of writes."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.microsoft.patterns import Pattern, PatternKind, Recurrence
from connectors.microsoft365.mapping_series import SeriesWrite
from sync_engine.windows_zones import WINDOWS_ZONES

HORIZON = timedelta(days=731)


def outlook_days(recurrence: Recurrence) -> list[date]:
    """The days of a recurrence in the two years from its start. A day that a month has not is its last one."""
    end = recurrence.start + HORIZON
    days = (day for day in _days(recurrence.pattern, recurrence.start) if day >= recurrence.start)
    found: list[date] = []
    for day in days:
        if day >= end or len(found) == recurrence.count or (recurrence.until and day > recurrence.until):
            break
        found.append(day)
    return found


def _days(pattern: Pattern, start: date) -> Iterator[date]:
    if pattern.kind is PatternKind.DAILY:
        yield from (start + timedelta(days=n * pattern.interval) for n in range(1000))
    elif pattern.kind is PatternKind.WEEKLY:
        monday = start - timedelta(days=(start.weekday() - pattern.week_start) % 7)
        for week in range(120):
            first = monday + timedelta(weeks=week * pattern.interval)
            yield from (d for d in (first + timedelta(days=n) for n in range(7)) if d.weekday() in pattern.weekdays)
    else:
        yearly = pattern.kind in (PatternKind.YEARLY, PatternKind.YEARLY_BY_DAY)
        step = pattern.interval * (12 if yearly else 1)
        month = start.year * 12 + (pattern.month or start.month) - 1
        for number in range(month, month + 40 * 12, step):
            yield _day_in(pattern, number // 12, number % 12 + 1)


def _day_in(pattern: Pattern, year: int, month: int) -> date:
    last = monthrange(year, month)[1]
    if pattern.day:
        return date(year, month, min(pattern.day, last))
    days = [date(year, month, n) for n in range(1, last + 1)]
    fitting = [day for day in days if day.weekday() in pattern.weekdays]
    return fitting[pattern.index - 1 if pattern.index > 0 else pattern.index]


class GraphSeries:
    """One event or series at Graph. Exceptions are forgotten when its times or its pattern are written."""

    def __init__(self, uid: str) -> None:
        self.master: dict[str, Any] = {"id": "AAMk.x", "uid": uid}
        self.own: dict[date, dict[str, Any]] = {}
        self.cancelled: set[date] = set()

    def apply(self, write: SeriesWrite) -> GraphSeries:
        if {"start", "end", "isAllDay", "recurrence"} & set(write.master):
            self.own, self.cancelled = {}, set()
        self.master |= _as_answered(write.master)
        for day, own in write.occurrences.items():
            assert day not in self.cancelled, "a cancelled occurrence cannot be written"
            self.own[day] = self.own.get(day, {}) | _as_answered(own)
        for day in write.cancelled:
            assert day not in self.cancelled, "a cancelled occurrence cannot be cancelled again"
            self.own.pop(day, None)
            self.cancelled.add(day)
        return self

    def answer(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The master and the exceptions."""
        master = self.master | {"cancelledOccurrences": [f"OID.AAMk.x.{day}" for day in sorted(self.cancelled)]}
        return master, [self._exception(day) for day in sorted(self.own)]

    def _exception(self, day: date) -> dict[str, Any]:
        start, end = (_moved(self.master[name], self.master, day) for name in ("start", "end"))
        inherited = {name: value for name, value in self.master.items() if name != "recurrence"}
        return {**inherited, "start": start, "end": end, **self.own[day], "originalStart": f"{start['dateTime'][:19]}Z"}


def graph_keeps(write: SeriesWrite, uid: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The master and the exceptions that Graph would answer with after `write` to an empty calendar."""
    return GraphSeries(uid).apply(write).answer()


def _as_answered(properties: dict[str, Any]) -> dict[str, Any]:
    """Times as with ``Prefer: outlook.timezone="UTC"``: in UTC, and the zone they were written in apart."""
    found = dict(properties)
    for name, original in (("start", "originalStartTimeZone"), ("end", "originalEndTimeZone")):
        if name in found:
            found[original] = found[name]["timeZone"]
            zone = ZoneInfo(WINDOWS_ZONES[found[name]["timeZone"]])
            at = datetime.fromisoformat(found[name]["dateTime"]).replace(tzinfo=zone).astimezone(UTC)
            found[name] = {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
    return found


def _moved(value: dict[str, str], master: dict[str, Any], day: date) -> dict[str, str]:
    """A time of the master on the day of an occurrence, at the same time by the clock on the wall."""
    zone = ZoneInfo(WINDOWS_ZONES[master["originalStartTimeZone"]])
    local = datetime.fromisoformat(value["dateTime"][:19]).replace(tzinfo=UTC).astimezone(zone)
    start = datetime.fromisoformat(master["start"]["dateTime"][:19]).replace(tzinfo=UTC).astimezone(zone)
    at = (local + (day - start.date())).astimezone(UTC)
    return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
