"""One worker at a time for a binding. A lease ends by itself when its holder dies (docs/decisions/leases.md)."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from storage.errors import StoreError, StoreUnavailable

_NAMESPACE = 0x41_48_4C  # "AHL": our part of the advisory locks of a database that others may use too


@contextmanager
def file_lease(folder: Path, name: str) -> Iterator[bool]:
    """True when this is the only holder. The kernel drops the lock with the process, however that ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / name).open("a")
    except OSError as err:
        raise StoreUnavailable(f"The folder {folder} cannot be used for locks ({err.strerror}).") from err
    with file:  # closing gives the lock back
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def session_lease(engine: Engine, number: int) -> Iterator[bool]:
    """A lock of the database session: dropped by the server when the connection ends. `engine` must not pool."""
    take = _TAKE[engine.dialect.name]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield take(connection, number)
        _close(connection)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except (DBAPIError, StoreError):  # broken meanwhile: the server has let go already
        connection.invalidate()


def _take_postgresql(connection: Connection, number: int) -> bool:
    statement = text("SELECT pg_try_advisory_lock(:space, :number)")
    return bool(connection.execute(statement, {"space": _NAMESPACE, "number": number}).scalar_one())


def _take_mssql(connection: Connection, number: int) -> bool:
    statement = text(
        "SET NOCOUNT ON; DECLARE @got int; EXEC @got = sp_getapplock @Resource = :name, @LockMode = 'Exclusive', "
        "@LockOwner = 'Session', @LockTimeout = 0; SELECT @got"
    )
    return int(connection.execute(statement, {"name": f"agendahub-{number}"}).scalar_one()) >= 0


_TAKE = {"postgresql": _take_postgresql, "mssql": _take_mssql}
