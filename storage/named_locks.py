"""A lock with a name, over all threads and processes that use a store. Unlike a lease it is waited for.

It ends by itself when its holder dies (docs/decisions/leases.md), and writes nothing to the database.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from storage.database import Database
from storage.engines import make_engine
from storage.errors import StoreBusy
from storage.leases import file_lease

_NAMESPACE = 0x41_48_4E  # "AHN": apart from the leases, which are "AHL"
_PAUSE = 0.02  # seconds between two tries at first ...
_LONGEST_PAUSE = 0.25  # ... and at last


@contextmanager
def named_lock(database: Database, name: str, patience: float) -> Iterator[None]:
    """Raises StoreBusy when another still holds it after `patience` seconds, and what the database raises."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], signed=True)
    locked = _by_file if database.engine.dialect.name == "sqlite" else _by_session
    with locked(database, number, time.monotonic() + patience):
        yield


@contextmanager
def _by_file(database: Database, number: int, deadline: float) -> Iterator[None]:
    folder, pause = Path(f"{database.url.database}.leases"), _PAUSE
    while True:
        with file_lease(folder, f"lock{number}") as mine:  # each opens the file anew: that keeps threads apart too
            if mine:
                yield
                return
        pause = _wait(pause, deadline)


@contextmanager
def _by_session(database: Database, number: int, deadline: float) -> Iterator[None]:
    engine, pause = make_engine(database.url, pooled=False), _PAUSE
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not _take(connection, number):
            pause = _wait(pause, deadline)
        yield


def _take(connection: Connection, number: int) -> bool:
    if connection.dialect.name == "postgresql":
        statement = text("SELECT pg_try_advisory_lock(:space, :number)")
        return bool(connection.execute(statement, {"space": _NAMESPACE, "number": number}).scalar_one())
    statement = text(
        "SET NOCOUNT ON; DECLARE @got int; EXEC @got = sp_getapplock @Resource = :name, @LockMode = 'Exclusive', "
        "@LockOwner = 'Session', @LockTimeout = 0; SELECT @got"
    )
    return int(connection.execute(statement, {"name": f"agendahub-lock{number}"}).scalar_one()) >= 0


def _wait(pause: float, deadline: float) -> float:
    """Gives the next pause."""
    if time.monotonic() > deadline:
        raise StoreBusy("Another process has held a lock for too long; it is tried again.")
    time.sleep(pause)
    return min(pause * 2, _LONGEST_PAUSE)
