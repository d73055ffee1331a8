"""When events and tasks take place: the range of an item, and its single occurrences.

Everything here is bounded (years to 2100, a budget of steps, QUALITY limits): no text that people or programs send can
stop the hub. A rule that is refused counts as absent: the first occurrence and the RDATEs remain.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import NamedTuple, TypeAlias

from sync_engine.errors import Rejected
from sync_engine.model import Component, Event, EventDetails, Moment, Task
from sync_engine.occurrence_ids import AnyDetails, begin_of, occurrence
from sync_engine.recurrence_limits import check, exception_rules
from sync_engine.rules import LAST_YEAR, Budget, Rule, TooMuchWork, occurrences, read_rule
from sync_engine.zones import Zone, instant, local_time, resolve, wall_clock, zone_for

__all__ = ["Instance", "Occurrence", "check", "duration", "expanded", "instances", "length", "occurs", "span"]

Instance: TypeAlias = tuple[datetime, datetime, AnyDetails]


class Occurrence(NamedTuple):
    """One occurrence, in UTC."""

    start: datetime
    end: datetime
    details: AnyDetails  # that hold: of the series, or of an override
    original: datetime  # when it would have started, had nobody moved it: what RECURRENCE-ID means
    source: AnyDetails  # the master or override of the record that says so


_Range: TypeAlias = tuple[datetime, datetime | None]

_DURATION = re.compile(r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?\Z")
_DAY = timedelta(days=1)
_NONE = timedelta(0)
_LAST = datetime(LAST_YEAR, 12, 31, tzinfo=UTC)


def instances(
    event: Event | Task,
    start: datetime,
    end: datetime,
    limit: int = 1000,
    floating: tzinfo = UTC,
    budget: Budget | None = None,
) -> Iterator[Instance]:
    """Occurrences that overlap [start, end), in order of their start: start and end in UTC, and the details that hold.

    EXDATE, RDATE, overrides and THISANDFUTURE are respected; overrides come with their own details, moved along with
    THISANDFUTURE also the later ones. At most `limit`, and as many as the budget allows.
    """
    found = expanded(event, start, end, floating, budget)
    return islice((one[:3] for one in found), limit)


def expanded(
    event: Event | Task, start: datetime, end: datetime, floating: tzinfo = UTC, budget: Budget | None = None
) -> list[Occurrence]:
    """As `instances`, all of them, with what each comes from."""
    found = list(_overlapping(event, start, end, floating, budget or Budget()))
    found.sort(key=lambda one: (one.start, one.end))
    return found


def occurs(
    event: Event | Task, start: datetime, end: datetime, floating: tzinfo = UTC, budget: Budget | None = None
) -> bool:
    """Whether an occurrence overlaps [start, end); stops at the first one that does."""
    return next(_overlapping(event, start, end, floating, budget or Budget()), None) is not None


def span(record: Event | Task, floating: tzinfo = UTC) -> _Range | None:
    """The time range that encloses all occurrences, in UTC; the end is None when there is none, or it is not known.

    None for tasks without dates. Nothing is expanded but rules with COUNT.
    """
    budget = Budget()
    series = _series(record, floating)
    of_series = _ranges(series, budget) if series else []
    ranges = list(of_series)
    for details in record.overrides:
        begin = begin_of(details)
        if begin is not None:
            start = resolve(begin, record.zones, floating)
            ranges.append((start, _later(start, length(details, record.zones, floating))))
    ranges += (
        [(of_series[0][0], _moved_end(of_series, series, future)) for future in _futures(series)] if series else []
    )
    if not ranges:
        return None
    return min(start for start, _ in ranges), _latest(ranges)


def _latest(ranges: list[_Range]) -> datetime | None:
    ends = [end for _, end in ranges if end is not None]
    return max(ends) if len(ends) == len(ranges) else None


# ---------------------------------------------------------------- the series


@dataclass(frozen=True, slots=True)
class _Series:
    """A master with all that its expansion needs to know."""

    record: Event | Task
    master: AnyDetails
    first: Moment
    zone: Zone
    length: timedelta
    floating: tzinfo

    @property
    def zones(self) -> tuple[Component, ...]:
        return self.record.zones

    def meant(self, moment: Moment) -> datetime:
        """The occurrence that a RECURRENCE-ID, EXDATE or RDATE means."""
        return occurrence(moment, self.first, self.zones, self.floating)


def _series(record: Event | Task, floating: tzinfo) -> _Series | None:
    first = begin_of(record.master) if record.master else None
    if record.master is None or first is None:
        return None
    zone = zone_for(first, record.zones, floating)
    return _Series(record, record.master, first, zone, length(record.master, record.zones, floating), floating)


def _ranges(series: _Series, budget: Budget) -> list[_Range]:
    """Of DTSTART, of each rule, and of each RDATE."""
    start = instant(local_time(series.first), series.zone)
    ranges: list[_Range] = [(start, _later(start, series.length))]
    ranges += [(start, _rule_end(rule, series, budget)) for rule in series.master.rules]
    for moment in series.master.recurrence_dates:
        at = series.meant(moment)
        own = _period_length(moment, series.zones, series.floating)
        ranges.append((at, _later(at, series.length if own is None else own)))
    return ranges


def _moved_end(ranges: list[_Range], series: _Series, future: _Future) -> datetime | None:
    """When the occurrences end that an override with THISANDFUTURE moves along."""
    last = _latest(ranges)
    return None if last is None else _later(future.moved(_later(last, -series.length)), future.length)


def _rule_end(text: str, series: _Series, budget: Budget) -> datetime | None:
    start = local_time(series.first)
    last = None
    try:
        rule = read_rule(text)
        if rule.until:
            return _later(_until(rule, series), series.length + _DAY)
        if rule.count is None:
            return None
        for last in occurrences(rule, start, start, budget=budget):  # noqa: B007 - the last one is meant
            pass
    except TooMuchWork:
        return None
    except Rejected:
        pass
    return _later(instant(last or start, series.zone), series.length)


# ---------------------------------------------------------------- occurrences


def _overlapping(
    event: Event | Task, start: datetime, end: datetime, floating: tzinfo, budget: Budget
) -> Iterator[Occurrence]:
    """In no order."""
    for one in _all(event, start, end, floating, budget):
        if one.start < end and (one.end > start or one.start >= start):
            yield one


def _all(event: Event | Task, start: datetime, end: datetime, floating: tzinfo, budget: Budget) -> Iterator[Occurrence]:
    series = _series(event, floating)
    first = series.first if series else None
    for one in event.overrides:
        begin = begin_of(one)
        if begin is not None:
            at = resolve(begin, event.zones, floating)
            original = occurrence(one.recurrence_id or begin, first, event.zones, floating)
            yield Occurrence(at, _later(at, length(one, event.zones, floating)), one, original, one)
    if series is None:
        return
    replaced = {series.meant(one.recurrence_id) for one in event.overrides if one.recurrence_id}
    futures = _futures(series)
    since = [future.since for future in futures]
    reach = max([series.length, *[abs(one.shift) + one.length + _DAY for one in futures]])
    for at, own in _master_times(series, _wider(start, end, reach), budget):
        if at in replaced:
            continue
        past = bisect_right(since, at)
        if past:
            future = futures[past - 1]
            moved = future.moved(at)
            yield Occurrence(moved, _later(moved, future.length), future.details, at, future.source)
        else:
            yield Occurrence(at, _later(at, own), series.master, at, series.master)


def _wider(start: datetime, end: datetime, reach: timedelta) -> tuple[datetime, datetime]:
    try:
        return start - reach, _later(end, reach)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC), _later(end, reach)


class _Future(NamedTuple):
    """What an override with THISANDFUTURE says: from when on, and how much later by the clock on the wall."""

    since: datetime
    shift: timedelta
    length: timedelta
    details: AnyDetails
    source: AnyDetails  # the override
    zones: tuple[Zone, Zone]  # of the series before, and from then on

    def moved(self, at: datetime) -> datetime:
        """The instant to which an occurrence of the series is moved."""
        return instant(_later(wall_clock(at, self.zones[0]), self.shift), self.zones[1])


def _futures(series: _Series) -> list[_Future]:
    """In order of time."""
    found = [_future(one, series) for one in series.record.overrides if one.this_and_future and one.recurrence_id]
    return sorted((one for one in found if one), key=lambda future: future.since)


def _future(one: AnyDetails, series: _Series) -> _Future | None:
    begin = begin_of(one)
    if begin is None or one.recurrence_id is None:
        return None
    zones, floating = series.zones, series.floating
    after = series.zone if begin.zone in ("", "UTC") else zone_for(begin, zones, floating)
    since = series.meant(one.recurrence_id)
    shift = wall_clock(resolve(begin, zones, floating), after) - wall_clock(since, series.zone)
    details = replace(one, recurrence_id=None, this_and_future=False)
    return _Future(since, shift, length(one, zones, floating), details, one, (series.zone, after))


def _master_times(
    series: _Series, window: tuple[datetime, datetime], budget: Budget
) -> Iterator[tuple[datetime, timedelta]]:
    """Start and length of the occurrences of the master in the window, without those of EXDATE and EXRULE."""
    master = series.master
    seen = {series.meant(moment) for moment in master.exception_dates}
    for text in exception_rules(master):
        share = Budget(budget.left // 2)  # so that enough is left to find what is not excepted
        seen.update(_rule_times(text, series, window, share))
        budget.take(share.most - max(share.left, 0))
    days = _excluded_days(series)
    for at, own in _candidates(series, window, budget):
        if at not in seen and not (days and wall_clock(at, series.zone).date() in days):
            seen.add(at)
            yield at, series.length if own is None else own


def _excluded_days(series: _Series) -> set[date]:
    """EXDATE as a date in a series with times: not what RFC 5545 3.8.5.1 asks for, but many write it."""
    if series.first.is_date:
        return set()
    return {local_time(moment).date() for moment in series.master.exception_dates if moment.is_date}


def _candidates(
    series: _Series, window: tuple[datetime, datetime], budget: Budget
) -> Iterator[tuple[datetime, timedelta | None]]:
    """Times by RDATE, with their own length if they have one, DTSTART and RRULE."""
    for moment in series.master.recurrence_dates:
        yield series.meant(moment), _period_length(moment, series.zones, series.floating)
    yield instant(local_time(series.first), series.zone), None
    for text in series.master.rules:
        for at in _rule_times(text, series, window, budget):
            yield at, None


def _rule_times(text: str, series: _Series, window: tuple[datetime, datetime], budget: Budget) -> Iterator[datetime]:
    """The occurrences of a rule in the window, as far as the budget goes; none of a rule that is refused."""
    try:
        rule = read_rule(text)
        until = min(_until(rule, series), window[1]) if rule.until else window[1]
        start, zone = local_time(series.first), series.zone
        first, last = (max(start, _naive(window[0], -_DAY)), _naive(until, _DAY))
        for local in occurrences(rule, start, first, last, budget):
            at = instant(local, zone)
            if at > until:
                return
            if at >= window[0]:
                yield at
    except Rejected:
        return


def _naive(at: datetime, by: timedelta) -> datetime:
    """An instant as if it were a wall clock time, moved by more than any zone is away from UTC."""
    try:
        return (at + by).replace(tzinfo=None)
    except OverflowError:
        return at.replace(tzinfo=None)


def _until(rule: Rule, series: _Series) -> datetime:
    """UNTIL as instant. A date means the whole day; a time without Z is in the zone of the start.

    The days of a series of days are days wherever one is: there the date alone counts.
    """
    text = rule.until
    if len(text) == 8 or series.first.is_date:
        return instant(local_time(Moment(f"{text[:8]}T235959")), series.zone)
    local = local_time(Moment(text[:15]))
    return local.replace(tzinfo=UTC) if text.endswith("Z") else instant(local, series.zone)


# ---------------------------------------------------------------- length


def length(details: AnyDetails, zones: tuple[Component, ...], floating: tzinfo) -> timedelta:
    """How long one occurrence of a master or override takes; never negative.

    A date without an end is one day (RFC 5545 3.6.1).
    """
    begin = begin_of(details)
    end = details.end if isinstance(details, EventDetails) else details.due
    if begin is None:
        return _NONE
    if end is not None:
        return max(resolve(end, zones, floating) - resolve(begin, zones, floating), _NONE)
    if details.duration:
        return duration(details.duration) or _NONE
    return _DAY if begin.is_date and isinstance(details, EventDetails) else _NONE


def _period_length(moment: Moment, zones: tuple[Component, ...], floating: tzinfo) -> timedelta | None:
    _, slash, end = moment.value.partition("/")
    if not slash:
        return None
    if "P" in end:
        return duration(end)
    length = resolve(Moment(end, moment.zone), zones, floating) - resolve(moment, zones, floating)
    return max(length, _NONE)


def duration(text: str) -> timedelta | None:
    """A DURATION value (RFC 5545 3.3.6); None when it is none or negative."""
    match = _DURATION.match(text.strip().upper())
    if match is None or match[1] == "-":
        return None
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _later(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return _LAST if by > _NONE else at
