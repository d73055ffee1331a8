"""Locks on plain files, on the connection of a unit of work. A user has few of them; those that ran out are none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from storage.session import chunks
from storage.tables import file_locks


class FileLock(NamedTuple):
    """A lock."""

    token: str
    path: str  # below the user's folder, percent-encoded, without a slash at the end
    deep: bool  # with all below it
    exclusive: bool
    owner: str  # XML
    expires_at: datetime


_COLUMNS: list[Any] = [file_locks.c[name] for name in FileLock._fields]
_LOCKS = (
    select(*_COLUMNS)
    .where(file_locks.c.user_id == bindparam("user"), file_locks.c.expires_at > bindparam("now"))
    .order_by(file_locks.c.token)
)
_EXPIRED = delete(file_locks).where(
    file_locks.c.user_id == bindparam("user"), file_locks.c.expires_at <= bindparam("now")
)


def locks_of(connection: Connection, user_id: int, now: datetime) -> list[FileLock]:
    """All locks on a user's files."""
    return [FileLock._make(row) for row in connection.execute(_LOCKS, {"user": user_id, "now": now})]


def add_lock(connection: Connection, user_id: int, lock: FileLock, now: datetime) -> None:
    """Keep a lock; those that ran out go."""
    connection.execute(_EXPIRED, {"user": user_id, "now": now})
    connection.execute(insert(file_locks).values(user_id=user_id, **lock._asdict()))


def renew_lock(connection: Connection, token: str, expires_at: datetime) -> None:
    """Let a lock last longer."""
    connection.execute(update(file_locks).where(file_locks.c.token == token).values(expires_at=expires_at))


def remove_locks(connection: Connection, tokens: Iterable[str]) -> None:
    """Take locks away."""
    for part in chunks(tokens):
        connection.execute(delete(file_locks).where(file_locks.c.token.in_(part)))
