"""Property changes that a client asks for: in PROPPATCH, MKCALENDAR and extended MKCOL.

What we know becomes a column of the collection; what we do not know is kept as XML and given back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dav_gateway.calendar_zones import TIMEZONE_ID, zone_text
from dav_gateway.elements import DAV, Element, cal, card, children, dav, first, inner_xml, text_of
from dav_gateway.properties import COLOR, CTAG, DESCRIPTIONS, ORDER, TIMEZONE
from dav_gateway.push.names import push
from dav_gateway.scheduling.properties import TRANSPARENCY
from dav_gateway.sharing.share import apples
from dav_gateway.sharing.subscription import SOURCE, feed_address

MAX_KEPT = 64 * 1024  # characters of one property that we only keep
MAX_NAME = 400
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?\Z")
_INTEGER = re.compile(r"-?[0-9]{1,9}\Z")
_OF_CALENDARS = (
    "supported-calendar-component-set supported-calendar-data supported-collation-set max-resource-size "
    "max-attendees-per-instance max-attachment-size max-attachments-per-resource calendar-home-set"
)
_OF_BOOKS = "supported-address-data supported-collation-set max-resource-size addressbook-home-set"
_PROTECTED = frozenset(  # what is told whatever a client says; those of DAV: are too
    (
        CTAG,
        *map(cal, _OF_CALENDARS.split()),
        *map(card, _OF_BOOKS.split()),
        *map(apples, ("invite", "allowed-sharing-modes")),
        *map(push, ("transports", "topic", "supported-triggers")),
    )
)


@dataclass(slots=True)
class Changes:
    """What will be written, and what is refused."""

    columns: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, str | None] = field(default_factory=dict)  # None: removed
    names: list[str] = field(default_factory=list)  # all that is fine, in the order asked
    refused: dict[str, int] = field(default_factory=dict)  # name to status
    elements: dict[str, str | None] = field(default_factory=dict)  # all that is fine, as XML; None: removed


def read_updates(update: Element, *, contacts: bool, fallback_name: str) -> Changes:
    """The set and remove instructions in a propertyupdate, mkcalendar or mkcol element, in order (RFC 4918 9.2)."""
    changes = Changes()
    for instruction in children(update):
        if instruction.tag in (dav("set"), dav("remove")):
            prop = first(instruction, dav("prop"))
            for element in children(prop) if prop is not None else ():
                value = element if instruction.tag == dav("set") else None
                _take(changes, str(element.tag), value, contacts, fallback_name)
    return changes


def _take(changes: Changes, name: str, element: Element | None, contacts: bool, fallback_name: str) -> None:
    value = None if element is None else inner_xml(element)
    status = _one(changes, name, element, value, contacts, fallback_name)
    if status:
        changes.refused[name] = status
    else:
        changes.names.append(name)
        changes.elements[name] = value


def _one(
    changes: Changes, name: str, element: Element | None, value: str | None, contacts: bool, fallback_name: str
) -> int:
    """Take one instruction; gives the status of a refusal, or 0."""
    columns: dict[str, tuple[str, Callable[[str], Any]]] = {
        dav("displayname"): ("name", lambda value: value[:200] or fallback_name),
        DESCRIPTIONS[contacts]: ("description", str),
        COLOR: ("color", _color),
        ORDER: ("sort_order", _integer),
        TIMEZONE: ("timezone", str),
    }
    if len(name) > MAX_NAME or len(value or "") > MAX_KEPT:
        return 507
    if name in columns:
        column, read = columns[name]
        try:
            changes.columns[column], changes.kept[name] = read(text_of(element)), None
        except ValueError:  # odd: kept as it is
            changes.columns[column], changes.kept[name] = read(""), value
        return 0
    if name == TIMEZONE_ID:
        return 403 if contacts else _zone(changes, element)
    if name == SOURCE:
        return 403 if contacts else _source(changes, element)
    if name == TRANSPARENCY:
        changes.columns["transparent"] = first(element, cal("transparent")) is not None
        changes.kept[name] = None
        return 0
    if name in _PROTECTED or name.startswith(f"{{{DAV}}}"):
        return 403
    changes.kept[name] = value
    return 0


def _zone(changes: Changes, element: Element | None) -> int:
    """One that nobody knows is refused (RFC 7809 5.2): times would be wrong without a word."""
    try:
        changes.columns["timezone"] = zone_text(text_of(element))
    except ValueError:
        return 403
    return 0


def _source(changes: Changes, element: Element | None) -> int:
    try:
        changes.columns["source"] = feed_address(element)
    except ValueError:
        return 403
    changes.columns["refreshed_at"] = None
    return 0


def _color(value: str) -> str:
    if value and not _COLOR.match(value):
        raise ValueError
    return value


def _integer(value: str) -> int:
    if not value:
        return 0
    if not _INTEGER.match(value):
        raise ValueError
    return int(value)
