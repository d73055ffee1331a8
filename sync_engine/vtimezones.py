"""VTIMEZONE of a known zone (RFC 5545 3.6.5), for calendar programs that go by the rules and not the name.

The rules are what the IANA data say from a year on to 2100: a yearly rule where one goes with it, single dates where
none does (RFC 5545 asks for no more, and Observances reads no further).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby

from sync_engine.formats.text_values import escape
from sync_engine.model import Component, ContentLine, Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.observances import LAST_YEAR
from sync_engine.zones import by_name, is_known, local_time

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STEP = timedelta(days=7)  # no zone changes its clock twice within
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)  # a day is more than those are off who read UNTIL as local
_EARLIEST, _USUAL, _DECADE = 1900, 2020, 10  # years: later events have the same text as those of today
_FEW = 3  # years below which dates are shorter than a rule


@dataclass(frozen=True, slots=True)
class Change:
    """From this wall clock time (as it was before) on, another offset holds."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str = ""  # TZNAME: CEST
    daylight: bool = False


def with_zones(record: Event) -> Event:
    """An event with a VTIMEZONE for each zone that it names and does not describe; unknown ones stay as they are."""
    return replace(record, zones=record.zones + missing_zones(record))


def missing_zones(record: Event | Task) -> tuple[Component, ...]:
    """The VTIMEZONEs that a record lacks, if all its zones are known: an only one would be taken for what is not."""
    described = {line.value for zone in record.zones for line in zone.lines if line.name == "TZID"}
    moments = list(_moments(record))
    names = dict.fromkeys(moment.zone for moment in moments)
    if not all(is_known(name, record.zones) for name in names):
        return ()
    first = min((local_time(moment).year for moment in moments), default=_USUAL)
    wanted = [name for name in names if name not in ("", "UTC") and escape(name) not in described]
    return tuple(zone for zone in (vtimezone(name, first) for name in wanted) if zone)


def _moments(record: Event | Task) -> Iterator[Moment]:
    for details in (record.master, *record.overrides):
        if details is None:
            continue
        last = details.end if isinstance(details, EventDetails) else None
        due = (details.due, details.completed) if isinstance(details, TaskDetails) else ()
        found = (details.start, last, details.recurrence_id, *due)
        yield from (moment for moment in found if moment and moment.zone)
        yield from (moment for moment in (*details.recurrence_dates, *details.exception_dates) if moment.zone)


