"""Items of the simulation: tiny, with a birth mark for a title, fields of text, categories and an X- property."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sync_engine.item import Item
from sync_engine.model import Contact, Event, EventDetails, Moment, Record, Task

TEXTS = {Contact: ("title", "note"), Event: ("location", "description"), Task: ("location", "description")}
SMALL = {Contact: "title", Event: "location", Task: "location"}  # what even a lossy remote holds
OCCURRENCES = 6  # of a series
FIRST = datetime(2026, 3, 3, 8)
_ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nX-BELL:soft\r\nEND:VALARM\r\n"


def _calendar(kind: str, lines: str) -> Item:
    head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Sim//EN\r\nBEGIN:{kind}\r\nDTSTAMP:20260101T000000Z\r\n"
    return Item.read(f"{head}{lines}END:{kind}\r\nEND:VCALENDAR\r\n")


def event(uid: str, mark: str, text: str) -> Item:
    """An appointment."""
    lines = f"UID:{uid}\r\nDTSTART:20260303T080000Z\r\nSUMMARY:{mark}\r\nLOCATION:{text}\r\nX-KEEP:{mark}\r\n"
    return _calendar("VEVENT", lines)


def series(uid: str, mark: str, text: str) -> Item:
    """A recurring appointment with an alarm."""
    lines = f"UID:{uid}\r\nDTSTART:20260303T080000Z\r\nDTEND:20260303T090000Z\r\nSUMMARY:{mark}\r\nLOCATION:{text}\r\n"
    rule = f"RRULE:FREQ=DAILY;COUNT={OCCURRENCES}\r\n"
    return _calendar("VEVENT", f"{lines}{rule}X-KEEP:{mark}\r\n{_ALARM}")


def task(uid: str, mark: str, text: str) -> Item:
    """A thing to do."""
    lines = f"UID:{uid}\r\nDUE:20260310T080000Z\r\nSUMMARY:{mark}\r\nLOCATION:{text}\r\nX-KEEP:{mark}\r\n"
    return _calendar("VTODO", lines)


def card(uid: str, mark: str, text: str) -> Item:
    """A person."""
    return Item.read(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Sim//EN\r\n"
        f"UID:{uid}\r\nFN:{mark}\r\nN:{mark};;;;\r\nTITLE:{text}\r\nEMAIL;TYPE=WORK:{mark}@example.org\r\n"
        f"X-KEEP:{mark}\r\nEND:VCARD\r\n"
    )


_MAKERS: tuple[Callable[[str, str, str], Item], ...] = (card, event, series, task)


def made(number: int, uid: str, mark: str, text: str) -> Item:
    """One of the kinds."""
    return _MAKERS[number % len(_MAKERS)](uid, mark, text)


def number_of(item: Item) -> int:
    """Of a simple item: what `made` makes one of its kind by."""
    return {Contact: 0, Event: 1, Task: 3}[type(item.record)]


def part(record: Record) -> Any:
    """Where the fields are."""
    if isinstance(record, Contact):
        return record
    assert record.master is not None
    return record.master


def changed(item: Item, **fields: object) -> Item:
    """The item with other values in some fields."""
    record = item.record
    if isinstance(record, Contact):
        return _rendered(replace(record, **fields))  # type: ignore[arg-type]
    return _rendered(replace(record, master=replace(part(record), **fields)))


def _rendered(record: Record) -> Item:
    return Item.read(Item.of(record).text)


# ---------------------------------------------------------------- time


def moved(item: Item, days: int) -> Item:
    """On another day."""
    record = item.record
    name = "due" if isinstance(record, Task) else "start"
    other = Moment((FIRST + timedelta(days=days)).strftime("%Y%m%dT%H%M%S"), "UTC")
    return changed(item, **{name: other})


def is_series(item: Item) -> bool:
    """Whether it has occurrences."""
    return isinstance(item.record, Event) and bool(part(item.record).rules)


def occurrence(number: int) -> Moment:
    """The time of one of a series."""
    return Moment((FIRST + timedelta(days=number % OCCURRENCES)).strftime("%Y%m%dT%H%M%S"), "UTC")


def override(item: Item, when: Moment) -> EventDetails | None:
    """What is special about an occurrence."""
    assert isinstance(item.record, Event)
    return next((d for d in item.record.overrides if d.recurrence_id == when), None)


def overridden(item: Item, when: Moment, text: str) -> Item:
    """With another place for one occurrence, which begins as all do."""
    record = item.record
    assert isinstance(record, Event)
    fresh = EventDetails(recurrence_id=when, start=when, summary=part(record).summary)
    details = replace(override(item, when) or fresh, location=text)
    rest = [d for d in record.overrides if d.recurrence_id != when]
    return _rendered(replace(record, overrides=(*rest, details)))


def cancelled(item: Item, when: Moment) -> Item:
    """Without one occurrence."""
    record = item.record
    assert isinstance(record, Event)
    master = replace(part(record), exception_dates=(*part(record).exception_dates, when))
    rest = tuple(d for d in record.overrides if d.recurrence_id != when)
    return _rendered(replace(record, master=master, overrides=rest))


def is_card(item: Item) -> bool:
    """Whether it has no time."""
    return isinstance(item.record, Contact)
