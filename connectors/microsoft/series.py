"""A whole event and the items that it is in Outlook: a master, its exceptions and its cancelled occurrences.

Outlook forgets all exceptions of a series when its times or its pattern are written; and a cancelled occurrence comes
back in no other way. So after such a change every exception is said anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias

from connectors.described import Json, Table, get, patch, put, put_new
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.occasions import Occasion, end_of, moment_at, shifted, start_of, start_on
from sync_engine.errors import Rejected
from sync_engine.model import Event, EventDetails, Moment
from sync_engine.occurrence_ids import occurrence
from sync_engine.rules import Budget, occurrences, read_rule
from sync_engine.zones import local_time, resolve, wall_clock, zone_for

EventParts: TypeAlias = tuple[EventDetails, tuple[EventDetails, ...]]
"""The master and its overrides."""


@dataclass(frozen=True, slots=True)
class SeriesWrite:
    """What to send: to the master first, then to single occurrences, each found by its day in the series' zone."""

    master: dict[str, Json]  # properties to create or to change
    occurrences: dict[date, dict[str, Json]] = field(default_factory=dict)  # changed properties of each
    cancelled: tuple[date, ...] = ()  # occurrences to delete

    def __bool__(self) -> bool:
        return bool(self.master or self.occurrences or self.cancelled)


@dataclass(frozen=True, slots=True)
class SeriesTables:
    """How a system holds events."""

    master: Table[Occasion]
    occurrence: Table[Occasion]  # what an occurrence may have of its own
    schedule: frozenset[str]  # properties that make another series
    together: frozenset[str]  # of these, what is always said when one of them is, by a series


def new_series(tables: SeriesTables, event: Event, home_zone: str) -> SeriesWrite:
    """What creates an event. Raises `Rejected` with the reason for what Outlook cannot express."""
    master = _master(event, home_zone)
    return SeriesWrite(put_new(tables.master, master), _own_properties(tables, event, master), _cancelled(master))


def series_patch(tables: SeriesTables, base: Event, event: Event, home_zone: str) -> SeriesWrite:
    """What makes `base` into `event`: changed properties only (SYNC.md R20). Raises as `new_series`."""
    before, after = _master(base, home_zone), _master(event, home_zone)
    changed = patch(tables.master, before, after)
    was_cancelled, cancelled = _cancelled(before), _cancelled(after)
    if not after.details.rules:
        return SeriesWrite(changed)
    if changed.keys() & tables.schedule or set(was_cancelled) - set(cancelled):
        anew = {name: value for name, value in put(tables.master, after).items() if name in tables.together}
        return SeriesWrite(changed | anew, _own_properties(tables, event, after), cancelled)
    new = tuple(day for day in cancelled if day not in was_cancelled)
    return SeriesWrite(changed, _occurrence_patches(tables, (base, before), (event, after), set(cancelled)), new)


def _master(event: Event, home_zone: str) -> Occasion:
    if event.master is None:
        raise Rejected("Outlook holds no single occurrences of a series that is not there itself.")
    master = Occasion(event.master, event.zones, home_zone)
    recurs = recurrence_of(event.master, start_of(master), event.zones) is not None
    if event.overrides and not recurs:
        raise Rejected("Outlook holds no changed occurrences of an appointment that does not recur.")
    if any(override.this_and_future for override in event.overrides):
        raise Rejected("Outlook cannot change an occurrence and all later ones at once; split the series in two.")
    return master


# ---------------------------------------------------------------- occurrences, to Outlook


def _day(moment: Moment, master: Occasion) -> date:
    """The day of the series on which the occurrence would be that is meant."""
    first = start_of(master)
    if first.is_date and moment.is_date:
        return local_time(moment).date()
    at = occurrence(moment, first, master.zones)
    return wall_clock(at, zone_for(first, master.zones)).date()


def _cancelled(master: Occasion) -> tuple[date, ...]:
    if not master.details.rules:
        return ()
    return tuple(sorted({_day(moment, master) for moment in master.details.exception_dates}))


def _overrides(event: Event, master: Occasion) -> dict[date, Occasion]:
    return {
        _day(one.recurrence_id, master): replace(master, details=one) for one in event.overrides if one.recurrence_id
    }


def _inherited(master: Occasion, day: date) -> Occasion:
    """An occurrence as the series has it."""
    moved = start_on(master, day)
    shift = local_time(moved) - local_time(start_of(master))
    details = replace(master.details, start=moved, end=shifted(end_of(master), shift), duration="")
    return replace(master, details=replace(details, rules=(), exception_dates=()))


def _own_properties(tables: SeriesTables, event: Event, master: Occasion) -> dict[date, dict[str, Json]]:
    """Of every override, what it has different from its series."""
    gone = set(_cancelled(master))
    found = {
        day: patch(tables.occurrence, _inherited(master, day), own) for day, own in _overrides(event, master).items()
    }
    return {day: own for day, own in sorted(found.items()) if own and day not in gone}


