"""Who did what: written once, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from storage import tables as t


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    id: int
    at: datetime
    actor: str
    action: str
    object: str  # "user ada", "role seller"
    detail: str


def add_entry(connection: Connection, at: datetime, actor: str, action: str, about: str, detail: str) -> None:
    """One more line."""
    row = {"at": at, "actor": actor[:300], "action": action, "object": about[:300], "detail": detail}
    connection.execute(insert(t.audit).values(**row))


def entries(
    connection: Connection, *, actor: str = "", action: str = "", before: int | None = None, limit: int = 100
) -> list[Entry]:
    """The newest first; `before`: the id of the last one of the page before."""
    a = t.audit.c
    statement = select(a.id, a.at, a.actor, a.action, a.object, a.detail).order_by(a.id.desc()).limit(limit)
    for column, wanted in ((a.actor, actor), (a.action, action)):
        if wanted:
            statement = statement.where(column == wanted)
    if before is not None:
        statement = statement.where(a.id < before)
    return [Entry(**row) for row in connection.execute(statement).mappings()]
