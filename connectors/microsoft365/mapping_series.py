"""A whole event and the Graph events that it is: a master, its exceptions and its cancelled occurrences.

Graph forgets all exceptions of a series when its times or its pattern are written; and a cancelled occurrence comes
back in no other way. So after such a change every exception is said anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from connectors.microsoft.described import Document, Json, patch, put, put_new
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.microsoft.zone_names import zone_name
from connectors.microsoft365.mapping_events import (
    EVENT_TABLE,
    OCCURRENCE_TABLE,
    SCHEDULE,
    Occasion,
    end_of,
    local_start,
    read_details,
    start_of,
)
from connectors.microsoft365.mapping_times import moment_at, read_instant
from sync_engine.errors import Rejected, Unreadable
from sync_engine.model import Event, EventDetails, Moment
from sync_engine.occurrence_ids import occurrence
from sync_engine.zones import by_name, local_time, wall_clock, zone_for


@dataclass(frozen=True, slots=True)
class SeriesWrite:
    """What to send: to the master first, then to single occurrences, each found by its day in the series' zone."""

    master: dict[str, Json]  # properties to create or to change
    occurrences: dict[date, dict[str, Json]] = field(default_factory=dict)  # changed properties of each
    cancelled: tuple[date, ...] = ()  # occurrences to delete

    def __bool__(self) -> bool:
        return bool(self.master or self.occurrences or self.cancelled)


def new_event(event: Event, home_zone: str) -> SeriesWrite:
    """What creates an event. Raises `Rejected` with the reason for what Outlook cannot express."""
    master = _master(event, home_zone)
    return SeriesWrite(put_new(EVENT_TABLE, master), _own_properties(event, master), _cancelled(master))


def event_patch(base: Event, event: Event, home_zone: str) -> SeriesWrite:
    """What makes `base` into `event`: changed properties only (SYNC.md R20). Raises as `new_event`."""
    before, after = _master(base, home_zone), _master(event, home_zone)
    changed = patch(EVENT_TABLE, before, after)
    was_cancelled, cancelled = _cancelled(before), _cancelled(after)
    if not after.details.rules:
        return SeriesWrite(changed)
    if changed.keys() & SCHEDULE or set(was_cancelled) - set(cancelled):
        anew = {"recurrence": put(EVENT_TABLE, after)["recurrence"]}
        return SeriesWrite(changed | anew, _own_properties(event, after), cancelled)
    new = tuple(day for day in cancelled if day not in was_cancelled)
    return SeriesWrite(changed, _occurrence_patches(base, before, event, after, set(cancelled)), new)


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


# ---------------------------------------------------------------- occurrences, to Graph


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
    moved = local_start_of(master, day)
    shift = local_time(moved) - local_time(start_of(master))
    details = replace(master.details, start=moved, end=_shifted(end_of(master), shift), duration="")
    return replace(master, details=replace(details, rules=(), exception_dates=()))


def _says_more(override: EventDetails, series: Occasion) -> bool:
    """Whether an exception differs from its series; Graph keeps those that were made as the series again."""
    if override.recurrence_id is None:
        return False
    inherited = _inherited(series, local_time(override.recurrence_id).date()).details
    return replace(override, recurrence_id=None) != inherited


def local_start_of(master: Occasion, day: date) -> Moment:
    """When the occurrence of a day starts."""
    first = start_of(master)
    if first.is_date:
        return Moment(f"{day:%Y%m%d}")
    return Moment(f"{day:%Y%m%d}{first.value[8:]}", first.zone)


def _shifted(moment: Moment, by: timedelta) -> Moment:
    local = local_time(moment) + by
    return Moment(f"{local:%Y%m%d}") if moment.is_date else moment_at(local, moment.zone)


def _own_properties(event: Event, master: Occasion) -> dict[date, dict[str, Json]]:
    """Of every override, what it has different from its series."""
    gone = set(_cancelled(master))
    found = {
        day: patch(OCCURRENCE_TABLE, _inherited(master, day), own) for day, own in _overrides(event, master).items()
    }
    return {day: own for day, own in sorted(found.items()) if own and day not in gone}


