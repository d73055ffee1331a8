"""A whole event and the CalendarItems that it is: a master, its exceptions and its cancelled occurrences (E9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.exchange.mapping_events import (
    EVENT_FIELDS,
    EVENT_NAMES,
    EVENT_TABLE,
    OCCURRENCE_TABLE,
    ORGANISED_TABLE,
    SCHEDULE,
    read_details,
    zones_of,
)
from connectors.exchange.mapping_times import plain_instant
from connectors.exchange.mapping_updates import Shown
from connectors.exchange.mapping_zones import zone_and_name
from connectors.microsoft.series import (
    SeriesTables,
    SeriesWrite,
    kept_series,
    nearest_day,
    new_series,
    series_of,
    series_patch,
)
from connectors.occasions import Occasion, start_on
from sync_engine.errors import Unreadable
from sync_engine.model import Event, EventDetails, Moment
from sync_engine.vtimezones import with_zones
from sync_engine.zones import Zone, wall_clock

__all__ = ["EVENT_FIELDS", "EVENT_NAMES", "SeriesWrite", "event_patch", "kept_event", "new_event", "read_event"]

_TABLES = SeriesTables(EVENT_TABLE, OCCURRENCE_TABLE, SCHEDULE, SCHEDULE)
_ORGANISED = replace(_TABLES, master=ORGANISED_TABLE)


def new_event(event: Event, home_zone: str, *, organizes: bool = False) -> SeriesWrite:
    """What creates an event; with its attendees where the mailbox organises it.

    `master` is what exchangelib's CalendarItem takes, `occurrences` are patches. Raises `Rejected` with the reason for
    what Exchange cannot express. `home_zone`: IANA name, of floating times and whole days.
    """
    write = new_series(_ORGANISED if organizes else _TABLES, event, home_zone)
    return replace(write, master=write.master | {"uid": event.uid, "hub_uid": event.uid})


def event_patch(base: Event, event: Event, home_zone: str, *, organizes: bool = False) -> SeriesWrite:
    """What makes `base` into `event`, as patches for `changed_item` (SYNC.md R20). Raises as `new_event`."""
    return series_patch(_ORGANISED if organizes else _TABLES, base, event, home_zone)


def kept_event(event: Event, home_zone: str) -> Event:
    """What will be read of an event that was written, nobody's meeting. Raises as `new_event`."""
    details, overrides = kept_series(_TABLES, event, home_zone)
    return with_zones(Event(event.uid, details, overrides))


def read_event(master: Any, exceptions: Sequence[Any] = (), uid: str = "") -> Event:
    """The event of a CalendarItem that was read with `EVENT_NAMES`, with its exceptions, however many are known.

    `uid` where it is not the one that Exchange says. Raises `Unreadable`.
    """
    shown = Shown(master)
    zones = zones_of(shown)
    rules, zone = zone_and_name(shown.get("_start_timezone"))
    series = Occasion(read_details(shown), zones, zone)
    gone = [_start(one.start, series, rules) for one in shown.get("deleted_occurrences") or ()]
    overrides = [_override(Shown(one), series, rules) for one in exceptions]
    details, kept = series_of(series.details, gone, overrides)
    return with_zones(Event(uid or master.uid or master.id, details, kept, zones=zones))


def _override(shown: Mapping[str, Any], series: Occasion, rules: Zone) -> EventDetails:
    original = shown.get("original_start") or shown.get("recurrence_id")
    return read_details(shown, _start(original, series, rules))


def _start(at: Any, series: Occasion, rules: Zone) -> Moment:
    """The occurrence that an instant means, which servers tell an hour off now and then."""
    if not isinstance(at, datetime) or series.details.start is None:
        raise Unreadable("Exchange sent an exception of a series and not which occurrence it stands for.")
    if series.details.start.is_date:
        local = wall_clock(plain_instant(at), rules) + timedelta(hours=12)
        return start_on(series, local.date())
    return start_on(series, nearest_day(plain_instant(at), series))
