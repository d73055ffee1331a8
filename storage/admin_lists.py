"""What an admin looks at: conflicts, quarantine, runs, collections. Plain rows, newest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, false, func, literal, select

from storage import tables as t


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """The same field, changed on both sides: what was kept and what lost."""

    id: int
    binding: str
    item_id: int
    collection: str
    title: str
    fields: tuple[Mapping[str, str], ...]  # field, base, hub, remote, kept
    hub_revision: int
    remote_revision: int
    base_revision: int | None  # None: both sides never agreed
    hub_actor: str  # who made the hub's version ...
    hub_at: datetime | None  # ... and when; None: no longer known
    remote_actor: str  # the account that the other version came from ...
    remote_at: datetime | None  # ... and when it was read
    at: datetime
    resolved_at: datetime | None
    resolution: str
    resolved_by: str


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """An item that could not be read or written; the others go on (SYNC.md R09, R26)."""

    id: int
    binding: str
    account: str
    collection: str
    operation: str
    title: str
    starts: str
    message: str
    server_said: str
    raw: str
    remote_id: str
    item_id: int | None
    uid: str
    first_at: datetime
    last_at: datetime
    tries: int
    frozen: bool  # by ping-pong: not tried again by itself (SYNC.md R21)


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection of the hub."""

    id: int
    name: str
    owner: str  # empty: the company's
    kinds: tuple[str, ...]
    slug: str
    items: int
    seq: int


@dataclass(frozen=True, slots=True)
class BindingRow:
    """What the store knows of a binding."""

    id: int
    name: str
    account: str
    account_state: str
    account_detail: str
    collection: str
    remote_id: str
    approved: bool
    last_started_at: datetime | None
    last_ok_at: datetime | None
    last_error: str
    last_change_in_at: datetime | None
    last_change_out_at: datetime | None
    feed_checked_at: datetime | None
    feed_problem: str | None
    links: int
    waiting: int  # writes not made yet
    quarantined: int
    conflicts: int  # unresolved
    held: int
    behind: int  # changes of the hub not looked at yet


def conflicts(
    connection: Connection, *, all_of_them: bool = False, conflict_id: int | None = None
) -> list[ConflictRow]:
    """Unresolved conflicts, or all, or the one of this id."""
    c, mine, theirs = t.conflicts.c, t.revisions.alias("mine"), t.revisions.alias("theirs")
    statement = (
        select(
            t.conflicts,
            t.bindings.c.name.label("binding"),
            t.collections.c.name.label("collection"),
            mine.c.actor.label("hub_actor"),
            mine.c.at.label("hub_at"),
            theirs.c.actor.label("remote_actor"),
            theirs.c.at.label("remote_at"),
            title_column(),
        )
        .select_from(
            with_titles(t.conflicts.join(t.items, t.items.c.id == c.item_id))
            .join(t.collections, t.collections.c.id == t.items.c.collection_id)
            .outerjoin(t.bindings, t.bindings.c.id == c.binding_id)
            .outerjoin(mine, mine.c.id == c.hub_revision)
            .outerjoin(theirs, theirs.c.id == c.remote_revision)
        )
        .order_by(c.id.desc())
    )
    if conflict_id is not None:
        statement = statement.where(c.id == conflict_id)
    elif not all_of_them:
        statement = statement.where(c.resolved_at.is_(None))
    return [_conflict(row) for row in connection.execute(statement).mappings()]


def _conflict(row: Any) -> ConflictRow:
    kept = {name: row[name] for name in ConflictRow.__dataclass_fields__ if name in row}
    kept["fields"] = tuple(json.loads(row["fields"]))
    words = ("binding", "title", "hub_actor", "remote_actor", "resolved_by")
    return ConflictRow(**kept | {name: row[name] or "" for name in words})


