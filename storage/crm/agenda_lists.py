"""What the agenda of some people is made of: their calendars, and what may lie in a time range."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from storage.session import chunks
from storage.tables import activities, collections, events, grants, items, requests, revisions, tasks, users

_FARTHEST = timedelta(hours=14)  # from UTC to any zone


class Known(NamedTuple):
    """A collection by its name."""

    id: int
    kinds: frozenset[str]


class Calendar(NamedTuple):
    """A collection of events or tasks, as one user sees it."""

    id: int
    name: str
    owner_id: int | None  # None: the company's
    owner: str
    access: str  # of the one who looks: write, read; "" where he has no grant


class Entry(NamedTuple):
    """An event or a task that may lie in a range."""

    item_id: int
    collection_id: int
    uid: str
    etag: str
    revision_id: int
    summary: str
    location: str
    status: str
    classification: str
    starts_at: datetime | None  # of a task: its start or due time
    ends_at: datetime | None
    range_start: datetime | None
    range_end: datetime | None
    all_day: bool
    recurring: bool
    zone: str  # "": a day, or by the clock of whoever looks
    activity_id: int | None
    assigned_id: int | None
    request_id: int | None
    request_number: str | None


def company_collection(connection: Connection, name: str) -> Known | None:
    """A collection of the company by its name."""
    named = (collections.c.name == name, collections.c.owner_id.is_(None), collections.c.deleted_at.is_(None))
    row = connection.execute(select(collections.c.id, collections.c.kinds).where(*named)).first()
    return Known(row.id, frozenset(row.kinds.split(","))) if row else None


def floor_of(connection: Connection, collection_id: int) -> int:
    """Changes up to here are forgotten: what was deleted then left nothing behind."""
    return connection.execute(select(collections.c.floor).where(collections.c.id == collection_id)).scalar() or 0


def last_actor(connection: Connection, item_id: int) -> str:
    """Who changed an item last, or deleted it."""
    own = (revisions.c.item_id == item_id, revisions.c.role != "remote")
    query = select(revisions.c.actor).where(*own).order_by(revisions.c.id.desc()).limit(1)
    return connection.execute(query).scalar() or ""


def first_actors(connection: Connection, item_ids: Iterable[int]) -> dict[int, str]:
    """Who made items, as far as their first text is kept."""
    found: dict[int, str] = {}
    for part in chunks(item_ids):
        own = (revisions.c.item_id.in_(part), revisions.c.role != "remote")
        first = select(func.min(revisions.c.id)).where(*own).group_by(revisions.c.item_id)
        query = select(revisions.c.item_id, revisions.c.actor).where(revisions.c.id.in_(first))
        found.update((row.item_id, row.actor) for row in connection.execute(query))
    return found


def calendars(
    connection: Connection, viewer_id: int | None, owners: Collection[int], *, shared: bool
) -> list[Calendar]:
    """The calendars and task lists of these users, and the company's."""
    own = [collections.c.owner_id.in_(part) for part in chunks(owners)]
    wanted = [*own, *([collections.c.owner_id.is_(None)] if shared else [])]
    query = (
        select(collections.c.id, collections.c.name, collections.c.owner_id, users.c.name, grants.c.access)
        .select_from(collections)
        .outerjoin(users, users.c.id == collections.c.owner_id)
        .outerjoin(grants, and_(grants.c.collection_id == collections.c.id, grants.c.user_id == viewer_id))
        .where(collections.c.deleted_at.is_(None), collections.c.kinds != "contact", or_(false(), *wanted))
        .where(collections.c.role == "")  # the messages of an inbox take nobody's time
        .order_by(collections.c.id)
    )
    return [_calendar(tuple(row), viewer_id) for row in connection.execute(query)]


def _calendar(row: Sequence[Any], viewer_id: int | None) -> Calendar:
    collection_id, name, owner_id, owner, access = row
    own = owner_id is None or owner_id == viewer_id
    return Calendar(collection_id, name, owner_id, owner or "", "write" if own else access or "")


# ---------------------------------------------------------------- what lies in a range

