"""What is private, and what of it others see: that its time is taken (SYNC.md R32)."""

from __future__ import annotations

from dataclasses import replace

from sync_engine.model import Contact, Event, EventDetails, Record

BUSY = "Busy"  # the title that others see


def is_private(classification: str) -> bool:
    """RFC 5545 3.8.1.3: a class that nobody knows is private."""
    return classification.upper() not in ("", "PUBLIC")


def is_secret(record: Record) -> bool:
    """Whether anything in an item is private: one component of a series is enough."""
    if isinstance(record, Contact):
        return any(line.name == "CLASS" and is_private(line.value.strip()) for line in record.extra)
    components = (record.master, *record.overrides)
    return any(details is not None and is_private(details.classification) for details in components)


def masked(event: Event) -> Event:
    """What others see of an event with something private in it: times, zones and rules, no word, nobody's name.

    A private series is private as a whole; where only some occurrences are private, the others are shown as they are.
    """
    whole = event.master is not None and is_private(event.master.classification)
    master = _masked(event.master, whole=whole) if event.master is not None else None
    overrides = tuple(_masked(details, whole=whole) for details in event.overrides)
    return replace(event, master=master, overrides=overrides, extra=())


def _masked(details: EventDetails, *, whole: bool) -> EventDetails:
    if not whole and not is_private(details.classification):
        return details
    return EventDetails(
        recurrence_id=details.recurrence_id,
        this_and_future=details.this_and_future,
        start=details.start,
        end=details.end,
        duration=details.duration,
        rules=details.rules,
        recurrence_dates=details.recurrence_dates,
        exception_dates=details.exception_dates,
        summary=BUSY,
        status=details.status,
        transparency=details.transparency,
        classification=details.classification if is_private(details.classification) else "PRIVATE",
        sequence=details.sequence,
        stamps=tuple(stamp for stamp in details.stamps if stamp.name == "DTSTAMP"),
    )
