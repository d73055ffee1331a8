"""The history of items, and the runs that made it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, true, update

from storage import tables as t
from storage.admin_lists import titled_items
from storage.session import chunks
from sync_engine.errors import Unreadable
from sync_engine.item import Item
from sync_engine.model import title_of

_TOMBSTONES = 5000  # the latest deletions, which are looked through for a title
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
    owner: str  # the user whose collection it is; empty: the company's
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
class VersionRow:
    """One version, without its text."""

    item_id: int
    id: int
    role: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of one item."""

    id: int
    item_id: int
    role: str
    actor: str
    run_id: int | None
    at: datetime
    collection: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Which changes are meant: those that fit all that is given."""

    item_ids: tuple[int, ...] | None = None
    run_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""  # "account work" also means "account work, agenda"; "user ada" also her devices


EVERYTHING = Scope()


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
    """Items by id, by UID, or by a part of their title; deleted ones by their last title."""
    statement = titled_items()
    exact = or_(t.items.c.uid == words, t.items.c.id == int(words) if words.isdecimal() else t.items.c.uid == words)
    found = connection.execute(statement.where(exact).limit(limit)).mappings().all()
    if not found:
        pattern = f"%{_escaped(words.lower())}%"
        columns = (t.contacts.c.full_name, t.events.c.summary, t.tasks.c.summary)
        alike = or_(*(func.lower(column).like(pattern, escape="\\") for column in columns))
        found = connection.execute(statement.where(alike).order_by(t.items.c.id.desc()).limit(limit)).mappings().all()
        rows = [ItemRow(**row) for row in found]
        return (rows + deleted_items(connection, words, limit))[:limit]
    return _with_last_titles(connection, [ItemRow(**row) for row in found])


def deleted_items(connection: Connection, words: str = "", limit: int = 20) -> list[ItemRow]:
    """Deleted items that can still be brought back, the latest first; those whose title had these words."""
    newest = titled_items().where(t.items.c.deleted == true()).order_by(t.items.c.changed_at.desc()).limit(_TOMBSTONES)
    rows = _with_last_titles(connection, [ItemRow(**row) for row in connection.execute(newest).mappings()])
    return [row for row in rows if words.lower() in row.title.lower()][:limit]


def _with_last_titles(connection: Connection, rows: Sequence[ItemRow]) -> list[ItemRow]:
    """The tables that people query forget a deleted item; its last text does not."""
    i, r = t.items.c, t.revisions.c
    query = select(i.id, r.text).join(t.revisions, r.id == i.revision_id)
    wanted = [row.id for row in rows if row.deleted]
    texts = {row.id: row.text for part in chunks(wanted) for row in connection.execute(query.where(i.id.in_(part)))}
    return [replace(row, title=title_in(texts[row.id])) if row.id in texts else row for row in rows]


def title_in(text: str) -> str:
    """What a person calls the item with this text."""
    try:
        return title_of(Item.read(text, uid_if_missing="x").record)
    except Unreadable:
        return "(unreadable)"


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
    """The hub's version that came before this one; None: none that is kept."""
    r = t.revisions.c
    older = select(*_revision_columns()).where(r.item_id == item_id, r.id < revision_id, r.role.in_(HUB_ROLES))
    row = connection.execute(older.order_by(r.id.desc()).limit(1)).mappings().first()
    return None if row is None else RevisionRow(**row)


def changes(connection: Connection, scope: Scope, limit: int | None = None) -> list[ChangeRow]:
    """The hub's versions within a scope, the newest first."""
    r = t.revisions.c
    columns = (r.id, r.item_id, r.role, r.actor, r.run_id, r.at, t.collections.c.name.label("collection"))
    joined = t.revisions.join(t.items, t.items.c.id == r.item_id)
    joined = joined.join(t.collections, t.collections.c.id == t.items.c.collection_id)
    statement = select(*columns).select_from(joined).where(r.role.in_(HUB_ROLES), *_within(scope))
    rows = connection.execute(statement.order_by(r.id.desc()).limit(limit)).mappings()
    return [ChangeRow(**row) for row in rows]


def _within(scope: Scope) -> list[Any]:
    r, found = t.revisions.c, list[Any]()
    if scope.item_ids is not None:
        found.append(r.item_id.in_(scope.item_ids))
    if scope.run_id is not None:
        found.append(r.run_id == scope.run_id)
    if scope.since is not None:
        found.append(r.at >= scope.since)
    if scope.until is not None:
        found.append(r.at <= scope.until)
    if scope.actor:
        whose = r.actor.like(f"{_escaped(scope.actor)}, %", escape="\\")
        found.append(or_(r.actor == scope.actor, whose))
    return found


def timelines(connection: Connection, item_ids: Sequence[int]) -> dict[int, list[VersionRow]]:
    """The hub's versions of these items, oldest first, without their texts."""
    r, found = t.revisions.c, {item_id: list[VersionRow]() for item_id in item_ids}
    query = select(r.item_id, r.id, r.role, r.actor, r.at).where(r.role.in_(HUB_ROLES)).order_by(r.id)
    for part in chunks(item_ids):
        for row in connection.execute(query.where(r.item_id.in_(part))).mappings():
            found[row["item_id"]].append(VersionRow(**row))
    return found


def created_at(connection: Connection, item_ids: Sequence[int]) -> dict[int, datetime]:
    """When items came into the hub."""
    i = t.items.c
    rows = (
        row for part in chunks(item_ids) for row in connection.execute(select(i.id, i.created_at).where(i.id.in_(part)))
    )
    return {row.id: row.created_at for row in rows}


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


def finish_run(
    connection: Connection, run_id: int, *, finished_at: datetime, outcome: str, counts: Mapping[str, Any], message: str
) -> None:
    """Complete the row of a run that is over."""
    started = connection.execute(select(t.runs.c.started_at).where(t.runs.c.id == run_id)).scalar_one()
    values = {"finished_at": finished_at, "outcome": outcome, "counts": json.dumps(counts), "message": message[:1000]}
    values["seconds"] = (finished_at - started).total_seconds()
    connection.execute(update(t.runs).where(t.runs.c.id == run_id).values(**values))


def close_runs(connection: Connection, binding_id: int, now: datetime) -> None:
    """Runs of this binding that nobody finished were broken off: their process was killed, or its store failed."""
    unfinished = update(t.runs).where(t.runs.c.binding_id == binding_id, t.runs.c.finished_at.is_(None))
    connection.execute(unfinished.values(outcome="broken off", finished_at=now))


def has_run(connection: Connection, run_id: int) -> bool:
    """Whether there is a record of this run, or a change that it made: records are forgotten earlier."""
    record = select(t.runs.c.id).where(t.runs.c.id == run_id)
    change = select(t.revisions.c.id).where(t.revisions.c.run_id == run_id)
    return any(connection.execute(query.limit(1)).first() is not None for query in (record, change))


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