_COMMON: list[Any] = [items.c.id, items.c.collection_id, items.c.uid, items.c.etag, items.c.revision_id]
_RANGE: list[Any] = [items.c.range_start, items.c.range_end]
_WORK: list[Any] = [activities.c.id, activities.c.assigned_id, activities.c.request_id, requests.c.number]
_EVENT: list[Any] = [events.c[n] for n in ("summary", "location", "status", "classification", "starts_at", "ends_at")]
_EVENTS = (
    select(*_COMMON, *_EVENT, *_RANGE, events.c.all_day, events.c.recurring, events.c.zone, *_WORK)
    .select_from(items)
    .join(events, events.c.item_id == items.c.id)
    .outerjoin(activities, activities.c.item_id == items.c.id)
    .outerjoin(requests, requests.c.id == activities.c.request_id)
)
_TASKS = (
    select(*_COMMON, tasks.c.summary, tasks.c.status, tasks.c.starts_at, tasks.c.due_at, *_RANGE, *_WORK)
    .select_from(items)
    .join(tasks, tasks.c.item_id == items.c.id)
    .outerjoin(activities, activities.c.item_id == items.c.id)
    .outerjoin(requests, requests.c.id == activities.c.request_id)
)


def events_in(
    connection: Connection, calendar_ids: Sequence[int], start: datetime, end: datetime, limit: int
) -> list[Entry]:
    """Events whose enclosing range may overlap the time, by their start; at most `limit`."""
    query = _EVENTS.where(*_lying(calendar_ids, "event"), *_overlapping(start, end))
    query = query.order_by(items.c.range_start, items.c.id).limit(limit)
    return [Entry._make(row) for row in connection.execute(query)]


def events_of(
    connection: Connection, calendar_id: int, assigned_id: int, start: datetime, end: datetime, limit: int
) -> list[Entry]:
    """The same of one calendar: only activities that this user is to do."""
    own = (activities.c.assigned_id == assigned_id, activities.c.state != "cancelled")
    query = _EVENTS.where(*_lying([calendar_id], "event"), *_overlapping(start, end), *own)
    query = query.order_by(items.c.range_start, items.c.id).limit(limit)
    return [Entry._make(row) for row in connection.execute(query)]


def tasks_in(
    connection: Connection, calendar_ids: Sequence[int], start: datetime, end: datetime, limit: int
) -> list[Entry]:
    """Tasks that may overlap the time, and open ones without a date; at most `limit`."""
    undated = and_(items.c.range_start.is_(None), tasks.c.status.not_in(("COMPLETED", "CANCELLED")))
    dated = and_(*_overlapping(start, end))
    query = _TASKS.where(*_lying(calendar_ids, "task"), or_(undated, dated))
    query = query.order_by(items.c.range_start, items.c.id).limit(limit)
    return [_task(tuple(row)) for row in connection.execute(query)]


def _task(row: Sequence[Any]) -> Entry:
    *common, summary, status, starts_at, due_at, first, last, activity, assigned, request, number = row
    work = (activity, assigned, request, number)
    return Entry._make(
        (*common, summary, "", status, "", starts_at or due_at, due_at, first, last, False, True, "", *work)
    )


def _lying(calendar_ids: Sequence[int], kind: str) -> list[ColumnElement[bool]]:
    return [items.c.collection_id.in_(list(calendar_ids)), items.c.deleted == false(), items.c.kind == kind]


def _overlapping(start: datetime, end: datetime) -> list[ColumnElement[bool]]:
    return [
        items.c.range_start < end + _FARTHEST,
        or_(items.c.range_end.is_(None), items.c.range_end >= start - _FARTHEST),
    ]


def texts(connection: Connection, revision_ids: Iterable[int]) -> dict[int, str]:
    """By revision."""
    found: dict[int, str] = {}
    for part in chunks(revision_ids):
        rows = connection.execute(select(revisions.c.id, revisions.c.text).where(revisions.c.id.in_(part)))
        found.update((row.id, row.text) for row in rows)
    return found
