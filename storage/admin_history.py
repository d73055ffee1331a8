"""The history of items, and the runs that made it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from storage import tables as t
from storage.admin_lists import titled_items

HUB_ROLES = ("current", "deleted")  # revisions that were the hub's own; "remote" ones are what a remote holds


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item, found by name."""

    id: int
    kind: str
    uid: str
    deleted: bool
    collection_id: int
    changed_at: datetime
    collection: str
    title: str


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One version of an item: what it became, who did it, when."""

    id: int
    item_id: int
    role: str
    actor: str
    run_id: int | None
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """A cycle that did something or failed."""

    id: int
    binding: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    counts: Mapping[str, Any]
    message: str
    seconds: float | None


def find_items(connection: Connection, words: str, limit: int = 20) -> list[ItemRow]:
    """Items by id, by UID, or by a part of their title; deleted ones too (their titles are no longer searched)."""
    statement = titled_items()
    exact = or_(t.items.c.uid == words, t.items.c.id == int(words) if words.isdecimal() else t.items.c.uid == words)
    found = connection.execute(statement.where(exact).limit(limit)).mappings().all()
    if not found:
        pattern = f"%{_escaped(words.lower())}%"
        columns = (t.contacts.c.full_name, t.events.c.summary, t.tasks.c.summary)
        alike = or_(*(func.lower(column).like(pattern, escape="\\") for column in columns))
        found = connection.execute(statement.where(alike).order_by(t.items.c.id.desc()).limit(limit)).mappings().all()
    return [ItemRow(**row) for row in found]


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def revisions(connection: Connection, item_id: int) -> list[RevisionRow]:
    """The hub's versions of an item, oldest first."""
    r = t.revisions.c
    statement = select(*_revision_columns()).where(r.item_id == item_id, r.role.in_(HUB_ROLES)).order_by(r.id)
    return [RevisionRow(**row) for row in connection.execute(statement).mappings()]


def revision(connection: Connection, revision_id: int) -> RevisionRow | None:
    """One version."""
    statement = select(*_revision_columns()).where(t.revisions.c.id == revision_id)
    row = connection.execute(statement).mappings().first()
    return None if row is None else RevisionRow(**row)


def revision_before(connection: Connection, item_id: int, revision_id: int) -> RevisionRow | None:
    """The hub's version that came before this one; None: the item did not exist."""
    r = t.revisions.c
    statement = (
        select(*_revision_columns())
        .where(r.item_id == item_id, r.id < revision_id, r.role.in_(HUB_ROLES))
        .order_by(r.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else RevisionRow(**row)


def changed_by(
    connection: Connection, *, run_id: int | None = None, since: datetime | None = None, actor: str = ""
) -> list[tuple[int, int]]:
    """(item id, its first revision) of what a run, or an actor since a time, changed in the hub; in order of change."""
    r = t.revisions.c
    statement = select(r.item_id, func.min(r.id)).where(r.role.in_(HUB_ROLES)).group_by(r.item_id)
    if run_id is not None:
        statement = statement.where(r.run_id == run_id)
    if since is not None:
        statement = statement.where(r.at >= since)
    if actor:
        statement = statement.where(r.actor == actor)
    return [(int(item), int(first)) for item, first in connection.execute(statement.order_by(func.min(r.id)))]


def latest_revision(connection: Connection, item_id: int) -> RevisionRow | None:
    """The newest hub version of an item."""
    found = revisions(connection, item_id)
    return found[-1] if found else None


def _revision_columns() -> Sequence[Any]:
    return [t.revisions.c[name] for name in RevisionRow.__dataclass_fields__]


# ---------------------------------------------------------------- runs


def add_run(
    connection: Connection,
    *,
    binding_id: int | None,
    started_at: datetime,
    finished_at: datetime | None,
    outcome: str,
    counts: Mapping[str, Any],
    message: str = "",
) -> int:
    """A row for a cycle that did something or failed."""
    row = {
        "binding_id": binding_id,
        "started_at": started_at,
        "finished_at": finished_at,
        "outcome": outcome,
        "counts": json.dumps(counts),
        "message": message[:1000],
        "seconds": (finished_at - started_at).total_seconds() if finished_at else None,
    }
    key = connection.execute(insert(t.runs).values(**row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def mark_revisions(connection: Connection, run_id: int, actor: str, since: datetime) -> None:
    """Put a run's number on the revisions that this actor made in it."""
    r = t.revisions.c
    mine = (r.run_id.is_(None)) & (r.actor == actor) & (r.at >= since)
    connection.execute(update(t.revisions).where(mine).values(run_id=run_id))


def runs(connection: Connection, limit: int = 50) -> list[RunRow]:
    """The newest runs."""
    r = t.runs.c
    statement = (
        select(t.runs, t.bindings.c.name.label("binding"))
        .select_from(t.runs.outerjoin(t.bindings, t.bindings.c.id == r.binding_id))
        .order_by(r.id.desc())
        .limit(limit)
    )
    names = RunRow.__dataclass_fields__
    return [
        RunRow(**{n: row[n] for n in names} | {"binding": row["binding"] or "", "counts": json.loads(row["counts"])})
        for row in connection.execute(statement).mappings()
    ]
