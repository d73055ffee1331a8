"""Calendars around the changes of the clock in 2026, for every zone, and the instants they mean (by zoneinfo)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import icalendar

from tests.series_samples import calendar, component

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Change:
    """A change of the clock: the wall clock time at which it comes, by the old offset, and how far it goes."""

    local: datetime
    by: timedelta

    @property
    def odd(self) -> datetime:
        """A time that is skipped, or one that comes twice."""
        return self.local + self.by / 2


@lru_cache(maxsize=200)
def changes(zone: str) -> list[Change]:
    """The changes of 2026; of zones that have none, two moments at which nothing happens."""
    info = ZoneInfo(zone)
    days = [datetime(2026, 1, 1, tzinfo=UTC) + number * _DAY for number in range(366)]
    found = [_change(info, one, other) for one, other in pairwise(days) if _offset(info, one) != _offset(info, other)]
    quiet = [Change(datetime(2026, month, 29, 2), timedelta(0)) for month in (3, 10)]
    return found or quiet


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> Change:
    old, new = _offset(zone, before), _offset(zone, after)
    while after - before > timedelta(minutes=1):
        middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return Change((after + old).replace(tzinfo=None), new - old)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def described(name: str, zone: str) -> str:
    """The VTIMEZONE of a zone under any name, as icalendar writes it."""
    written = icalendar.Timezone.from_tzid(zone, first_date=date(2025, 1, 1), last_date=date(2028, 1, 1)).to_ical()
    return str(written.decode()).replace(f"TZID:{zone}\r\n", f"TZID:{name}\r\n")


@dataclass(frozen=True)
class Case:
    """A calendar, and when it takes place: as `tests.series_oracle` shows it."""

    label: str
    text: str
    begins: list[str]


def cases(zone: str, tzid: str, vtimezone: str = "") -> Iterator[Case]:
    """What there is around each change: single events, series over it, overrides into it and out of it."""
    info = ZoneInfo(zone)
    for number, change in enumerate(changes(zone)):
        yield from _single(info, tzid, vtimezone, change, number)
        yield _series(info, tzid, vtimezone, change, number)


def _single(info: ZoneInfo, tzid: str, vtimezone: str, change: Change, number: int) -> Iterator[Case]:
    for label, local in (
        ("before", change.local - 5 * _HOUR),
        ("odd", change.odd),
        ("after", change.local + 5 * _HOUR),
    ):
        lines = (_at("DTSTART", tzid, local), "DURATION:PT30M", "SUMMARY:x")
        yield Case(f"{number}-{label}", calendar(vtimezone, component(*lines)), [instant(local, info)])


def _series(info: ZoneInfo, tzid: str, vtimezone: str, change: Change, number: int) -> Case:
    """Daily at the odd time, over the change. One is moved into the odd time, the one at it away, one is cancelled."""
    days = [change.odd + day * _DAY for day in range(-20, 20)]
    into, away, cancelled = days[15], change.odd, days[25]
    moved = {into: change.odd + timedelta(minutes=1), away: change.local + 30 * _HOUR + timedelta(minutes=2)}
    master = (
        _at("DTSTART", tzid, days[0]),
        "DURATION:PT30M",
        "RRULE:FREQ=DAILY;COUNT=40",
        _at("EXDATE", tzid, cancelled),
    )
    overrides = [
        component(_at("RECURRENCE-ID", tzid, old), _at("DTSTART", tzid, new), "DURATION:PT30M", "SUMMARY:x")
        for old, new in moved.items()
    ]
    text = calendar(vtimezone, component(*master, "SUMMARY:x"), *overrides)
    times = [moved.get(day, day) for day in days if day != cancelled]
    return Case(f"{number}-series", text, sorted(instant(time, info) for time in times))


def _at(name: str, tzid: str, local: datetime) -> str:
    quoted = f'"{tzid}"' if any(letter in tzid for letter in ",:;") else tzid
    return f"{name};TZID={quoted}:{local:%Y%m%dT%H%M%S}"


def instant(local: datetime, zone: ZoneInfo) -> str:
    """RFC 5545 3.3.5: the first of two, and before the gap; zoneinfo says the same."""
    return local.replace(tzinfo=zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
