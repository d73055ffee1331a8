"""The hub's database: transactions, leases, and running a transaction again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.engines import WRITING, make_engine, parse_url
from storage.errors import CommitInDoubt, StoreBusy, StoreUnavailable
from storage.leases import file_lease, session_lease
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.ports import Clock

Result = TypeVar("Result")

_ONE_MOMENT: dict[str, dict[str, Any]] = {  # for reading; with SQLite's WAL every transaction is so
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "mssql": {"isolation_level": "SNAPSHOT"},
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Database:
    """A store in SQLite, PostgreSQL or SQL Server. Safe to share between threads."""

    def __init__(self, url: str, *, clock: Clock = _utc_now) -> None:
        """`url` is SQLAlchemy's: sqlite:///path, postgresql://..., mssql+pyodbc://... Connects when first used."""
        self.url = parse_url(url)
        self.engine: Engine = make_engine(self.url)
        self._clock = clock

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """A write transaction: committed at the end, rolled back by an exception. Raises `storage.errors`."""
        with self._connect().execution_options(**{WRITING: True}) as connection:
            transaction = connection.begin()
            try:
                unit = SqlUnitOfWork(connection, self._clock, writing=True)
                yield unit
                unit.flush()
            except BaseException:
                transaction.rollback()
                raise
            with self._doubt():
                transaction.commit()

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except PoolTimeout as err:  # not one of the driver's errors: nobody else translates it
            raise StoreBusy("All connections to the database are in use; it is tried again.") from err

    @contextmanager
    def _doubt(self) -> Iterator[None]:
        try:
            yield
        except StoreUnavailable as err:
            if self.engine.dialect.name == "sqlite" or isinstance(err, StoreBusy):
                raise  # the transaction was rolled back, for certain
            raise CommitInDoubt("The database's connection broke during a commit; the outcome is not known.") from err

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A consistent view for reading: what is committed meanwhile is not seen."""
        connection = self._connect().execution_options(**_ONE_MOMENT.get(self.engine.dialect.name, {}))
        with connection, connection.begin():
            yield SqlUnitOfWork(connection, self._clock, writing=False)

    def lease(self, binding_id: int) -> AbstractContextManager[bool]:
        """Try to be the only worker of a binding. False at once when another is. Writes nothing to the database."""
        if self.engine.dialect.name == "sqlite":
            return file_lease(Path(f"{self.url.database}.leases"), str(binding_id))
        return session_lease(make_engine(self.url, pooled=False), binding_id)

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def run(database: Database, work: Callable[[SqlUnitOfWork], Result], *, tries: int = 5) -> Result:
    """Do `work` in a write transaction; again, as a whole, when it met another one (deadlock, serialization).

    `work` must do nothing but use its unit of work. `CommitInDoubt` is not run again: only the caller can tell.
    """
    for number in range(1, tries):
        try:
            with database.begin() as unit:
                return work(unit)
        except StoreBusy:
            time.sleep(random.uniform(0, 0.02 * 2**number))  # noqa: S311 - not a secret, only apart
    with database.begin() as unit:
        return work(unit)
