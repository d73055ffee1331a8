"""The agenda of some people over each other: single occurrences in a time range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, TypeAlias

from crm.activity.times import zone_named
from crm.actor import Actor
from crm.agenda.expanding import NEVER, Occurrence, day, expanded, undated
from crm.agenda.ranges import check_range
from crm.rights import authorise
from storage.crm import agenda_lists
from storage.crm.agenda_lists import Calendar, Entry, events_in, tasks_in
from storage.session import chunks
from storage.unit_of_work import SqlUnitOfWork

Query: TypeAlias = Callable[..., list[Entry]]

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One occurrence of an event, or a task. What is private to somebody else has no words, only its time."""

    item_id: int
    collection_id: int
    collection: str  # its name
    kind: str  # event, task
    title: str
    location: str
    status: str  # upper case: TENTATIVE, COMPLETED ...
    starts_at: datetime | None  # UTC; a task: its start, else its due time; None: none is set
    ends_at: datetime | None  # UTC, not included
    all_day: bool  # from midnight UTC to midnight UTC: days have no zone
    recurring: bool
    owner_id: int | None  # whose calendar it is in; None: the company's
    owner: str
    busy_only: bool
    writable: bool
    activity_id: int | None = None
    request_id: int | None = None
    request_number: str = ""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What `overlay` gives."""

    shown: tuple[Shown, ...]  # by start, tasks without a time last
    complete: bool  # False: there is more than the limit; ask for a shorter range


def overlay(
    unit: SqlUnitOfWork,
    actor: Actor,
    start: datetime,
    end: datetime,
    *,
    users: Sequence[int] = (),
    shared: bool = True,
    kinds: Sequence[str] = ("event", "task"),
    zone: str = "UTC",
    limit: int = 2000,
) -> Agenda:
    """What overlaps `start` to `end` (at most 400 days) in these users' own calendars and in those of the company.

    Details of another user's are shown where the actor has a grant; else, and where one is private, it is busy only.
    `zone`: of the viewer, for days and floating times. Raises `Invalid`, `Forbidden`.
    """
    authorise(actor, "agenda.read")
    check_range(start, end)
    view = View(unit, actor, start, end, zone_named(zone), max(1, min(limit, _MOST)))
    shelves = agenda_lists.calendars(unit.session.connection, actor.user_id, sorted(set(users)), shared=shared)
    view.calendars = {shelf.id: shelf for shelf in shelves}
    found = [*(view.events() if "event" in kinds else ()), *(view.tasks() if "task" in kinds else ())]
    found.sort(key=_order)
    return Agenda(tuple(found[: view.limit]), not view.cut and len(found) <= view.limit)


def _order(one: Shown) -> tuple[bool, datetime, int]:
    return one.starts_at is None, one.starts_at or NEVER, one.item_id


@dataclass(slots=True)
class View:
    """One look at some calendars."""

    unit: SqlUnitOfWork
    actor: Actor
    start: datetime
    end: datetime
    zone: tzinfo
    limit: int
    calendars: dict[int, Calendar] = field(default_factory=dict)
    cut: bool = False  # the limit left something out

    def events(self) -> Iterator[Shown]:
        """Occurrences; from calendars that the actor may not read only their times."""
        opened = [number for number, shelf in self.calendars.items() if shelf.access]
        closed = [number for number, shelf in self.calendars.items() if not shelf.access]
        for entries, exact in ((self._read(events_in, opened), False), (self._read(events_in, closed), True)):
            yield from self._shown(list(expanded(self.unit, entries, self.start, self.end, self.zone, exact=exact)))

    def tasks(self) -> Iterator[Shown]:
        """Dated ones and open ones; another's are nobody's business without a grant, or where they are private."""
        opened = [number for number, shelf in self.calendars.items() if shelf.access]
        entries = self._read(tasks_in, opened)
        dated = [entry for entry in entries if entry.starts_at is not None]
        rest = undated(self.unit, [entry for entry in entries if entry.starts_at is None])
        listed = [*rest, *expanded(self.unit, dated, self.start, self.end, self.zone, exact=False)]
        own = self._own(listed)
        for one in listed:
            if not one.private or one.entry.item_id in own:
                yield self._show(one, "task", busy_only=False)

    def _read(self, query: Query, numbers: Sequence[int]) -> list[Entry]:
        found = [e for n in chunks(numbers) for e in query(self._connection, n, self.start, self.end, self.limit + 1)]
        self.cut = self.cut or len(found) > self.limit
        return found[: self.limit]

    @property
    def _connection(self) -> Any:
        return self.unit.session.connection

    def _shown(self, found: list[Occurrence]) -> Iterator[Shown]:
        own = self._own(found)
        for one in found:
            closed = not self.calendars[one.entry.collection_id].access
            busy_only = closed or (one.private and one.entry.item_id not in own)
            if not (busy_only and closed and (one.free or one.status == "CANCELLED")):
                yield self._show(one, "event", busy_only=busy_only)

    def _own(self, found: list[Occurrence]) -> set[int]:
        """Of the private items those that the actor may see: in his own calendar, for him to do, or made by him."""
        private = [one.entry for one in found if one.private]
        user, own = self.actor.user_id, {entry.item_id for entry in private if self._is_for_actor(entry)}
        shared = {e.item_id for e in private if self.calendars[e.collection_id].owner_id is None} - own
        if user is None or not shared:
            return own
        made = agenda_lists.first_actors(self._connection, shared)
        name = f"user {self.actor.name}"
        return own | {number for number, by in made.items() if by == name or by.startswith(f"{name}, ")}

    def _is_for_actor(self, entry: Entry) -> bool:
        user, owner = self.actor.user_id, self.calendars[entry.collection_id].owner_id
        return user is not None and user in (owner, entry.assigned_id)

    def _show(self, one: Occurrence, kind: str, *, busy_only: bool) -> Shown:
        entry, shelf = one.entry, self.calendars[one.entry.collection_id]
        timed = entry.starts_at is not None
        start, end = (day(at, self.zone) if one.all_day else at for at in (one.starts_at, one.ends_at))
        return Shown(
            item_id=entry.item_id,
            collection_id=shelf.id,
            collection="" if busy_only and not shelf.access else shelf.name,
            kind=kind,
            title="" if busy_only else one.title,
            location="" if busy_only else one.location,
            status="" if busy_only else one.status,
            starts_at=start if timed else None,
            ends_at=end if timed else None,
            all_day=one.all_day,
            recurring=kind == "event" and entry.recurring,
            owner_id=shelf.owner_id,
            owner=shelf.owner,
            busy_only=busy_only,
            writable=shelf.access == "write" and not busy_only,
            activity_id=None if busy_only else entry.activity_id,
            request_id=None if busy_only else entry.request_id,
            request_number="" if busy_only else entry.request_number or "",
        )
