"""Forgets what is old and what nobody needs: superseded texts, tombstones, resolved conflicts, records of runs.

Works in small transactions, so that syncs and phones never wait long, and can be interrupted anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Delete, Table, and_, bindparam, case, delete, exists, not_, or_, select, update

from storage.database import Database, run
from storage.dav_attachments import forget_attachments, forget_attachments_of
from storage.session import CHUNK, Session
from storage.tables import collections, conflicts, intents, items, links, quarantine, revisions, runs
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.ports import LinkState


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows are gone."""

    revisions: int = 0
    tombstones: int = 0
    conflicts: int = 0
    runs: int = 0
    attachments: int = 0


_BEFORE = bindparam("before", type_=revisions.c.at.type)
_VALUES: Any = bindparam("values", expanding=True)


def _points_here(table: Table, *columns: str) -> Any:
    here = or_(*(table.c[column] == revisions.c.id for column in columns))
    return exists().where(table.c.item_id == revisions.c.item_id, here)


_later = revisions.alias("later")
_REPLACED_LONG_AGO = exists().where(  # not: written long ago. What was replaced yesterday can be put back
    _later.c.item_id == revisions.c.item_id,
    _later.c.id > revisions.c.id,
    _later.c.role != "remote",
    _later.c.at < _BEFORE,
)
_IS_CURRENT = exists().where(items.c.id == revisions.c.item_id, items.c.revision_id == revisions.c.id)
_OLD_REVISIONS = (
    select(revisions.c.id)
    .where(
        revisions.c.id > bindparam("after"),
        revisions.c.at < _BEFORE,
        not_(_IS_CURRENT),
        or_(revisions.c.role == "remote", _REPLACED_LONG_AGO),
        not_(_points_here(links, "base_revision", "echo_revision")),
        not_(_points_here(intents, "revision_id")),
        not_(_points_here(conflicts, "hub_revision", "remote_revision", "base_revision")),
    )
    .order_by(revisions.c.id)
    .limit(CHUNK)
)
_TIES_NOTHING = and_(links.c.state == str(LinkState.LEFT), links.c.missing_since.is_not(None))  # both ends are gone
_OLD_TOMBSTONE = (
    items.c.deleted,
    items.c.changed_at < _BEFORE,
    not_(exists().where(links.c.item_id == items.c.id, not_(_TIES_NOTHING))),
    *(not_(exists().where(table.c.item_id == items.c.id)) for table in (intents, conflicts, quarantine)),
)
_COLLECTIONS = select(items.c.collection_id).where(*_OLD_TOMBSTONE).distinct()
_TOMBSTONES = (
    select(items.c.id, items.c.seq)
    .where(items.c.collection_id == bindparam("collection"), *_OLD_TOMBSTONE)
    .order_by(items.c.seq)
    .limit(CHUNK)
)
_NEW_FLOOR = bindparam("new_floor", type_=collections.c.floor.type)
_RAISE_FLOOR = (
    update(collections)
    .where(collections.c.id == bindparam("collection"))
    .values(floor=case((collections.c.floor < _NEW_FLOOR, _NEW_FLOOR), else_=collections.c.floor))
)
_DELETE_REVISIONS = delete(revisions).where(revisions.c.id.in_(_VALUES))
_DELETE_TEXTS = delete(revisions).where(revisions.c.item_id.in_(_VALUES))
_DELETE_LINKS = delete(links).where(links.c.item_id.in_(_VALUES))
_DELETE_ITEMS = delete(items).where(items.c.id.in_(_VALUES))
_DELETE_CONFLICTS = delete(conflicts).where(conflicts.c.resolved_at < _BEFORE)
_DELETE_RUNS = delete(runs).where(runs.c.finished_at < _BEFORE)


def prune(database: Database, before: datetime, now: datetime | None = None) -> Pruned:
    """Forget what ended before this time. Whatever a link, an intent, an open conflict or a living item needs, stays.

    Devices that last synced before a forgotten deletion get a full listing (the collection's floor).
    """
    gone = _delete(database, _DELETE_CONFLICTS, before)
    tombstones = sum(_prune_collection(database, number, before) for number in _with_tombstones(database, before))
    texts, records = _prune_revisions(database, before), _delete(database, _DELETE_RUNS, before)
    attached = forget_attachments(database, before, now or datetime.now(before.tzinfo))
    return Pruned(texts, tombstones, gone, records, attached)


def _delete(database: Database, statement: Delete, before: datetime) -> int:
    return run(database, lambda unit: unit.session.run(statement, {"before": before}).rowcount)


def _with_tombstones(database: Database, before: datetime) -> list[int]:
    with database.read() as unit:
        return list(unit.session.run(_COLLECTIONS, {"before": before}).scalars())


def _prune_collection(database: Database, collection_id: int, before: datetime) -> int:
    total = 0
    while count := run(database, lambda unit: _bury(unit.session, collection_id, before)):
        total += count
    return total


def _bury(session: Session, collection_id: int, before: datetime) -> int:
    session.lock(collection_id)  # nobody brings one of them back to life meanwhile
    rows = session.run(_TOMBSTONES, {"collection": collection_id, "before": before}).all()
    if rows:
        session.run(_RAISE_FLOOR, {"collection": collection_id, "new_floor": rows[-1].seq})
        forget_attachments_of(session.connection, [row.id for row in rows])
        session.run_in(_DELETE_LINKS, "values", [row.id for row in rows])
        session.run_in(_DELETE_TEXTS, "values", [row.id for row in rows])
        session.run_in(_DELETE_ITEMS, "values", [row.id for row in rows])
    return len(rows)


def _prune_revisions(database: Database, before: datetime) -> int:
    total = last = 0
    while ids := run(database, partial(_forget, after=last, before=before)):
        total, last = total + len(ids), ids[-1]
    return total


def _forget(unit: SqlUnitOfWork, after: int, before: datetime) -> list[int]:
    ids = list(unit.session.run(_OLD_REVISIONS, {"after": after, "before": before}).scalars())
    unit.session.run_in(_DELETE_REVISIONS, "values", ids)
    return ids
