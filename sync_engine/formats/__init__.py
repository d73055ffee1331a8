"""Text to record and back: vCard 3 and 4 (RFC 2426, RFC 6350) and iCalendar (RFC 5545).

`parse(render(record)) == record` for all that `parse` gives; nothing in a text is lost by `render(parse(text))`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from sync_engine.errors import Unreadable
from sync_engine.formats.content_lines import may_have_soft_breaks, plain_lines, unfold_any
from sync_engine.formats.decoding import decode
from sync_engine.formats.icalendar_reader import read_calendar
from sync_engine.formats.icalendar_writer import write_calendar
from sync_engine.formats.outline import OddLineError, mend, outline
from sync_engine.formats.splitting import parts_of, split
from sync_engine.formats.vcard_reader import read_card, read_card_lines
from sync_engine.formats.vcard_writer import write_card
from sync_engine.model import Contact, Event, Record, Task

__all__ = ["decode", "parse", "parts_of", "render", "split", "with_uid"]

AnyRecord = TypeVar("AnyRecord", bound=Contact | Event | Task)


def parse(text: str, *, uid_if_missing: str | None = None) -> Record:
    """Read one vCard, or one VCALENDAR with one UID.

    Takes what real software writes. Raises `Unreadable`, with a sentence that says why, and nothing else.
    """
    text = text.removeprefix("\ufeff")
    lines = plain_lines(text)
    if lines is not None and lines[:1] == ["BEGIN:VCARD"] and lines[-1] == "END:VCARD":
        try:
            return read_card_lines(lines[1:-1], uid_if_missing, joined=False)
        except OddLineError:  # has components in it, soft breaks or anything else out of the ordinary
            pass
    if lines is None or may_have_soft_breaks(text):
        lines = unfold_any(text)
    try:
        return _read(lines, uid_if_missing)
    except OddLineError:
        pass
    try:
        return _read(mend(lines), uid_if_missing)
    except OddLineError as odd:
        raise Unreadable(f"A line cannot be read as a property: {str(odd)[:60]!r}.") from odd


def _read(lines: list[str], uid_if_missing: str | None) -> Record:
    root = outline(lines)
    if not root.children:
        raise Unreadable("This is neither a vCard nor an iCalendar text: no BEGIN:VCARD or BEGIN:VCALENDAR.")
    node = root.children[0]
    if node.name in ("VEVENT", "VTODO"):
        return read_calendar(root, lines, uid_if_missing)
    if len(root.children) > 1:
        raise Unreadable(f"The text holds {len(root.children)} items; split it first.")
    if node.first != 1 or node.last < len(lines) - 1:
        raise Unreadable(f"There is text outside of the {node.name}.")
    if node.name == "VCARD":
        return read_card(node, lines, uid_if_missing)
    if node.name == "VCALENDAR":
        return read_calendar(node, lines, uid_if_missing)
    raise Unreadable(f"{node.name[:40]} is neither a vCard nor an iCalendar.")


def render(record: Record) -> str:
    """Write a record: CR LF, folded at 75 octets; no value can bring in a line of its own."""
    return write_card(record) if isinstance(record, Contact) else write_calendar(record)


def with_uid(record: AnyRecord, uid: str) -> AnyRecord:
    """The same item under another UID."""
    return replace(record, uid=uid)
