"""A whole event and the Graph events that it is: a master, its exceptions and its cancelled occurrences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.described import Document
from connectors.microsoft.series import (
    SeriesTables,
    SeriesWrite,
    kept_series,
    nearest_day,
    new_series,
    series_of,
    series_patch,
)
from connectors.microsoft.zone_names import zone_name
from connectors.microsoft365.mapping_events import EVENT_TABLE, OCCURRENCE_TABLE, SCHEDULE, read_details, times_of
from connectors.microsoft365.mapping_times import read_instant
from connectors.occasions import Occasion, start_on
from sync_engine.errors import Unreadable
from sync_engine.model import Event, EventDetails
from sync_engine.vtimezones import with_zones
from sync_engine.zones import local_time

__all__ = ["SeriesWrite", "days_of_instances", "event_patch", "kept_event", "new_event", "read_event"]

_TABLES = SeriesTables(EVENT_TABLE, OCCURRENCE_TABLE, SCHEDULE, frozenset({"recurrence"}))


def new_event(event: Event, home_zone: str) -> SeriesWrite:
    """What creates an event. Raises `Rejected` with the reason for what Outlook cannot express."""
    return new_series(_TABLES, event, home_zone)


def event_patch(base: Event, event: Event, home_zone: str) -> SeriesWrite:
    """What makes `base` into `event`: changed properties only (SYNC.md R20). Raises as `new_event`."""
    return series_patch(_TABLES, base, event, home_zone)


def read_event(master: Document, exceptions: Sequence[Document] = (), uid: str = "") -> Event:
    """The event of a single Graph event, or of a master with its exceptions, however many of them are known.

    `uid` where it is not the one that Graph says. Raises `Unreadable`.
    """
    series = _series(master)
    gone = [start_on(series, day) for day in _cancelled_days(master)] if series.details.start else []
    overrides = [_override(one, series) for one in exceptions]
    details, kept = series_of(series.details, gone, overrides)
    return with_zones(Event(uid or master.get("uid") or master.get("iCalUId") or master["id"], details, kept))


def kept_event(event: Event, home_zone: str) -> Event:
    """What will be read of an event that was written, nobody's meeting. Raises as `new_event`."""
    details, overrides = kept_series(_TABLES, event, home_zone)
    return with_zones(Event(event.uid, details, overrides))


def _series(master: Document) -> Occasion:
    """Of a series of days, midnight in the zone of its pattern is where they begin (G14)."""
    limits: dict[str, Any] = (master.get("recurrence") or {}).get("range") or {}
    return Occasion(read_details(master), (), zone_name(limits.get("recurrenceTimeZone")))


def _cancelled_days(master: Document) -> list[date]:
    """Of ``OID.<id of the master>.2026-01-31``, which is all that Graph says of a cancelled occurrence."""
    ids = [str(one) for one in master.get("cancelledOccurrences") or ()]
    try:
        return [date.fromisoformat(one.rpartition(".")[2]) for one in ids]
    except ValueError as error:
        raise Unreadable(f"Microsoft 365 sent cancelled occurrences that cannot be read: {ids[:3]}.") from error


def _override(exception: Document, series: Occasion) -> EventDetails:
    return read_details(exception, start_on(series, _original_day(exception, series)))


def _original_day(exception: Document, series: Occasion) -> date:
    """The day of originalStart, an instant."""
    if not exception.get("originalStart") or series.details.start is None:
        raise Unreadable("Microsoft 365 sent an exception of a series and not which occurrence it stands for.")
    return nearest_day(read_instant(exception["originalStart"]), series)


def days_of_instances(instances: Sequence[Document], master: Document) -> dict[date, str]:
    """The ids of occurrences by their day, to send a `SeriesWrite` to."""
    series = _series(master)
    found: dict[date, str] = {}
    for one in instances:
        start, _ = times_of(one)
        if one.get("originalStart"):
            found[_original_day(one, series)] = one["id"]
        elif start is not None:
            found[local_time(start).date()] = one["id"]
    return found