def _occurrence_patches(
    base: Event, before: Occasion, event: Event, after: Occasion, gone: set[date]
) -> dict[date, dict[str, Json]]:
    """Changed properties of overrides; one that is no longer an override gets back what the series says."""
    old, new = _overrides(base, before), _overrides(event, after)
    found: dict[date, dict[str, Json]] = {}
    for day in sorted({*old, *new} - gone):
        now = new.get(day) or _inherited(after, day)
        if day in old:
            changed = patch(OCCURRENCE_TABLE, old[day], now) | _kept_back(old[day], now, before, after, day)
        else:
            changed = patch(OCCURRENCE_TABLE, _inherited(after, day), now)
        if changed:
            found[day] = changed
    return found


def _kept_back(was: Occasion, now: Occasion, before: Occasion, after: Occasion, day: date) -> dict[str, Json]:
    """What an exception had as its series and does not follow now that the series changes."""
    series = patch(OCCURRENCE_TABLE, _inherited(before, day), _inherited(after, day))
    own_before = patch(OCCURRENCE_TABLE, _inherited(before, day), was)
    own_now = patch(OCCURRENCE_TABLE, _inherited(after, day), now)
    return {name: value for name, value in own_now.items() if name in series and name not in own_before}


# ---------------------------------------------------------------- from Graph


def read_event(master: Document, exceptions: Sequence[Document] = (), uid: str = "") -> Event:
    """The event of a single Graph event, or of a master with its exceptions, however many of them are known.

    `uid` where it is not the one that Graph says. Raises `Unreadable`.
    """
    details = read_details(master)
    gone = sorted({_recurrence_id(day, details) for day in _cancelled_days(master)}, key=lambda m: (m.value, m.zone))
    details = replace(details, exception_dates=tuple(gone) if details.rules else ())
    found = {one.recurrence_id: one for one in (_override(e, master, details) for e in exceptions)}
    kept = [found[moment] for moment in sorted(found, key=_order) if moment not in set(gone)]
    overrides = [one for one in kept if _says_more(one, Occasion(details))] if details.rules else []
    return Event(uid or master.get("uid") or master.get("iCalUId") or master["id"], details, tuple(overrides))


def _order(moment: Moment | None) -> tuple[str, str]:
    return (moment.value, moment.zone) if moment else ("", "")


def _cancelled_days(master: Document) -> list[date]:
    """Of ``OID.<id of the master>.2026-01-31``, which is all that Graph says of a cancelled occurrence."""
    ids = [str(one) for one in master.get("cancelledOccurrences") or ()]
    try:
        return [date.fromisoformat(one.rpartition(".")[2]) for one in ids]
    except ValueError as error:
        raise Unreadable(f"Microsoft 365 sent cancelled occurrences that cannot be read: {ids[:3]}.") from error


def _override(exception: Document, master: Document, series: EventDetails) -> EventDetails:
    """An exception is as private as its series (SYNC.md R32)."""
    read = read_details(exception, _recurrence_id(_original_day(exception, master, series), series))
    return replace(read, classification=series.classification)


def _recurrence_id(day: date, series: EventDetails) -> Moment:
    return local_start_of(Occasion(series), day)


def _original_day(exception: Document, master: Document, series: EventDetails) -> date:
    """The day of originalStart, an instant; of a series of days it is midnight in the zone of the series (G14)."""
    if not exception.get("originalStart") or series.start is None:
        raise Unreadable("Microsoft 365 sent an exception of a series and not which occurrence it stands for.")
    at = read_instant(exception["originalStart"])
    if not series.start.is_date:
        return wall_clock(at, zone_for(series.start, ())).date()
    limits: dict[str, Any] = (master.get("recurrence") or {}).get("range") or {}
    zone = by_name(zone_name(limits.get("recurrenceTimeZone")))
    local = wall_clock(at, zone) if zone else at.replace(tzinfo=None)
    return (local + timedelta(hours=12)).date()


def days_of_instances(instances: Sequence[Document], master: Document) -> dict[date, str]:
    """The ids of occurrences by their day, to send a `SeriesWrite` to."""
    series = read_details(master)
    found: dict[date, str] = {}
    for one in instances:
        if one.get("originalStart"):
            found[_original_day(one, master, series)] = one["id"]
        elif (local := local_start(one)) is not None:
            found[local.date()] = one["id"]
    return found
