"""Instants for the query tables and the range columns. A time that cannot be understood is null, never an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync_engine import recurrence, zones
from sync_engine.errors import ItemError
from sync_engine.model import Component, Contact, EventDetails, Moment, Record


def instant(moment: Moment | None, definitions: tuple[Component, ...]) -> datetime | None:
    """In UTC; dates and floating times as if they were in UTC."""
    return zones.resolve(moment, definitions, floating=UTC) if moment is not None else None


def ends_at(details: EventDetails, definitions: tuple[Component, ...]) -> datetime | None:
    """Where an event (of a series: the first) ends: DTEND, or by its duration (RFC 5545 3.6.1)."""
    if details.end is not None:
        return instant(details.end, definitions)
    start = instant(details.start, definitions)
    if start is None or details.start is None:
        return None
    try:
        return start + (recurrence.duration(details.duration) or timedelta(days=details.start.is_date))
    except OverflowError:
        return None


def range_of(record: Record) -> tuple[datetime | None, datetime | None]:
    """Encloses all occurrences; no end: for ever; no start: undated, or a contact."""
    if isinstance(record, Contact):
        return None, None
    try:
        return recurrence.span(record) or (None, None)
    except (ItemError, ValueError, OverflowError):
        return None, None
