"""Google's event resources, as they are told: what belongs to what, in which version, and whose it is.

A version says what can be said without another look: the entity tag of the event itself, ``~`` and a digest over its
exceptions where it is a series (a changed exception does not change the tag of its series), ``!`` and a word where it
is not to be written as others are: ``guest`` for somebody else's meeting, ``omitted`` where not all guests are told,
else the type of the event; ``busy`` where nothing but the times is told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync_engine.ports import Role

KEY, UID, UNFINISHED = "AgendaHubKey", "AgendaHubUid", "AgendaHubUnfinished"
"""Private extended properties: of our own copy, seen by no guest."""
_UIDS = (UID, *(f"{UID}{number}" for number in range(2, 9)))
_PIECE = 1000  # characters
GUEST, OMITTED, BUSY = "guest", "omitted", "busy"
READ_TYPES = ["default", "fromGmail", "focusTime", "outOfOffice"]
"""Birthdays and working locations are no appointments; Google shows them by itself."""
DEFAULT = "default"
Event = Mapping[str, Any]
_SPLIT_OFF = re.compile(r"_R\d{8}(T\d{6}Z?)?\Z")
_DAY = re.compile(r"(.+)_\d{8}(?:T\d{6}Z)?")


@dataclass(frozen=True, slots=True)
class Whole:
    """One item: a single event, a series with its exceptions, or exceptions of a series that the user does not see."""

    id: str
    master: Event | None
    exceptions: tuple[Event, ...] = ()  # cancelled ones too
    blind: bool = False  # nothing but the times is told

    @property
    def head(self) -> Event:
        """What stands for all of it."""
        return self.master if self.master is not None else next(iter(_living(self.exceptions)), {})

    @property
    def parts(self) -> tuple[Event, ...]:
        """All of Google's events in it."""
        return (*((self.master,) if self.master is not None else ()), *self.exceptions)

    @property
    def uid(self) -> str:
        """Google's iCalUID."""
        return str(self.head.get("iCalUID") or "")

    @property
    def version(self) -> str:
        """See the head of this file; "" where Google told none."""
        tag = str(self.head.get("etag") or "")
        return f"{tag}{self._digest}{self._mark}" if tag else ""

    @property
    def _digest(self) -> str:
        if self.master is not None and not is_series(self.master):
            return ""
        tags = sorted((str(one.get("id")), str(one.get("etag"))) for one in self.exceptions)
        return f"~{hashlib.sha256(repr(tags).encode()).hexdigest()[:16]}"

    @property
    def _mark(self) -> str:
        if self.blind:
            return f"!{BUSY}"
        kind = str(self.head.get("eventType") or DEFAULT)
        if kind != DEFAULT:
            return f"!{kind}"
        if role_of(self.head) is Role.GUEST:
            return f"!{GUEST}"
        return f"!{OMITTED}" if any(one.get("attendeesOmitted") for one in self.parts) else ""


def tag_of(version: str) -> str:
    """The entity tag of the event itself, or of the master, in a version."""
    end = version.rfind('"')
    return version[: end + 1] if end > 0 else version.partition("~")[0].partition("!")[0]


def is_of_series(version: str) -> bool:
    """Whether it is the version of a series."""
    return "~" in version[len(tag_of(version)) :]


def mark_of(version: str) -> str:
    """Why it is not to be written as others are; "" where it is."""
    return version[len(tag_of(version)) :].partition("!")[2]


# ---------------------------------------------------------------- single documents


def is_cancelled(event: Event) -> bool:
    """Deleted; or an occurrence that is not to take place."""
    return event.get("status") == "cancelled"


def is_read(event: Event) -> bool:
    """Whether it is an appointment."""
    return str(event.get("eventType") or DEFAULT) in READ_TYPES


def is_series(event: Event) -> bool:
    """Whether it is the master of a series."""
    return bool(event.get("recurrence"))


def series_id(event: Event) -> str:
    """The id of the series that an occurrence is of; "" of anything else."""
    return str(event.get("recurringEventId") or "")


def stem_of(series: str) -> str:
    """What the ids of its days begin with: those of x_R20260330T070000, which was split off x, are x_... too."""
    return _SPLIT_OFF.sub("", series)


def stem_of_day(item_id: str) -> str:
    """The same of the id of a day; "" of an id that is none of a day."""
    found = _DAY.fullmatch(item_id)
    return stem_of(found[1]) if found else ""


def hidden(event: Event, name: str) -> str:
    """What we hid on it."""
    private = (event.get("extendedProperties") or {}).get("private") or {}
    return str(private.get(name) or "")


def hidden_uid(event: Event) -> str:
    """The UID under which the hub made it, where Google has another; "" of anything else."""
    return "".join(hidden(event, name) for name in _UIDS)


def hiding(uid: str) -> dict[str, str]:
    """The properties that hide a UID, in pieces: Google cuts what is longer. None of one that is longer than all."""
    pieces = [uid[start : start + _PIECE] for start in range(0, len(uid), _PIECE)]
    return dict(zip(_UIDS, pieces, strict=False)) if len(pieces) <= len(_UIDS) else {}


def role_of(event: Event) -> Role:
    """What the calendar's owner is in a meeting. A private copy, such as we make, is nobody's meeting."""
    organizer, guests = event.get("organizer") or {}, event.get("attendees") or ()
    if event.get("privateCopy") or not organizer:
        return Role.NONE
    if organizer.get("self"):
        return Role.ORGANIZER if any(not one.get("self") for one in guests) else Role.NONE
    return Role.GUEST if guests and not hidden(event, KEY) else Role.NONE


def _living(events: Iterable[Event]) -> list[Event]:
    return sorted((one for one in events if not is_cancelled(one)), key=lambda one: str(one.get("id")))


# ---------------------------------------------------------------- many documents


def whole_series(series: str, events: Sequence[Event]) -> Whole | None:
    """A series out of all events that have its iCalUID; None where it is not there, or not any more."""
    master = next((one for one in events if one.get("id") == series and not is_cancelled(one)), None)
    if master is None:
        return None
    own = (one for one in events if series_id(one) == series) if is_series(master) else ()
    return Whole(series, master, tuple(own))


def orphans(series: str, events: Sequence[Event], known: Iterable[str] = ()) -> Whole | None:
    """Occurrences to which the user is invited, and not to their series.

    They are one item under the id of one of them: the one that is known, else the first.
    """
    own = _living(one for one in events if series_id(one) == series)
    if not own:
        return None
    ids = [str(one["id"]) for one in own]
    found = next((one for one in known if one in ids), ids[0])
    return Whole(found, None, tuple(own))
