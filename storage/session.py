"""One transaction: its connection, its time, the numbers of its changes, and the writes that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Connection, CursorResult, Executable, bindparam, select, update

from storage.errors import StoreRefused
from storage.pending import Pending
from storage.tables import collections
from sync_engine.ports import Clock, Origin

CHUNK = 500  # members of an IN list; SQL Server takes 2,100 parameters in all

Row: TypeAlias = Mapping[str, Any]

_LOCK = (
    select(collections.c.seq)
    .where(collections.c.id == bindparam("collection"))
    .with_for_update()
    .with_hint(collections, "WITH (UPDLOCK, ROWLOCK)", "mssql")
)
_SET_SEQ = update(collections).where(collections.c.id == bindparam("collection")).values(seq=bindparam("number"))


class Session:
    """What the parts of a `SqlUnitOfWork` share."""

    def __init__(self, connection: Connection, clock: Clock, *, writing: bool) -> None:
        self.connection = connection
        self.writing = writing
        self.pending = Pending()
        self.run_number: Callable[[], int] | None = None  # gives the run that this transaction is of, made if need be
        self._clock = clock
        self._seqs: dict[int, int] = {}  # newest number of each locked collection
        self._locked_at: dict[int, int] = {}  # the number it had when it was locked
        self._bumped: set[int] = set()

    def now(self) -> datetime:
        """The present time."""
        return self._clock()

    def run_of(self, origin: Origin) -> int | None:
        """The run that a change belongs to; asking for it makes its row, so that it is there if we are killed."""
        if origin.run_id is not None or self.run_number is None:
            return origin.run_id
        return self.run_number()

    def run(self, statement: Executable, parameters: Row | Sequence[Row] | None = None) -> CursorResult[Any]:
        """Execute; many rows of parameters go to the database together."""
        if not self.writing and not getattr(statement, "is_select", False):
            raise StoreRefused("This is a transaction for reading.")
        return self.connection.execute(statement, parameters)

    def rows_in(
        self, statement: Executable, name: str, values: Iterable[Any], parameters: Row | None = None
    ) -> Iterator[Any]:
        """Read rows for a list of values in as many queries as it takes; `name` is an expanding parameter."""
        for part in chunks(values):
            yield from self.run(statement, {**(parameters or {}), name: part})

    def run_in(self, statement: Executable, name: str, values: Iterable[Any], parameters: Row | None = None) -> None:
        """Write rows for a list of values."""
        for part in chunks(values):
            self.run(statement, {**(parameters or {}), name: part})

    def look(self, statement: Executable, parameters: Row | None = None) -> CursorResult[Any]:
        """Read what may wait to be written: items, the query tables, numbers of collections."""
        self.flush()
        return self.run(statement, parameters)

    def look_in(
        self, statement: Executable, name: str, values: Iterable[Any], parameters: Row | None = None
    ) -> Iterator[Any]:
        """`rows_in` for what may wait to be written."""
        self.flush()
        return self.rows_in(statement, name, values, parameters)

    def lock(self, collection_id: int) -> int:
        """Become the only writer of a collection until the end of this transaction; gives its newest number.

        SQLite has one writer at a time anyway.
        """
        if collection_id not in self._seqs:
            row = self.run(_LOCK, {"collection": collection_id}).first()
            if row is None:
                raise StoreRefused(f"There is no collection {collection_id}.")
            self._seqs[collection_id] = self._locked_at[collection_id] = int(row.seq)
        return self._seqs[collection_id]

    def locked(self, collection_id: int) -> bool:
        """Is this transaction its only writer?"""
        return collection_id in self._seqs or self.connection.dialect.name == "sqlite"

    def next_seq(self, collection_id: int) -> int:
        """A number for one change. The lock makes the order of numbers the order of commits."""
        number = self.lock(collection_id) + 1
        self._seqs[collection_id] = number
        self._bumped.add(collection_id)
        return number

    def moved(self) -> dict[int, tuple[int, int]]:
        """Collections that this transaction changed, with their number before and now."""
        return {key: (was, self._seqs[key]) for key, was in self._locked_at.items() if self._seqs[key] > was}

    def flush(self) -> None:
        """Write what waits."""
        if self.pending.waiting:
            self.pending.write(self.connection)
        for collection_id in sorted(self._bumped):
            self.run(_SET_SEQ, {"collection": collection_id, "number": self._seqs[collection_id]})
        self._bumped.clear()


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Lists of at most `CHUNK` different values."""
    rest = iter(dict.fromkeys(values))
    while part := list(islice(rest, CHUNK)):
        yield part
