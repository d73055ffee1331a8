"""An organiser's own copy: what the server puts right when he stores it (RFC 6638 3.2.1, 3.2.8, 3.2.9, 7.2). Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from dav_gateway.scheduling.itip_ranges import said_at
from dav_gateway.scheduling.itip_told import (
    answer_of,
    asked_again,
    excluded,
    instants,
    rescheduled,
    stamp,
    takes_place,
    told,
)
from dav_gateway.scheduling.people import ASKED, key_of, param, parts, with_params
from sync_engine.model import CalendarUser, Component, Event, EventDetails

_COUNTED = (
    "rules",
    "recurrence_dates",
    "exception_dates",
    "status",
)  # their change raises SEQUENCE, if nobody is asked again


def settled(old: Event | None, new: Event, own: frozenset[str], ours: Collection[str]) -> Event:
    """What an organiser stores, with the answers that came meanwhile, and with everybody asked again where it moved.

    `own`: the keys of the organiser; `ours`: those guests who answer here themselves: nobody answers for them.
    """
    zones = (*new.zones, *(old.zones if old else ()))
    master = _settled(old.master if old else None, new.master, own, ours, zones) if new.master else None
    known = instants(old) if old else {}
    overrides = []
    for at, one in instants(new).items():
        before = known.get(at) or _plain(old, one) or _plain(replace(new, master=master), one)
        overrides.append(_settled(before, one, own, ours, zones))
    settled_ = replace(new, master=master, overrides=tuple(overrides))
    return _with_answers(old, settled_)


def _plain(event: Event | None, one: EventDetails) -> EventDetails | None:
    """What a series says of an occurrence that it has no override for."""
    if event is None or event.master is None or one.recurrence_id is None:
        return None
    return replace(said_at(event, one.recurrence_id), sequence=event.master.sequence)


def _settled(
    before: EventDetails | None,
    after: EventDetails,
    own: frozenset[str],
    ours: Collection[str],
    zones: tuple[Component, ...],
) -> EventDetails:
    if before is None:
        return _without_orders(after)
    moved = rescheduled(before, after, zones)
    known = {key_of(user.address): user for user in before.attendees}
    people = tuple(
        user if key_of(user.address) in own else _guest(known.get(key_of(user.address)), user, ours, moved=moved)
        for user in after.attendees
    )
    newer = moved or any(getattr(before, name) != getattr(after, name) for name in _COUNTED)
    sequence = max(after.sequence, before.sequence + 1 if newer else before.sequence)
    return _without_orders(replace(after, attendees=people, sequence=sequence))


def _guest(known: CalendarUser | None, user: CalendarUser, ours: Collection[str], *, moved: bool) -> CalendarUser:
    status = param(known, "SCHEDULE-STATUS") if known and not param(user, "SCHEDULE-STATUS") else ""
    user = with_params(user, SCHEDULE_STATUS=status) if status else user
    if moved:
        return asked_again(user)
    if known is None:
        return user
    if answer_of(known) == answer_of(user):
        asked = answer_of(user) == ASKED and not param(user, "RSVP")
        return with_params(user, RSVP=param(known, "RSVP")) if asked else user
    if key_of(user.address) in ours or answer_of(user) == ASKED:
        return with_params(user, PARTSTAT=answer_of(known), RSVP=param(known, "RSVP"))
    return user


def _without_orders(one: EventDetails) -> EventDetails:
    people = tuple(
        with_params(user, SCHEDULE_FORCE_SEND="") if param(user, "SCHEDULE-FORCE-SEND") else user
        for user in one.attendees
    )
    return replace(one, attendees=people)


def _with_answers(old: Event | None, new: Event) -> Event:
    """With the overrides that only an answer made, and that the client has not seen yet."""
    if old is None or old.master is None or new.master is None:
        return new
    if rescheduled(old.master, new.master, (*new.zones, *old.zones)):
        return new
    there, gone = instants(new), excluded(new)
    lost = [one for at, one in instants(old).items() if at not in there and at not in gone and takes_place(new, at)]
    answered = tuple(_only_answers(old, new, one) for one in lost)
    kept = (*new.overrides, *(one for one in answered if one is not None))
    return replace(new, overrides=tuple(sorted(kept, key=lambda o: o.recurrence_id.value if o.recurrence_id else "")))


def _only_answers(old: Event, new: Event, one: EventDetails) -> EventDetails | None:
    """The occurrence as the series has it now, with the answers of this override; None for a real change."""
    if one.recurrence_id is None or told(one) != told(before := said_at(old, one.recurrence_id)):
        return None
    fresh = said_at(new, one.recurrence_id)
    if rescheduled(before, fresh, (*new.zones, *old.zones)):
        return None
    said = {key_of(user.address): user for user in one.attendees}
    people = tuple(
        with_params(user, PARTSTAT=answer_of(said[key_of(user.address)])) if key_of(user.address) in said else user
        for user in fresh.attendees
    )
    return replace(fresh, attendees=people, sequence=max(one.sequence, fresh.sequence), stamps=one.stamps)


def with_status(event: Event, told_: Mapping[str, str]) -> Event:
    """With the SCHEDULE-STATUS of delivery, by key of a guest (RFC 6638 7.3)."""
    return _each(event, lambda user: _status(user, told_.get(key_of(user.address), "")))


def _status(user: CalendarUser, status: str) -> CalendarUser:
    return with_params(user, SCHEDULE_STATUS=status) if status else user


def _each(event: Event, change: Callable[[CalendarUser], CalendarUser]) -> Event:
    def of(one: EventDetails) -> EventDetails:
        return replace(one, attendees=tuple(map(change, one.attendees)))

    return replace(event, master=of(event.master) if event.master else None, overrides=tuple(map(of, event.overrides)))


def with_reply_status(event: Event, status: str) -> Event:
    """An attendee's copy that says what became of his answer: on ORGANIZER (RFC 6638 7.3), without its orders."""

    def of(one: EventDetails) -> EventDetails:
        owner = one.organizer
        owner = with_params(owner, SCHEDULE_STATUS=status, SCHEDULE_FORCE_SEND="") if owner else None
        return replace(one, organizer=owner)

    return replace(event, master=of(event.master) if event.master else None, overrides=tuple(map(of, event.overrides)))


def latest(event: Event) -> int:
    """The highest SEQUENCE."""
    return max((one.sequence for one in parts(event)), default=0)


def stamped(event: Event, now: datetime) -> Event:
    """With a new DTSTAMP in all components, as a message goes out (RFC 6638 3.2.9)."""

    def of(one: EventDetails) -> EventDetails:
        rest = tuple(line for line in one.stamps if line.name != "DTSTAMP")
        return replace(one, stamps=(stamp(now), *rest))

    return replace(event, master=of(event.master) if event.master else None, overrides=tuple(map(of, event.overrides)))
