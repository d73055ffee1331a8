"""A whole event and the Google events that it is: a master, its exceptions and its cancelled occurrences.

What is cancelled when we make a series are its EXDATE lines; what is cancelled later, here or at Google, is a
cancelled exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connectors.described import Document, Json, put
from connectors.google_workspace.mapping_event_tables import (
    EVENT_FIELDS,
    EVENT_TABLE,
    OCCURRENCE_TABLE,
    SCHEDULE,
    changes,
    read_details,
)
from connectors.google_workspace.mapping_exceptions import (
    Single,
    changed_singles,
    inherited,
    own_properties,
    series_of,
    singles_anew,
)
from connectors.google_workspace.mapping_guests import put_organizer
from connectors.google_workspace.mapping_recurrence import in_series, put_recurrence, read_lines, recurs
from connectors.google_workspace.mapping_reminders import with_defaults
from connectors.google_workspace.mapping_times import get_time, key_of, meant
from connectors.occasions import Occasion
from sync_engine.errors import Rejected, Unreadable
from sync_engine.model import Event, EventDetails, Moment
from sync_engine.vtimezones import with_zones

__all__ = [
    "EVENT_FIELDS",
    "EventParts",
    "EventWrite",
    "event_patch",
    "instance_key",
    "kept_event",
    "new_event",
    "read_event",
]


@dataclass(frozen=True, slots=True)
class EventParts:
    """The Google resources that are one event."""

    master: Document | None  # None: invited to single occurrences only
    exceptions: tuple[Document, ...] = ()  # changed and cancelled ones


@dataclass(frozen=True, slots=True)
class EventWrite:
    """What to send: to the master first, then to single occurrences, each by its original start (`instance_key`)."""

    master: dict[str, Json]  # properties to create or to change
    exceptions: dict[str, dict[str, Json]] = field(default_factory=dict)  # changed properties of each
    cancelled: tuple[str, ...] = ()  # occurrences to delete; those that are not there are fine

    def __bool__(self) -> bool:
        return bool(self.master or self.exceptions or self.cancelled)


# ---------------------------------------------------------------- to Google


def new_event(event: Event, home_zone: str) -> EventWrite:
    """What creates an event. Raises `Rejected` with the reason for what Google cannot express."""
    master = _master(event, home_zone)
    recurrence = put_recurrence(master, master.details.exception_dates)
    document = put(EVENT_TABLE, master) | {"recurrence": recurrence, "organizer": put_organizer(master.details)}
    if master.details.sequence:
        document["sequence"] = master.details.sequence
    return EventWrite(_pruned(document), own_properties(series_of(event, master)) if recurrence else {})


def event_patch(base: Event, event: Event, home_zone: str) -> EventWrite:
    """What makes `base` into `event`: changed properties only (SYNC.md R20). Raises as `new_event`."""
    master_before, master = _master(base, home_zone), _master(event, home_zone)
    changed = changes(EVENT_TABLE, master_before, master)
    if not recurs(master.details):
        return EventWrite(changed)
    if not recurs(master_before.details):
        master_before = replace(master_before, details=replace(master_before.details, exception_dates=()))
    before, after = series_of(base, master_before), series_of(event, master)
    if changed.keys() & SCHEDULE or before.gone.keys() - after.gone.keys():
        anew, stale = singles_anew(event, before, after)
        lines = {"recurrence": put_recurrence(master, master.details.exception_dates)}
        return EventWrite(changed | lines, anew, stale)
    gone = tuple(sorted(after.gone.keys() - before.gone.keys()))
    return EventWrite(changed, changed_singles(before, after, changed), gone)


def _master(event: Event, home_zone: str) -> Occasion:
    if event.master is None:
        raise Rejected("Google holds no single occurrences of a series that is not there itself.")
    if event.overrides and not recurs(event.master):
        raise Rejected("Google holds no changed occurrences of an event that does not recur.")
    if any(override.this_and_future for override in event.overrides):
        raise Rejected("Google cannot change an occurrence and all later ones at once; split the series in two.")
    return Occasion(event.master, event.zones, home_zone)


def _pruned(value: Json) -> Json:
    """Without what is cleared: of an event that is created, or of one property of it."""
    if not isinstance(value, dict):
        return value
    found = {name: _pruned(part) for name, part in value.items()}
    return {name: part for name, part in found.items() if part not in (None, [], {}, "")}


# ---------------------------------------------------------------- from Google


def read_event(
    master: Document | None,
    exceptions: Sequence[Document],
    uid: str,
    calendar_zone: str,
    defaults: Sequence[Document] = (),
) -> Event:
    """The event of a single Google event, or of a master with its exceptions, cancelled ones too.

    `calendar_zone` (IANA) is where times are that name no zone; `defaults` are the calendar's defaultReminders. Raises
    `Unreadable`.
    """
    told = [with_defaults(_zoned(one, calendar_zone), defaults) for one in exceptions]
    changed = [one for one in told if one.get("status") != "cancelled"]
    if master is None:
        alone = sorted((read_details(one, _original(one)) for one in changed), key=_order)
        return with_zones(Event(uid, None, tuple(alone)))
    document = with_defaults(_zoned(master, calendar_zone), defaults)
    details = read_details(document)
    if details.start is None:
        raise Unreadable("Google sent an event without a start.")
    gone = [_original(one) for one in told if one.get("status") == "cancelled"]
    gone += read_lines(document.get("recurrence") or ()).cancelled
    series = Occasion(details, (), calendar_zone)
    overrides = [read_details(one, meant(_original(one), series)) for one in changed]
    return with_zones(Event(uid, *_assembled(series, gone, overrides)))


def _zoned(document: Document, calendar_zone: str) -> Document:
    """Times that name no zone are in that of the calendar."""
    places = {name: document[name] for name in ("start", "end", "originalStartTime") if document.get(name)}
    return {
        **document,
        **{name: {**at, "timeZone": at.get("timeZone") or calendar_zone} for name, at in places.items()},
    }


def _original(exception: Document) -> Moment:
    moment = get_time(exception.get("originalStartTime"))
    if moment is None:
        raise Unreadable("Google sent an exception of a series and not which occurrence it stands for.")
    return moment


def instance_key(exception: Document) -> str:
    """Of originalStartTime, as it stands in the ids of instances: 20260301T080000Z or 20260301. Raises `Unreadable`."""
    return key_of(_original(exception))


def kept_event(event: Event, home_zone: str) -> Event:
    """What will be read of an event that was written. Raises as `new_event`."""
    master = _master(event, home_zone)
    document = put(EVENT_TABLE, master) | {"organizer": put_organizer(master.details)}
    details = replace(read_details(document), sequence=master.details.sequence)
    if not recurs(details):
        return with_zones(Event(event.uid, details))
    singles = series_of(event, master).singles.values()
    own = [_kept_single(one, master.details) for one in singles]
    parts = _assembled(Occasion(details, (), home_zone), list(master.details.exception_dates), own)
    return with_zones(Event(event.uid, *parts))


def _kept_single(one: Single, series: EventDetails) -> EventDetails:
    """An occurrence has guests of its own, and the organiser of its series."""
    details = replace(one.own.details, organizer=one.own.details.organizer or series.organizer)
    return read_details(put(OCCURRENCE_TABLE, one.own) | {"organizer": put_organizer(details)}, one.moment)


def _assembled(
    series: Occasion, gone: Sequence[Moment], overrides: Sequence[EventDetails]
) -> tuple[EventDetails, tuple[EventDetails, ...]]:
    """The master and its overrides, of the cancelled occurrences of a series and of its changed ones."""
    details = series.details
    if not recurs(details):
        return details, ()
    added = in_series(details.recurrence_dates, series)
    series = replace(series, details=replace(details, recurrence_dates=added))
    cancelled = in_series(gone, series)
    kept = [one for one in overrides if one.recurrence_id not in cancelled and _says_more(one, series)]
    return replace(series.details, exception_dates=cancelled), tuple(sorted(kept, key=_order))


def _says_more(override: EventDetails, series: Occasion) -> bool:
    """Whether an exception differs from its series; Google keeps those that were made as the series again."""
    if override.recurrence_id is None:
        return False
    return replace(override, recurrence_id=None) != inherited(series, override.recurrence_id).details


def _order(details: EventDetails) -> tuple[str, str]:
    moment = details.recurrence_id or Moment("")
    return moment.value, moment.zone