def quarantine(connection: Connection, *, entry_id: int | None = None) -> list[QuarantineRow]:
    """All entries, or the one of this id."""
    q, k = t.quarantine.c, t.links.c
    of_frozen = and_(k.binding_id == q.binding_id, k.item_id == q.item_id, k.state == "frozen")
    statement = (
        select(
            t.quarantine,
            case((select(k.id).where(of_frozen).exists(), 1), else_=0).label("frozen"),
            t.bindings.c.name.label("binding"),
            t.accounts.c.name.label("account"),
            t.collections.c.name.label("collection"),
        )
        .select_from(
            t.quarantine.join(t.bindings, t.bindings.c.id == q.binding_id)
            .join(t.accounts, t.accounts.c.id == t.bindings.c.account_id)
            .join(t.collections, t.collections.c.id == t.bindings.c.collection_id)
        )
        .order_by(q.last_at.desc(), q.id.desc())
    )
    if entry_id is not None:
        statement = statement.where(q.id == entry_id)
    names = QuarantineRow.__dataclass_fields__
    return [
        QuarantineRow(**{n: row[n] for n in names} | {"frozen": bool(row["frozen"])})
        for row in connection.execute(statement).mappings()
    ]


def collections(connection: Connection) -> list[CollectionRow]:
    """The hub's collections with how many items are in them."""
    c = t.collections.c
    live = (
        select(func.count())
        .select_from(t.items)
        .where(t.items.c.collection_id == c.id, t.items.c.deleted == false())
        .scalar_subquery()
    )
    statement = (
        select(c.id, c.name, t.users.c.name.label("owner"), c.kinds, c.slug, live.label("items"), c.seq)
        .select_from(t.collections.outerjoin(t.users, t.users.c.id == c.owner_id))
        .where(c.deleted_at.is_(None), c.role == "")  # an inbox is nobody's calendar
        .order_by(t.users.c.name, c.name)
    )
    return [
        CollectionRow(r.id, r.name, r.owner or "", tuple(r.kinds.split(",")), r.slug, r.items, r.seq)
        for r in connection.execute(statement)
    ]


def bindings(connection: Connection) -> list[BindingRow]:
    """Every binding the store knows, by name."""
    b = t.bindings.c
    statement = (
        select(
            *(b[n] for n in _BINDING_COLUMNS),
            t.accounts.c.name.label("account"),
            t.accounts.c.state.label("account_state"),
            t.accounts.c.detail.label("account_detail"),
            t.collections.c.name.label("collection"),
            (t.collections.c.seq - b.hub_cursor).label("behind"),
            _count(t.links).label("links"),
            _count(t.intents).label("waiting"),
            _count(t.quarantine).label("quarantined"),
            _count(t.conflicts, t.conflicts.c.resolved_at.is_(None)).label("conflicts"),
            _held().label("held"),
        )
        .join(t.accounts, t.accounts.c.id == b.account_id)
        .join(t.collections, t.collections.c.id == b.collection_id)
        .order_by(b.name)
    )
    return [BindingRow(**row) for row in connection.execute(statement).mappings()]


_BINDING_COLUMNS = [
    "id",
    "name",
    "remote_id",
    "approved",
    "last_started_at",
    "last_ok_at",
    "last_error",
    "last_change_in_at",
    "last_change_out_at",
    "feed_checked_at",
    "feed_problem",
]


def _count(table: Any, *conditions: Any) -> Any:
    counted = select(func.count()).select_from(table).where(table.c.binding_id == t.bindings.c.id, *conditions)
    return counted.correlate(t.bindings).scalar_subquery()


def _held() -> Any:
    counted = select(func.coalesce(func.sum(t.holds.c.count), literal(0)))
    return counted.where(t.holds.c.binding_id == t.bindings.c.id).correlate(t.bindings).scalar_subquery()


def title_column() -> Any:
    """What a person calls an item; needs `with_titles`."""
    titles = func.coalesce(t.contacts.c.full_name, t.events.c.summary, t.tasks.c.summary, "")
    return titles.label("title")


def with_titles(source: Any) -> Any:
    """Join what holds titles to a source that has ``items`` in it."""
    for table in (t.contacts, t.events, t.tasks):
        source = source.outerjoin(table, table.c.item_id == t.items.c.id)
    return source


def titled_items() -> Select[Any]:
    """Items with their titles and collections, for commands that look for one."""
    i = t.items.c
    placed = t.items.join(t.collections, t.collections.c.id == i.collection_id)
    placed = placed.outerjoin(t.users, t.users.c.id == t.collections.c.owner_id)
    return (
        select(
            i.id,
            i.kind,
            i.uid,
            i.deleted,
            i.collection_id,
            i.changed_at,
            t.collections.c.name.label("collection"),
            func.coalesce(t.users.c.name, "").label("owner"),
            title_column(),
        )
        .select_from(with_titles(placed))
        .where(t.collections.c.role == "")
    )
