"""What Google has no place for in an event, hidden on it as lines of iCalendar, so that it comes back with it.

Extended properties of the own copy take 1024 characters each and 32 KB in all. Lines that do not fit stay in the hub.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import lru_cache
from typing import Any

from connectors.described import Document, Json
from sync_engine.errors import Unreadable
from sync_engine.formats import parse
from sync_engine.formats.text_values import escape, escape_uri, join_list
from sync_engine.formats.vcard_writer import write_line
from sync_engine.model import Event, EventDetails

LINES = "AgendaHubLines"
PIECES = 8
_PIECE = 1000  # octets
_MODELLED = frozenset({
    "ATTACH", "ATTENDEE", "CATEGORIES", "CLASS", "COMPLETED", "CREATED", "DESCRIPTION", "DTEND", "DTSTAMP", "DTSTART",
    "DUE", "DURATION", "EXDATE", "EXRULE", "LAST-MODIFIED", "LOCATION", "ORGANIZER", "PRIORITY", "RDATE",
    "RECURRENCE-ID", "RRULE", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "UID", "URL",
})  # fmt: skip
"""Lines that are more than their field can hold: among the hidden ones they would be read as the field itself."""
_FIELDS = ("classification", "status", "priority", "url", "categories", "extra")


def put_hidden(details: EventDetails) -> dict[str, Json]:
    """The private extended properties of what `details` says; all of them, unused ones cleared."""
    text = "\n".join(_that_fit(_lines(details)))
    pieces = list(_cut(text)) if text else []
    found = {f"{LINES}{number}": piece for number, piece in enumerate(pieces, 1)}
    return {name: found.get(name) for name in (f"{LINES}{number}" for number in range(1, PIECES + 1))}


def _lines(details: EventDetails) -> Iterator[str]:
    texts = {"CLASS": details.classification, "STATUS": details.status, "PRIORITY": details.priority}
    yield from (f"{name}:{escape(text)}" for name, text in texts.items() if text)
    if details.url:
        yield f"URL:{escape_uri(details.url)}"
    if details.categories:
        yield f"CATEGORIES:{join_list(tuple(sorted(set(details.categories))))}"
    yield from (write_line(line) for line in details.extra if line.name not in _MODELLED)


def _that_fit(lines: Iterable[str]) -> Iterator[str]:
    left = PIECES * (_PIECE - 4)
    for line in lines:
        size = len(line.encode("utf-8", "surrogatepass")) + 1
        if size <= left and "\n" not in line and "\r" not in line:
            left -= size
            yield line


def _cut(text: str) -> Iterator[str]:
    """Pieces of whole characters."""
    piece, size = "", 0
    for letter in text:
        octets = len(letter.encode("utf-8", "surrogatepass"))
        if size + octets > _PIECE:
            yield piece
            piece, size = "", 0
        piece, size = piece + letter, size + octets
    yield piece


def get_hidden(document: Document) -> EventDetails:
    """What was hidden; nothing where somebody spoiled it."""
    private: dict[str, Any] = (document.get("extendedProperties") or {}).get("private") or {}
    text = "".join(str(private.get(f"{LINES}{number}") or "") for number in range(1, PIECES + 1))
    return _read(text) if text else EventDetails()


@lru_cache(maxsize=256)
def _read(text: str) -> EventDetails:
    wrapped = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:x", *text.split("\n"), "END:VEVENT", "END:VCALENDAR", ""]
    try:
        event = parse("\r\n".join(wrapped))
    except Unreadable:
        return EventDetails()
    details = event.master if isinstance(event, Event) else None
    said = {f.name: getattr(details, f.name) for f in fields(EventDetails) if details and f.name in _FIELDS}
    return EventDetails(**said)
