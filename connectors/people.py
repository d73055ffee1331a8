"""Organisers and attendees: Outlook's words for them, and the lines of iCalendar (RFC 5545 3.8.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync_engine.model import CalendarUser, Event, EventDetails, Params, Record

_ROLES = {"optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}
_KINDS = {role: kind for kind, role in _ROLES.items()}
_NOWHERE = "invalid:nomail"  # of somebody in the directory whose e-mail address is not told


@dataclass(frozen=True, slots=True)
class Guest:
    """One attendee."""

    address: str  # an e-mail address, without "mailto:"
    name: str = ""
    kind: str = "required"  # required, optional or resource
    answer: str = ""  # PARTSTAT


def attendee(guest: Guest) -> CalendarUser | None:
    """The ATTENDEE; None of nobody."""
    words = {
        "CUTYPE": "RESOURCE" if guest.kind == "resource" else "",
        "PARTSTAT": guest.answer,
        "ROLE": _ROLES.get(guest.kind, ""),
    }
    return person(guest.address, guest.name, words)


def person(address: str, name: str = "", words: dict[str, str] | None = None) -> CalendarUser | None:
    """An organiser, or an attendee with what else is said of him; None of nobody."""
    if not address:
        return None
    plain = " ".join(name.replace('"', "'").split())
    named = {"CN": plain if plain != address else ""} | (words or {})
    params: Params = tuple(sorted((key, (text,)) for key, text in named.items() if text))
    return CalendarUser(f"mailto:{address}" if "@" in address else _NOWHERE, params)


def guest_of(user: CalendarUser) -> Guest:
    """What an ATTENDEE says."""
    words = {name: " ".join(values) for name, values in user.params}
    kind = "resource" if words.get("CUTYPE") in ("RESOURCE", "ROOM") else _KINDS.get(words.get("ROLE", ""), "required")
    return Guest(address_of(user), words.get("CN", ""), kind, words.get("PARTSTAT", ""))


def address_of(user: CalendarUser) -> str:
    """The e-mail address; empty of one that has none."""
    scheme, colon, address = user.address.partition(":")
    if not colon:
        return user.address if "@" in user.address else ""
    return address.strip() if scheme.strip().lower() == "mailto" else ""


def people_in(record: Record) -> frozenset[str]:
    """The addresses of all who are in an event, its organiser too, in small letters; of anything else, nobody's."""
    return guests_in(record) | {_small(one.organizer) for one in _all_details(record) if one.organizer is not None}


def guests_in(record: Record) -> frozenset[str]:
    """The addresses of all attendees of an event, in small letters."""
    return frozenset(_small(one) for details in _all_details(record) for one in details.attendees)


def organizer_in(record: Record) -> str:
    """The organiser's address in small letters; "" where none is said."""
    return next((_small(one.organizer) for one in _all_details(record) if one.organizer is not None), "")


def _all_details(record: Record) -> list[EventDetails]:
    parts = (record.master, *record.overrides) if isinstance(record, Event) else ()
    return [details for details in parts if details is not None]


def _small(user: CalendarUser) -> str:
    return address_of(user).lower()


def in_order(users: Iterable[CalendarUser | None]) -> tuple[CalendarUser, ...]:
    """Attendees, who have no order."""
    found = (user for user in users if user)
    return tuple(sorted(found, key=lambda user: (user.address.lower(), user.address, user.params)))
