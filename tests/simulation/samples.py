"""Items of the simulation: tiny, with a birth mark for a title, two fields of text, categories and an X- property."""

from __future__ import annotations

from dataclasses import replace

from sync_engine.item import Item
from sync_engine.model import Contact, Event, Record

TEXTS = {Contact: ("title", "note"), Event: ("location", "description")}
SMALL = {Contact: "title", Event: "location"}  # what even a lossy remote holds


def event(uid: str, mark: str, text: str) -> Item:
    """An appointment."""
    return Item.read(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Sim//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260303T080000Z\r\nSUMMARY:{mark}\r\n"
        f"LOCATION:{text}\r\nX-KEEP:{mark}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def card(uid: str, mark: str, text: str) -> Item:
    """A person."""
    return Item.read(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Sim//EN\r\n"
        f"UID:{uid}\r\nFN:{mark}\r\nN:{mark};;;;\r\nTITLE:{text}\r\nEMAIL;TYPE=WORK:{mark}@example.org\r\n"
        f"X-KEEP:{mark}\r\nEND:VCARD\r\n"
    )


def part(record: Record) -> Contact | object:
    """Where the fields are."""
    if isinstance(record, Contact):
        return record
    assert record.master is not None
    return record.master


def changed(item: Item, **fields: object) -> Item:
    """The item with other values in some fields."""
    record = item.record
    if isinstance(record, Contact):
        return Item.read(Item.of(replace(record, **fields)).text)  # type: ignore[arg-type]
    assert isinstance(record, Event)
    assert record.master is not None
    return Item.read(Item.of(replace(record, master=replace(record.master, **fields))).text)  # type: ignore[arg-type]
