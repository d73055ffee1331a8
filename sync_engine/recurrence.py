"""When events and tasks take place: the range of an item, and its single occurrences.

Everything here is bounded (years to 2100, 3,500 occurrences, QUALITY limits): no text that people or programs send can
stop the hub. A rule that is refused counts as absent: the first occurrence and the RDATEs remain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import NamedTuple, TypeAlias

from sync_engine.errors import Rejected
from sync_engine.model import Component, Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.rules import LAST_YEAR, Rule, occurrences, read_rule
from sync_engine.zones import Zone, instant, local_time, resolve, wall_clock, zone_for

AnyDetails: TypeAlias = EventDetails | TaskDetails
Instance: TypeAlias = tuple[datetime, datetime, AnyDetails]

_DURATION = re.compile(r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?\Z")
_DAY = timedelta(days=1)
_NONE = timedelta(0)
_MOST_SCANNED = 20_000  # occurrences looked at for one answer
_LAST = datetime(LAST_YEAR, 12, 31, tzinfo=UTC)


def check(record: Event | Task) -> None:
    """Refuse recurrences that could run away. Raises `Rejected` with the reason."""
    for details in (record.master, *record.overrides):
        for rule in (*details.rules, *_exception_rules(details)) if details else ():
            read_rule(rule)


def _exception_rules(details: AnyDetails) -> list[str]:
    """EXRULE (RFC 2445 4.8.5.2): no longer to be written, but old calendars have it."""
    return [line.value for line in details.extra if line.name == "EXRULE"]


def span(record: Event | Task, floating: tzinfo = UTC) -> tuple[datetime, datetime | None] | None:
    """The time range that encloses all occurrences, in UTC; the end is None when there is none, or it is not known.

    None for tasks without dates. Nothing is expanded but rules with COUNT.
    """
    ranges: list[tuple[datetime, datetime | None]] = []
    for details in (record.master, *record.overrides):
        if details is not None:
            ranges += _ranges(details, record, floating)
    if not ranges:
        return None
    ends = [end for _, end in ranges if end is not None]
    return min(start for start, _ in ranges), max(ends) if len(ends) == len(ranges) else None


def _ranges(details: AnyDetails, record: Event | Task, floating: tzinfo) -> list[tuple[datetime, datetime | None]]:
    begin = _begin(details)
    if begin is None:
        return []
    start = resolve(begin, record.zones, floating)
    length = _length(details, record.zones, floating)
    ranges: list[tuple[datetime, datetime | None]] = [(start, _later(start, length))]
    ranges += [(start, _rule_end(rule, begin, length, record.zones, floating)) for rule in details.rules]
    for moment in details.recurrence_dates:
        at = resolve(moment, record.zones, floating)
        ranges.append((at, _later(at, _period_length(moment, record.zones, floating) or length)))
    future = _future(details, record, floating)
    if future and record.master:
        ranges.append((start, _moved_end(future, record.master, record, floating)))
    return ranges


def _moved_end(future: _Future, master: AnyDetails, record: Event | Task, floating: tzinfo) -> datetime | None:
    """When the occurrences end that an override with THISANDFUTURE moves along."""
    ends = [end for _, end in _ranges(master, record, floating)]
    known = [end for end in ends if end is not None]
    own = _length(master, record.zones, floating)
    return _later(future.moved(max(known) - own), future.length) if len(known) == len(ends) else None


def _rule_end(
    text: str, begin: Moment, length: timedelta, zones: tuple[Component, ...], floating: tzinfo
) -> datetime | None:
    try:
        rule = read_rule(text)
    except Rejected:
        return resolve(begin, zones, floating)
    if rule.until:
        return _later(_until(rule, begin, zones, floating), length + _DAY)
    if rule.count is None:
        return None
    last = None
    for last in occurrences(rule, local_time(begin), local_time(begin)):  # noqa: B007 - the last one is meant
        pass
    return _later(_instant(last, begin, zones, floating), length) if last else resolve(begin, zones, floating)


def instances(
    event: Event | Task, start: datetime, end: datetime, limit: int = 1000, floating: tzinfo = UTC
) -> Iterator[Instance]:
    """Occurrences that overlap [start, end), in order of their start: start and end in UTC, and the details that hold.

    EXDATE, RDATE, overrides and THISANDFUTURE are respected; overrides come with their own details, moved along with
    THISANDFUTURE also the later ones. At most `limit`.
    """
    found = [one for one in _all(event, start, end, floating) if _overlaps(one, start, end)]
    found.sort(key=lambda one: (one[0], one[1]))
    return islice(iter(found), limit)


def _overlaps(one: Instance, start: datetime, end: datetime) -> bool:
    begins, ends, _ = one
    return begins < end and (ends > start or begins >= start)


def _all(event: Event | Task, start: datetime, end: datetime, floating: tzinfo) -> Iterator[Instance]:
    zones = event.zones
    for one in event.overrides:
        begin = _begin(one)
        if begin is not None:
            at = resolve(begin, zones, floating)
            yield at, _later(at, _length(one, zones, floating)), one
    if event.master is None or _begin(event.master) is None:
        return
    replaced = {resolve(one.recurrence_id, zones, floating) for one in event.overrides if one.recurrence_id}
    futures = [future for future in (_future(one, event, floating) for one in event.overrides) if future]
    futures.sort(key=lambda future: future.since)
    reach = max([_length(event.master, zones, floating), *[abs(one.shift) + one.length + _DAY for one in futures]])
    for at, length in _master_times(event.master, zones, (start - reach, end + reach), floating):
        if at in replaced:
            continue
        past = [future for future in futures if future.since <= at]
        if past:
            moved = past[-1].moved(at)
            yield moved, _later(moved, past[-1].length), past[-1].details
        else:
            yield at, _later(at, length), event.master


class _Future(NamedTuple):
    """What an override with THISANDFUTURE says: from when on, and how much later by the clock on the wall."""

    since: datetime
    shift: timedelta
    length: timedelta
    details: AnyDetails
    zones: tuple[Zone, Zone]  # of the series before, and from then on

    def moved(self, at: datetime) -> datetime:
        """The instant to which an occurrence of the series is moved."""
        return instant(_later(wall_clock(at, self.zones[0]), self.shift), self.zones[1])


def _future(one: AnyDetails, event: Event | Task, floating: tzinfo) -> _Future | None:
    begin, first = _begin(one), _begin(event.master) if event.master else None
    if not (one.this_and_future and one.recurrence_id and begin and first):
        return None
    before = zone_for(first, event.zones, floating)
    after = before if begin.zone in ("", "UTC") else zone_for(begin, event.zones, floating)
    since = resolve(one.recurrence_id, event.zones, floating)
    shift = wall_clock(resolve(begin, event.zones, floating), after) - wall_clock(since, before)
    details = replace(one, recurrence_id=None, this_and_future=False)
    return _Future(since, shift, _length(one, event.zones, floating), details, (before, after))


def _master_times(
    master: AnyDetails, zones: tuple[Component, ...], window: tuple[datetime, datetime], floating: tzinfo
) -> Iterator[tuple[datetime, timedelta]]:
    """Start and length of the occurrences of the master in the window, without those of EXDATE and EXRULE."""
    begin = _begin(master)
    if begin is None:
        return
    length = _length(master, zones, floating)
    seen = {resolve(moment, zones, floating) for moment in master.exception_dates}
    for text in _exception_rules(master):
        seen.update(_rule_times(text, begin, zones, window, floating))
    days, zone = _excluded_days(master, begin), zone_for(begin, zones, floating)
    for at, own in _candidates(master, begin, zones, window, floating):
        if at not in seen and not (days and wall_clock(at, zone).date() in days):
            seen.add(at)
            yield at, own or length


def _excluded_days(master: AnyDetails, begin: Moment) -> set[date]:
    """EXDATE as a date in a series with times: not what RFC 5545 3.8.5.1 asks for, but many write it."""
    return {local_time(moment).date() for moment in master.exception_dates if moment.is_date and not begin.is_date}


def _candidates(
    master: AnyDetails,
    begin: Moment,
    zones: tuple[Component, ...],
    window: tuple[datetime, datetime],
    floating: tzinfo,
) -> Iterator[tuple[datetime, timedelta | None]]:
    """Times by RDATE, with their own length if they have one, DTSTART and RRULE."""
    for moment in master.recurrence_dates:
        yield resolve(moment, zones, floating), _period_length(moment, zones, floating)
    yield resolve(begin, zones, floating), None
    for text in master.rules:
        for at in _rule_times(text, begin, zones, window, floating):
            yield at, None


def _rule_times(
    text: str, begin: Moment, zones: tuple[Component, ...], window: tuple[datetime, datetime], floating: tzinfo
) -> Iterator[datetime]:
    try:
        rule = read_rule(text)
    except Rejected:
        return
    until = min(_until(rule, begin, zones, floating), window[1]) if rule.until else window[1]
    after = window[0].replace(tzinfo=None) - _DAY if window[0].year > 1 else local_time(begin)
    zone = zone_for(begin, zones, floating)
    for local in islice(occurrences(rule, local_time(begin), after), _MOST_SCANNED):
        at = instant(local, zone)
        if at > until:
            return
        if at >= window[0]:
            yield at


def _until(rule: Rule, begin: Moment, zones: tuple[Component, ...], floating: tzinfo) -> datetime:
    """UNTIL as instant. A date means the whole day; a time without Z is in the zone of the start."""
    text = rule.until
    if len(text) == 8:
        return _instant(local_time(Moment(f"{text}T235959")), begin, zones, floating)
    local = local_time(Moment(text[:15]))
    return local.replace(tzinfo=UTC) if text.endswith("Z") else _instant(local, begin, zones, floating)


def _instant(local: datetime, begin: Moment, zones: tuple[Component, ...], floating: tzinfo) -> datetime:
    return instant(local, zone_for(begin, zones, floating))


# ---------------------------------------------------------------- begin and length


def _begin(details: AnyDetails) -> Moment | None:
    if details.start is None and isinstance(details, TaskDetails):
        return details.due
    return details.start or details.recurrence_id


def _length(details: AnyDetails, zones: tuple[Component, ...], floating: tzinfo) -> timedelta:
    """How long one occurrence takes; never negative (RFC 5545 3.6.1: a date without an end is one day)."""
    begin = _begin(details)
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
        return _LAST