def vtimezone(name: str, year: int) -> Component | None:
    """The VTIMEZONE of a zone (IANA or Windows name ...) that is right from this year on; None of one nobody knows."""
    return _vtimezone(name, max(_EARLIEST, min(year // _DECADE * _DECADE, _USUAL)))


@lru_cache(maxsize=512)  # items share them, and so do those who read their rules
def _vtimezone(name: str, year: int) -> Component | None:
    zone = by_name(name)
    return component(name, list(changes(zone, year - 1)), _standing(zone, year - 1)) if zone else None


def component(name: str, found: Sequence[Change], standing: Change) -> Component:
    """The VTIMEZONE of these changes; `standing` is what held before them."""
    parts = [_observance(standing, [])] if not found or found[0].at.year > standing.at.year else []
    parts += _observances(found)
    parts.sort(key=lambda part: next(line.value for line in part.lines if line.name == "DTSTART"))
    return Component("VTIMEZONE", (ContentLine("TZID", escape(name)),), tuple(parts))


def _standing(zone: tzinfo, year: int) -> Change:
    at = datetime(year, 1, 1, tzinfo=UTC)
    offset, name, daylight = _state(zone, at)
    return Change(at.replace(tzinfo=None), offset, offset, name, daylight)


def changes(zone: tzinfo, year: int) -> Iterator[Change]:
    """All changes of a zone's offset, from this year on."""
    at, last = datetime(year, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)
    before = _state(zone, at)
    while at < last:
        after = _state(zone, at + _STEP)
        if after[0] != before[0]:
            onset = _first_with(zone, at, after[0])
            summer = (before[2] or after[2]) and after[0] > before[0]  # also where the data call winter the exception
            yield Change((onset + before[0]).replace(tzinfo=None), before[0], after[0], after[1], summer)
        at, before = at + _STEP, after


def _state(zone: tzinfo, at: datetime) -> tuple[timedelta, str, bool]:
    local = at.astimezone(zone)
    return local.utcoffset() or timedelta(0), local.tzname() or "", bool(local.dst())


def _first_with(zone: tzinfo, at: datetime, offset: timedelta) -> datetime:
    """The first second with this offset within a step."""
    low, high = 0, int(_STEP.total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (at + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return at + high * _SECOND


# ---------------------------------------------------------------- rules


def _observances(found: Iterable[Change]) -> Iterator[Component]:
    for _, alike in groupby(sorted(found, key=_kind), key=lambda one: _kind(one)[:-1]):
        yield from _of_one_kind(list(alike))


def _kind(one: Change) -> tuple[timedelta, timedelta, bool, str, time, datetime]:
    return one.before, one.after, one.daylight, one.name, one.at.time(), one.at


def _of_one_kind(left: list[Change]) -> Iterator[Component]:
    """The longest stretches that a yearly rule goes with, and in one the dates that are left."""
    single: list[Change] = []
    while left:
        rule, count = max(((rule, _count(left, rule)) for rule in _rules(left[0].at)), key=lambda found: found[1])
        if count < _FEW:
            single.append(left.pop(0))
            continue
        last = left[count - 1].at
        until = "" if last.year == LAST_YEAR else f";UNTIL={last + _DAY:%Y%m%dT%H%M%SZ}"
        yield _observance(left[0], [ContentLine("RRULE", f"{rule}{until}")])
        left = left[count:]
    if single:
        dates = ",".join(f"{one.at:%Y%m%dT%H%M%S}" for one in single[1:])
        yield _observance(single[0], [ContentLine("RDATE", dates)] if dates else [])


def _count(found: list[Change], rule: _Rule) -> int:
    """With how many changes from the first on, one each year, a rule goes."""
    first = found[0].at.year
    return next((n for n, one in enumerate(found) if one.at.year != first + n or not rule.has(one.at)), len(found))


def _rules(at: datetime) -> Iterator[_Rule]:
    """What rule this may be the first date of, the usual ones first."""
    last = monthrange(at.year, at.month)[1]
    if at.day + 7 > last:
        yield _Rule(at.month, at.weekday(), -1)
    if at.day <= 28:
        yield _Rule(at.month, at.weekday(), (at.day + 6) // 7)
    yield from (
        _Rule(at.month, at.weekday(), 0, first) for first in range(max(1, at.day - 6), min(at.day, last - 6) + 1)
    )
    yield _Rule(at.month, None, 0, at.day)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A day of each year."""

    month: int
    weekday: int | None
    which: int  # of the month: -1 the last one; 0: the one in the week from `first` on
    first: int = 0  # the day itself where no weekday is meant

    def has(self, at: datetime) -> bool:
        """Whether the rule's day in this year is this one."""
        if at.month != self.month or (self.weekday is not None and at.weekday() != self.weekday):
            return False
        if self.weekday is None:
            return at.day == self.first
        if self.which == -1:
            return at.day + 7 > monthrange(at.year, at.month)[1]
        return (at.day + 6) // 7 == self.which if self.which else self.first <= at.day < self.first + 7

    def __str__(self) -> str:
        head = f"FREQ=YEARLY;BYMONTH={self.month}"
        if self.weekday is None:
            return f"{head};BYMONTHDAY={self.first}"
        if self.which:
            return f"{head};BYDAY={self.which}{_WEEKDAYS[self.weekday]}"
        days = ",".join(str(self.first + number) for number in range(7))
        return f"{head};BYMONTHDAY={days};BYDAY={_WEEKDAYS[self.weekday]}"


def _observance(first: Change, more: list[ContentLine]) -> Component:
    lines = [
        ContentLine("TZOFFSETFROM", _written(first.before)),
        ContentLine("TZOFFSETTO", _written(first.after)),
        *([ContentLine("TZNAME", escape(first.name))] if first.name else []),
        ContentLine("DTSTART", f"{first.at:%Y%m%dT%H%M%S}"),
    ]
    return Component("DAYLIGHT" if first.daylight else "STANDARD", (*lines, *more))


def _written(offset: timedelta) -> str:
    """UTC-OFFSET: +0100, with seconds where it has any."""
    seconds = abs(int(offset.total_seconds()))
    sign = "-" if offset < timedelta(0) else "+"
    return f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}" + (f"{seconds % 60:02}" if seconds % 60 else "")
