"""Organisers and attendees of Google's events, and the lines of iCalendar (RFC 5545 3.8.4).

X-NUM-GUESTS and X-RESPONSE-COMMENT are what Google itself calls in iCalendar whom a guest brings and what he writes.
"""

from __future__ import annotations

import re
from typing import Any

from connectors.described import Document, Json
from connectors.people import Guest, address_of, attendee, guest_of, in_order, person
from sync_engine.model import CalendarUser, EventDetails

_ANSWERS = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
}
_PARTICIPATION = {answer: word for word, answer in _ANSWERS.items()} | {"needsAction": "NEEDS-ACTION"}
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_BRINGS = "X-NUM-GUESTS"
_WRITES = "X-RESPONSE-COMMENT"


def put_attendees(details: EventDetails) -> list[Json]:
    """Each address once; who has none has no place, nor what is no address: Google would refuse the event for it."""
    found: dict[str, Json] = {}
    for user in in_order(details.attendees):
        if _ADDRESS.fullmatch(address_of(user)):
            found.setdefault(address_of(user).lower(), _put_attendee(user))
    return list(found.values())


def _put_attendee(user: CalendarUser) -> dict[str, Json]:
    guest = guest_of(user)
    words = {name: " ".join(values) for name, values in user.params}
    brings = words.get(_BRINGS, "")
    said: dict[str, Json] = {
        "email": guest.address,
        "displayName": guest.name,
        "optional": guest.kind == "optional",
        "resource": guest.kind == "resource",
        "comment": words.get(_WRITES, ""),
        "additionalGuests": int(brings) if brings.isascii() and brings.isdigit() else 0,
    }
    said["responseStatus"] = _ANSWERS.get(guest.answer, "needsAction")
    return {name: value for name, value in said.items() if value}


def put_organizer(details: EventDetails) -> dict[str, Json] | None:
    """Whose meeting it is, which is said once: where an event is made."""
    user = details.organizer if put_attendees(details) else None
    if user is None or not _ADDRESS.fullmatch(address_of(user)):
        return None
    guest = guest_of(user)
    return {"email": guest.address} | ({"displayName": guest.name} if guest.name else {})


def get_people(document: Document) -> dict[str, Any]:
    """Nobody where nobody is invited: Google calls the owner of each appointment its organiser."""
    found = in_order(_attendee(one) for one in document.get("attendees") or ())
    owner = document.get("organizer") or {}
    organizer = person(owner.get("email") or "", owner.get("displayName") or "")
    return {"attendees": found, "organizer": organizer if found else None}


def _attendee(one: Document) -> CalendarUser | None:
    kind = "resource" if one.get("resource") else "optional" if one.get("optional") else "required"
    answer = _PARTICIPATION.get(one.get("responseStatus") or "needsAction", "")
    user = attendee(Guest(one.get("email") or "", one.get("displayName") or "", kind, answer))
    more = {_BRINGS: str(one.get("additionalGuests") or ""), _WRITES: " ".join((one.get("comment") or "").split())}
    if user is None or not any(more.values()):
        return user
    added = [(name, (value,)) for name, value in more.items() if value]
    return CalendarUser(user.address, tuple(sorted((*user.params, *added))))
