"""Held deletions: what waits for an admin, and his answer (SYNC.md R01, R02).

An answer is about what was listed when he gave it. A hold has a *mark*, which changes with its list: whoever gives the
mark he saw cannot approve what came since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from storage import tables as t
from storage.limits import cut
from storage.session import chunks


@dataclass(frozen=True, slots=True)
class HoldRow:
    """Deletions that wait for an admin, on one side of a binding."""

    binding: str
    side: str  # where they would happen: hub, remote
    reason: str
    samples: tuple[str, ...]  # titles
    count: int
    mark: str  # another one when the list is another one
    answer: str  # what an admin said to it and the next cycle follows: approve, discard; else empty
    answered: int  # how many of these deletions he said it to: later ones are not meant
    at: datetime


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One of them."""

    item_id: int
    kind: str
    uid: str
    text: str  # as it is, or as it was when it was deleted in the hub


def holds(connection: Connection, binding: str = "") -> list[HoldRow]:
    """All holds, or those of a binding."""
    h, a = t.holds.c, t.hold_answers.c
    joined = t.holds.join(t.bindings, t.bindings.c.id == h.binding_id).outerjoin(
        t.hold_answers, (a.binding_id == h.binding_id) & (a.side == h.side)
    )
    columns = (t.holds, t.bindings.c.name.label("binding"), a.item_ids.label("meant"), a.verdict)
    statement = select(*columns).select_from(joined).order_by(t.bindings.c.name, h.side)
    if binding:
        statement = statement.where(t.bindings.c.name == binding)
    return [_hold(row) for row in connection.execute(statement).mappings()]


def _hold(row: Any) -> HoldRow:
    meant = set(json.loads(row["item_ids"])) & set(json.loads(row["meant"] or "[]"))
    kept = {name: row[name] for name in ("binding", "side", "reason", "count", "at")}
    samples, mark = tuple(json.loads(row["samples"])), mark_of(row["item_ids"])
    return HoldRow(**kept, samples=samples, mark=mark, answer=row["verdict"] or "", answered=len(meant))


def mark_of(item_ids: str) -> str:
    """Identifies a list: 12 hexadecimal digits."""
    return hashlib.sha256(item_ids.encode()).hexdigest()[:12]


def held_items(connection: Connection, binding_id: int, side: str, limit: int | None = None) -> list[HeldItem]:
    """What a hold is about; the first `limit` of it."""
    ids = _held_ids(connection, binding_id, side)[:limit]
    i, r = t.items.c, t.revisions.c
    query = select(i.id.label("item_id"), i.kind, i.uid, r.text).join(t.revisions, r.id == i.revision_id)
    rows = [row for part in chunks(ids) for row in connection.execute(query.where(i.id.in_(part))).mappings()]
    return sorted((HeldItem(**row) for row in rows), key=lambda item: item.item_id)


def _held_ids(connection: Connection, binding_id: int, side: str) -> list[int]:
    h = t.holds.c
    found = connection.execute(select(h.item_ids).where(h.binding_id == binding_id, h.side == side)).scalar()
    return list(json.loads(found or "[]"))


def lock_holds(connection: Connection, binding_id: int) -> dict[str, str]:
    """(side -> mark) of a binding's holds, which stay as they are until the end of this transaction."""
    h = t.holds.c
    query = select(h.side, h.item_ids).where(h.binding_id == binding_id).order_by(h.side)
    query = query.with_for_update().with_hint(t.holds, "WITH (UPDLOCK, ROWLOCK)", "mssql")
    return {row.side: mark_of(row.item_ids) for row in connection.execute(query)}


def answer(connection: Connection, binding_id: int, side: str, verdict: str, actor: str, now: datetime) -> int:
    """Say "approve" or "discard" to what is held on a side, and to nothing else; the next cycle follows it.

    Gives how many deletions that are.
    """
    a, ids = t.hold_answers.c, _held_ids(connection, binding_id, side)
    connection.execute(delete(t.hold_answers).where(a.binding_id == binding_id, a.side == side))
    row = {"binding_id": binding_id, "side": side, "verdict": verdict, "item_ids": json.dumps(ids)}
    connection.execute(insert(t.hold_answers).values(**row, actor=cut(actor, 300), at=now))
    connection.execute(update(t.bindings).where(t.bindings.c.id == binding_id).values(approved=True))
    return len(ids)


def drop_hold(connection: Connection, binding_id: int, side: str) -> None:
    """Forget a hold and the answer to it."""
    for table in (t.holds, t.hold_answers):
        connection.execute(delete(table).where(table.c.binding_id == binding_id, table.c.side == side))


def held_counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """(binding, side) -> how many deletions wait."""
    query = select(t.bindings.c.name, t.holds.c.side, func.sum(t.holds.c.count).label("waiting"))
    joined = query.join(t.holds, t.holds.c.binding_id == t.bindings.c.id)
    rows = connection.execute(joined.group_by(t.bindings.c.name, t.holds.c.side))
    return {(row.name, row.side): int(row.waiting) for row in rows}
