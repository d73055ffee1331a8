"""What is to be sent for one write: an event, or the master of a series, and occurrences as requests of their own.

Google may mail the guests of an event at every change; ``sendUpdates=none`` stands in each request (SYNC.md R10).
"""

from __future__ import annotations

import hashlib
from base64 import b32hexencode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.described import Json
from connectors.google_workspace.event_documents import GUEST, KEY, OMITTED, UNFINISHED, hiding
from connectors.google_workspace.mapping_events import EventWrite, event_patch, new_event
from connectors.people import people_in
from sync_engine.errors import Rejected
from sync_engine.item import Item
from sync_engine.model import Event, EventDetails

LONGEST_UID = 1024  # characters
_PEOPLE = frozenset({"attendees", "organizer"})
_OWN = frozenset({"reminders", "colorId", "transparency", "visibility", "extendedProperties"})
"""What everybody who is invited has for himself."""
_OF_GOOGLE = frozenset(
    {"id", "etag", "kind", "created", "updated", "creator", "htmlLink", "hangoutLink", "recurringEventId"}
)
"""What an import does not take."""
_EXTENDED, _PRIVATE = "extendedProperties", "private"


@dataclass(frozen=True, slots=True)
class Plan:
    """One write."""

    body: dict[str, Json]  # of the event, a series' master
    exceptions: Mapping[str, dict[str, Json]] = field(default_factory=dict)  # changed properties, by `instance_key`
    cancelled: tuple[str, ...] = ()  # occurrences to delete

    @property
    def several(self) -> bool:
        """Whether steps follow the first request."""
        return bool(self.exceptions or self.cancelled)

    def __bool__(self) -> bool:
        return bool(self.body) or self.several

    def marked(self, item: Item) -> dict[str, Json]:
        """The body of the first request: it says what is to follow, if anything is."""
        return with_hidden(self.body, {UNFINISHED: item.digest}) if self.several else dict(self.body)

    @property
    def properties(self) -> frozenset[str]:
        """The names of all that changes."""
        return frozenset(name for part in (self.body, *self.exceptions.values()) for name in part)


def to_create(item: Item, key: str, home_zone: str, uid: str, *, alone: bool) -> Plan:
    """A new event under this iCalUID, with our own properties. Raises `Rejected` for what cannot be expressed.

    `alone`: whose calendar it is does not take part, so that nobody is written down.
    """
    plan = _plan(new_event(_event(item), home_zone))
    body = with_hidden(plan.body, {KEY: key} | (hiding(item.uid) if uid != item.uid else {}))
    plan = replace(plan, body={"status": "confirmed"} | body | {"iCalUID": uid})
    return without_people(plan) if alone else _changeable(plan)


def _changeable(plan: Plan) -> Plan:
    """Google lets nobody but the organiser change an event, and be it his private copy of it."""
    return replace(plan, body=plan.body | {"guestsCanModify": True}) if plan.body.get("organizer") else plan


def to_update(base: Item, item: Item, home_zone: str) -> Plan:
    """What differs, and nothing else (SYNC.md R20). Raises as `to_create`."""
    return _plan(event_patch(_event(base), _event(item), home_zone))


def _plan(write: EventWrite) -> Plan:
    return Plan(dict(write.master), dict(write.exceptions), write.cancelled)


def _event(item: Item) -> Event:
    """Raises `Rejected`."""
    record = item.record
    if not isinstance(record, Event):
        raise Rejected(f"A calendar of Google takes no {item.kind}; bind a collection that does.")
    return record


def anew(plan: Plan) -> Plan:
    """The same for an event that was there before: its number of changes may be beyond that of the hub."""
    return replace(plan, body={name: value for name, value in plan.body.items() if name != "sequence"})


def without_people(plan: Plan) -> Plan:
    """The same for a calendar whose owner does not take part."""
    exceptions = {key: _without_people(one) for key, one in plan.exceptions.items()}
    return Plan(_without_people(plan.body), {key: one for key, one in exceptions.items() if one}, plan.cancelled)


def _without_people(body: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in body.items() if name not in _PEOPLE}


def with_hidden(body: Mapping[str, Json], names: Mapping[str, str | None]) -> dict[str, Json]:
    """A body that hides this, too."""
    extended: dict[str, Any] = dict(body.get(_EXTENDED) or {})
    return {**body, _EXTENDED: {**extended, _PRIVATE: {**(extended.get(_PRIVATE) or {}), **names}}}


def merged(event: Mapping[str, Json], change: Mapping[str, Json]) -> dict[str, Json]:
    """What an event becomes by a patch, as the body of an import: null clears, parts of a property are merged."""
    found = {name: value for name, value in event.items() if name not in _OF_GOOGLE}
    for name, value in change.items():
        before = found.get(name)
        if isinstance(value, Mapping):
            found[name] = merged(before if isinstance(before, Mapping) else {}, value)
        elif value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def client_id(key: str) -> str:
    """The id of an event that cannot have its own iCalUID: base32hex, as Google wants it (C7)."""
    return b32hexencode(hashlib.sha256(key.encode()).digest()).decode().lower().rstrip("=")


# ---------------------------------------------------------------- what may not be written


def refuse_marked(mark: str, plan: Plan | None) -> None:
    """Before a change, or a deletion (None), of an event with this mark (`event_documents`). Raises `Rejected`."""
    if mark == OMITTED and plan is not None and plan.properties & _PEOPLE:
        raise Rejected("Google does not tell all guests of this meeting; change who takes part in Google Calendar.")
    if mark in ("", OMITTED):
        return
    if mark != GUEST:
        raise Rejected("Google made this event for a purpose of its own; change it in Google Calendar.")
    if plan is not None and (plan.cancelled or plan.properties - _OWN):
        raise Rejected(
            "Only the organiser can change this meeting; ask for it, or change your own copy in Google Calendar."
        )


# ---------------------------------------------------------------- who takes part


def without_guests(event: Event) -> Event:
    """What an event is in the calendar of somebody who does not take part."""
    if not people_in(event):
        return event
    master = _alone(event.master) if event.master is not None else None
    return replace(event, master=master, overrides=tuple(_alone(one) for one in event.overrides))


def _alone(details: EventDetails) -> EventDetails:
    return replace(details, attendees=(), organizer=None)
