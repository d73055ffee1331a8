"""Which items are in a zone that nobody knows, so that people can be told (SYNC.md R19)."""

from __future__ import annotations

from collections.abc import Iterator

from sync_engine.model import Contact, EventDetails, Moment, Record
from sync_engine.occurrence_ids import AnyDetails
from sync_engine.zones import is_known


def unknown_zone(record: Record) -> str | None:
    """The name of the first such zone; None when all are known. The name may be empty."""
    if isinstance(record, Contact):
        return None
    for details in (record.master, *record.overrides):
        for moment in _moments(details) if details else ():
            if not is_known(moment.zone, record.zones):
                return moment.zone.strip()
    return None


def _moments(details: AnyDetails) -> Iterator[Moment]:
    last = details.end if isinstance(details, EventDetails) else details.due
    single = (details.start, last, details.recurrence_id)
    yield from (moment for moment in single if moment is not None)
    yield from details.recurrence_dates
    yield from details.exception_dates
