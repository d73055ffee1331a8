"""Calendar users: who is meant by an ORGANIZER or ATTENDEE, what is said of them (RFC 5545 3.2, RFC 6638 7). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote

from sync_engine.model import CalendarUser, Event, EventDetails

_PRINCIPAL = re.compile(r"/dav/principals/([^/?#]+)/?\Z")
ASKED = "NEEDS-ACTION"


def key_of(address: str) -> str:
    """What tells a calendar user from others: his mail address in lower case, or ``user:`` and a name of ours."""
    text = address.strip()
    found = _PRINCIPAL.search(text)
    if found:
        return f"user:{unquote(found[1])}"
    lowered = text.lower()
    return unquote(lowered.removeprefix("mailto:")).strip() if lowered.startswith("mailto:") else lowered


def keys_of(name: str, mail: str) -> frozenset[str]:
    """All that a user of ours may be called."""
    mails = (mail, name if "@" in name else "")
    return frozenset((f"user:{name}", *(one.strip().lower() for one in mails if one)))


def param(user: CalendarUser, name: str) -> str:
    """A parameter in upper case, "" for none."""
    return " ".join(next((values for key, values in user.params if key == name), ())).strip().upper()


def with_params(user: CalendarUser, **changes: str) -> CalendarUser:
    """With other parameters ("": without; ``_`` in a name stands for ``-``)."""
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    kept = tuple(one for one in user.params if one[0] not in named)
    return replace(user, params=tuple(sorted((*kept, *((n, (v,)) for n, v in named.items() if v)))))


def is_served(user: CalendarUser) -> bool:
    """Whether the server shall tell this person (RFC 6638 7.1)."""
    return param(user, "SCHEDULE-AGENT") in ("", "SERVER")


def parts(event: Event) -> list[EventDetails]:
    """The master, if there is one, and the overrides."""
    return [*([event.master] if event.master else []), *event.overrides]


def organizers(event: Event) -> set[str]:
    """The keys of all organisers that stand in an event. Some programs leave them out of overrides."""
    return {key_of(one.organizer.address) for one in parts(event) if one.organizer}


def attendee(one: EventDetails | None, keys: Iterable[str]) -> CalendarUser | None:
    """The ATTENDEE that has one of these keys."""
    wanted = frozenset(keys)
    people = one.attendees if one else ()
    return next((user for user in people if key_of(user.address) in wanted), None)


def guests(event: Event | None, own: frozenset[str]) -> dict[str, CalendarUser]:
    """All attendees but the organiser, by key, as they stand first."""
    found: dict[str, CalendarUser] = {}
    for one in parts(event) if event else ():
        for user in one.attendees:
            found.setdefault(key_of(user.address), user)
    return {key: user for key, user in found.items() if key not in own}
