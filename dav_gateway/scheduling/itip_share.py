"""What of an event one guest is invited to, and what he is sent when that changes (RFC 6638 3.2.1, 3.2.6). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from dav_gateway.scheduling.itip_ranges import narrowed
from dav_gateway.scheduling.itip_told import differs, excluded, instants, told
from dav_gateway.scheduling.people import attendee, guests, is_served, organizers, param, parts
from sync_engine.model import CalendarUser, Event, EventDetails

CANCELLED = "CANCELLED"


def share(event: Event | None, key: str) -> Event | None:
    """The event as one guest has it: without the occurrences he is not invited to; None when he is invited to nothing.

    Somebody who is invited to single occurrences only gets these, without the series.
    """
    if event is None or (event.master is not None and event.master.status == CANCELLED):
        return None
    mine = tuple(one for one in event.overrides if _invited(one, key))
    plain = replace(event, overrides=mine, extra=(), stamps=())
    master = narrowed(event, lambda one: _invited(one, key)) if event.master else None
    if master is None:
        return replace(plain, master=None) if mine else None
    known = excluded(replace(event, master=master))
    others = {at: one for at, one in instants(event).items() if one not in mine and at not in known}
    dates = (*master.exception_dates, *(one.recurrence_id for one in others.values() if one.recurrence_id))
    return replace(plain, master=replace(master, exception_dates=dates))


def _invited(one: EventDetails | None, key: str) -> bool:
    user = attendee(one, (key,))
    return one is not None and one.status != CANCELLED and user is not None and is_served(user)


@dataclass(frozen=True, slots=True)
class Change:
    """What one guest has to be told."""

    key: str
    user: CalendarUser  # as he stands in the event
    before: Event | None  # what he was invited to
    after: Event | None  # what he is invited to

    @property
    def cancelled(self) -> Event | None:
        """What does not take place for him any more; None for nothing that needs a message of its own."""
        if self.before is None or self.after is None:
            return self.before
        if self.before.master is not None:
            return self.before if self.after.master is None else None
        left = instants(self.after)
        gone = tuple(one for at, one in instants(self.before).items() if at not in left)
        if self.after.master is not None or not gone:
            return None
        return replace(self.before, overrides=gone)

    @property
    def requested(self) -> Event | None:
        """What he is invited to anew or otherwise than before; None where nothing of that changed."""
        if self.after is None or self.before is None or self.before.master is not None or self.after.master is not None:
            return self.after
        known = {at: told(one) for at, one in instants(self.before).items()}
        fresh = tuple(one for at, one in instants(self.after).items() if known.get(at) != told(one))
        return replace(self.after, overrides=fresh) if fresh else None


def changes(
    old: Event | None, new: Event | None, own: frozenset[str], forced: Collection[str] = ()
) -> Iterator[Change]:
    """Whom the organiser's server has to tell of a change; nobody when it says the same as before.

    `own`: the keys of the organiser himself. `forced`: who is told in any case.
    """
    if old == new and not forced:
        return
    for key, user in {**guests(old, own), **guests(new, own)}.items():
        before, after = share(old, key), share(new, key)
        if differs(before, after) or (after is not None and key in forced):
            yield Change(key, user, before if key not in forced or after is None else None, after)


def forced(event: Event | None) -> set[str]:
    """Whom the client wants to be told in any case (RFC 6638 7.2)."""
    people = guests(event, frozenset())
    return {
        key
        for key in people
        for one in parts(event or Event(""))
        if (user := attendee(one, (key,))) and param(user, "SCHEDULE-FORCE-SEND") == "REQUEST"
    }


def is_organized(event: Event | None, own: frozenset[str]) -> bool:
    """Whether it is a meeting that its owner organises, and the server invites to (RFC 6638 3.1)."""
    return event is not None and bool(own & organizers(event)) and _by_server(event)


def is_attended(event: Event | None, own: frozenset[str]) -> bool:
    """Whether it is a meeting of somebody else, whom the server answers (RFC 6638 3.1)."""
    if event is None or own & organizers(event) or not organizers(event) or not _by_server(event):
        return False
    return any(attendee(one, own) for one in parts(event))


def _by_server(event: Event) -> bool:
    return all(is_served(one.organizer) for one in parts(event) if one.organizer)