def _occurrence_patches(
    tables: SeriesTables, base: tuple[Event, Occasion], event: tuple[Event, Occasion], gone: set[date]
) -> dict[date, dict[str, Json]]:
    """Changed properties of overrides; one that is no longer an override gets back what the series says."""
    (_, before), (_, after) = base, event
    old, new = _overrides(*base), _overrides(*event)
    found: dict[date, dict[str, Json]] = {}
    for day in sorted({*old, *new} - gone):
        now = new.get(day) or _inherited(after, day)
        if day in old:
            kept = _kept_back(tables.occurrence, (before, old[day]), (after, now), day)
            changed = patch(tables.occurrence, old[day], now) | kept
        else:
            changed = patch(tables.occurrence, _inherited(after, day), now)
        if changed:
            found[day] = changed
    return found


def _kept_back(
    table: Table[Occasion], was: tuple[Occasion, Occasion], now: tuple[Occasion, Occasion], day: date
) -> dict[str, Json]:
    """What an exception had as its series and does not follow now that the series changes."""
    (before, own_before), (after, own_now) = was, now
    series = patch(table, _inherited(before, day), _inherited(after, day))
    differed = patch(table, _inherited(before, day), own_before)
    differs = patch(table, _inherited(after, day), own_now)
    return {name: value for name, value in differs.items() if name in series and name not in differed}


def kept_series(tables: SeriesTables, event: Event, home_zone: str) -> EventParts:
    """What will be read of an event that was written. Raises as `new_series`."""
    master = _master(event, home_zone)
    details = _kept(tables.master, master)
    there = instance_indexes(event, _cancelled(master))  # others cannot be cancelled
    gone = [start_on(master, day) for day in sorted(there)]
    own = [_kept(tables.occurrence, one, start_on(master, day)) for day, one in _overrides(event, master).items()]
    return series_of(details, [_like(moment, details) for moment in gone], [_with_id_like(one, details) for one in own])


def _kept(table: Table[Occasion], occasion: Occasion, recurrence_id: Moment | None = None) -> EventDetails:
    return EventDetails(recurrence_id=recurrence_id, **get(table, put(table, occasion)))


def _like(moment: Moment, series: EventDetails) -> Moment:
    """An occurrence in the zone that the series comes back in."""
    return moment if moment.is_date or series.start is None else replace(moment, zone=series.start.zone)


def _with_id_like(one: EventDetails, series: EventDetails) -> EventDetails:
    return replace(one, recurrence_id=_like(one.recurrence_id, series)) if one.recurrence_id else one


def instance_indexes(event: Event, days: Iterable[date]) -> dict[date, int]:
    """The numbers of occurrences, from 1 and over cancelled ones as well, by their day; those of no occurrence lack."""
    master, wanted = event.master, set(days)
    if master is None or master.start is None or not master.rules or not wanted:
        return {}
    first = local_time(master.start)
    last = datetime.combine(max(wanted), first.time())
    times = occurrences(read_rule(master.rules[0]), first, first, last, Budget())
    return {time.date(): number for number, time in enumerate(times, 1) if time.date() in wanted}


# ---------------------------------------------------------------- from Outlook


def series_of(details: EventDetails, gone: Iterable[Moment], exceptions: Sequence[EventDetails]) -> EventParts:
    """The event of a master, the starts of its cancelled occurrences, and its exceptions."""
    if not details.rules:
        return replace(details, exception_dates=()), ()
    cancelled = sorted(set(gone), key=_order)
    details = replace(details, exception_dates=tuple(cancelled))
    found = {one.recurrence_id: replace(one, classification=details.classification) for one in exceptions}
    kept = [found[moment] for moment in sorted(found, key=_order) if moment not in set(cancelled)]
    return details, tuple(one for one in kept if _says_more(one, Occasion(details)))


def _says_more(override: EventDetails, series: Occasion) -> bool:
    """Whether an exception differs from its series; Outlook keeps those that were made as the series again."""
    if override.recurrence_id is None:
        return False
    inherited = _inherited(series, local_time(override.recurrence_id).date()).details
    return replace(override, recurrence_id=None) != inherited


def _order(moment: Moment | None) -> tuple[str, str]:
    return (moment.value, moment.zone) if moment else ("", "")


def nearest_day(at: datetime, series: Occasion) -> date:
    """The day whose occurrence starts nearest to an instant: servers tell it an hour off after a change of the clock.

    Of a series of days the clock of `home_zone` counts.
    """
    first = start_of(series)
    if first.is_date:
        local = wall_clock(at, zone_for(moment_at(at, series.home_zone), series.zones))
        return (local + timedelta(hours=12)).date()
    middle = wall_clock(at, zone_for(first, series.zones)).date()
    days = [middle + timedelta(days=shift) for shift in (0, -1, 1)]
    return min(days, key=lambda day: abs(resolve(start_on(series, day), series.zones) - at))
