"""Rows of activities, and up to which change of the agenda they know it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, and_, false, insert, or_, select, update

from storage.crm.scope import within
from storage.limits import clean, cut
from storage.session import chunks
from storage.tables import activities, agenda_follow, items, requests

Row: TypeAlias = Mapping[str, Any]

_LENGTHS = {"title": 1000, "zone": 100, "created_by": 300, "changed_by": 300}


class Reach(NamedTuple):
    """Whose activities a list may show (`storage.crm.scope.within`), and whose own those without a request are."""

    scope: str
    user_id: int | None
    address: str
    groups: Collection[int]


class Filter(NamedTuple):
    """Which activities a list shows; what is None or empty does not matter."""

    request_id: int | None
    states: tuple[str, ...]
    kinds: tuple[str, ...]
    assigned_id: int | None
    since: datetime | None
    until: datetime | None


def add(connection: Connection, values: Row) -> int:
    """A new one; gives its id."""
    key = connection.execute(insert(activities).values(**_fitting(values))).inserted_primary_key
    assert key is not None
    return int(key[0])


def one(connection: Connection, activity_id: int) -> Row | None:
    """By its id."""
    row = connection.execute(select(activities).where(activities.c.id == activity_id)).one_or_none()
    return None if row is None else row._asdict()


def alter(connection: Connection, activity_id: int, version: int, values: Row) -> bool:
    """Set columns and count the version up; False where it is not of this version any more."""
    known = (activities.c.id == activity_id, activities.c.version == version)
    done = connection.execute(update(activities).where(*known).values(**_fitting(values), version=version + 1))
    return done.rowcount == 1


def knows(connection: Connection, activity_id: int, item_id: int | None, revision_id: int | None) -> None:
    """The row knows this item in this revision: of no interest to people, so that its version stays."""
    values = {"item_id": item_id, "revision_id": revision_id}
    connection.execute(update(activities).where(activities.c.id == activity_id).values(**values))


def of_items(connection: Connection, item_ids: Iterable[int]) -> dict[int, Row]:
    """By the item that is theirs."""
    found: dict[int, Row] = {}
    for part in chunks(item_ids):
        rows = connection.execute(select(activities).where(activities.c.item_id.in_(part)))
        found.update((row.item_id, row._asdict()) for row in rows)
    return found


def of_buried_uids(connection: Connection, collection_id: int, uids: Iterable[str]) -> dict[str, Row]:
    """By the UID of their item, where that was deleted: the item may have been put back as another one."""
    found: dict[str, Row] = {}
    for part in chunks(uids):
        wanted = (items.c.collection_id == collection_id, items.c.uid.in_(part), items.c.deleted)
        query = select(activities, items.c.uid).join(items, items.c.id == activities.c.item_id).where(*wanted)
        for row in connection.execute(query):
            values = row._asdict()
            found[values.pop("uid")] = values
    return found


def orphans(connection: Connection, limit: int) -> list[Row]:
    """Planned ones whose item is not even a tombstone any more."""
    gone = and_(activities.c.item_id.is_not(None), items.c.id.is_(None), activities.c.state == "planned")
    query = select(activities).outerjoin(items, items.c.id == activities.c.item_id).where(gone)
    return [row._asdict() for row in connection.execute(query.order_by(activities.c.id).limit(limit))]


def page(connection: Connection, wanted: Filter, reach: Reach, after_id: int, limit: int) -> Sequence[Row]:
    """In the order of their ids, after one of them."""
    query = select(activities).outerjoin(requests, requests.c.id == activities.c.request_id)
    query = query.where(activities.c.id > after_id, _reached(reach), *_filtered(wanted))
    return [row._asdict() for row in connection.execute(query.order_by(activities.c.id).limit(limit))]


def _reached(reach: Reach) -> ColumnElement[bool]:
    of_requests = within(reach.scope, user_id=reach.user_id, address=reach.address, groups=reach.groups)
    return or_(and_(activities.c.request_id.is_not(None), of_requests), _free(reach))


def _free(reach: Reach) -> ColumnElement[bool]:
    """Those without a request."""
    if reach.scope == "all":
        return activities.c.request_id.is_(None)
    if not reach.scope or reach.user_id is None:
        return false()
    return and_(activities.c.request_id.is_(None), activities.c.assigned_id == reach.user_id)


def _filtered(wanted: Filter) -> list[ColumnElement[bool]]:
    c = activities.c
    parts = [
        None if wanted.request_id is None else c.request_id == wanted.request_id,
        c.state.in_(wanted.states) if wanted.states else None,
        c.kind.in_(wanted.kinds) if wanted.kinds else None,
        None if wanted.assigned_id is None else c.assigned_id == wanted.assigned_id,
        None if wanted.since is None else c.starts_at >= wanted.since,
        None if wanted.until is None else c.starts_at < wanted.until,
    ]
    return [part for part in parts if part is not None]


def _fitting(values: Row) -> dict[str, Any]:
    """Values that every database can hold."""
    return {
        name: (cut(value, _LENGTHS[name]) if name in _LENGTHS else clean(value)) if isinstance(value, str) else value
        for name, value in values.items()
    }


# ---------------------------------------------------------------- up to where the agenda is known


def followed(connection: Connection) -> dict[int, int]:
    """Collections whose changes are followed -> the number of the last change that is known."""
    return {row.collection_id: row.seq for row in connection.execute(select(agenda_follow))}


def set_followed(connection: Connection, collection_id: int, seq: int) -> None:
    """Remember how far."""
    here = agenda_follow.c.collection_id == collection_id
    if connection.execute(update(agenda_follow).where(here).values(seq=seq)).rowcount == 0:
        connection.execute(insert(agenda_follow).values(collection_id=collection_id, seq=seq))


def numbers_of(connection: Connection, request_ids: Iterable[int]) -> dict[int, str]:
    """The numbers of requests, by id."""
    found: dict[int, str] = {}
    for part in chunks(request_ids):
        query: Select[Any] = select(requests.c.id, requests.c.number).where(requests.c.id.in_(part))
        found.update((row.id, row.number) for row in connection.execute(query))
    return found
