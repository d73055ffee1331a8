"""What makes an element of a multi-valued field the same element on both sides."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from sync_engine.model import Address, CalendarUser, Component, ContentLine, Labelled, Moment


def phone_digits(number: str) -> str:
    """A phone number reduced to + and digits: "tel:" and separators do not make another number."""
    digits = "".join(c for c in number if c.isdigit())
    return f"+{digits}" if number.strip().lower().removeprefix("tel:").startswith("+") else digits


def _phone(phone: Labelled) -> str:
    return phone_digits(phone.value) or phone.value


def _text(entry: Labelled) -> str:
    return entry.value.strip().lower()


def _user(user: CalendarUser) -> str:
    return user.address.strip().lower()


def _place(address: Address) -> Hashable:
    """However many texts a part is in: many systems have one for each."""
    return tuple(map(", ".join, (address.street, address.locality, address.postal_code, address.country)))


def _alarm(alarm: Component) -> Hashable:
    """By its UID, else by when and how it rings."""
    lines = {line.name: line for line in alarm.lines}
    for name in ("UID", "X-WR-ALARMUID"):
        if name in lines:
            return lines[name].value
    return _bell(alarm)


def _bell(alarm: Component) -> Hashable:
    """When and how it rings."""
    lines = {line.name: line for line in alarm.lines}
    trigger = lines.get("TRIGGER")
    return trigger.value if trigger else "", lines["ACTION"].value if "ACTION" in lines else ""


def _label(entry: Labelled | Address) -> Hashable:
    return entry.types, entry.companions


def said(line: ContentLine | Component) -> Hashable:
    """What an unmodelled line says, whatever its parameters add to that; a component says itself."""
    return (line.value, line.companions) if isinstance(line, ContentLine) else line


def _itself(element: Hashable) -> Hashable:
    return element


KEYS: dict[str, Callable[[Any], Hashable]] = {
    "phones": _phone,
    "emails": _text,
    "urls": _text,
    "chats": _text,
    "addresses": _place,
    "attendees": _user,
    "alarms": _alarm,
    "categories": _itself,
    "nicknames": _itself,
    "exception_dates": _itself,
    "recurrence_dates": _itself,
    "attachments": _itself,
}
"""Fields that merge element by element: what to know an element by."""

SLOTS: dict[str, Callable[[Any], Hashable]] = {
    "phones": _label,
    "emails": _label,
    "urls": _label,
    "chats": _label,
    "addresses": _label,
    "alarms": _bell,
    "attachments": said,
}
"""Where a lone element with another key is the same one, edited: a new number under the same label, an alarm that rings
as before under a new UID."""


def spoken(key: Hashable) -> str:
    """A key as a part of a field's name, for people: "+41443332211", "Main Street 1, Zurich"."""
    if isinstance(key, tuple):
        return ", ".join(filter(None, map(spoken, key)))
    if isinstance(key, Moment):
        return key.value
    return key.name if isinstance(key, ContentLine | Component) else str(key)
