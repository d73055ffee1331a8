"""A hub between the mailboxes of two systems, in this process."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from storage import schema
from storage import tables as t
from storage.database import Database
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.model import Kind
from sync_engine.ports import Connector, Origin, Policy, RunCounts

COLLECTIONS = (Kind.CONTACT, Kind.EVENT)
_SETTLED = 5  # cycles until everything must be quiet


@dataclass(slots=True)
class World:
    """Two hub collections, bound to both mailboxes."""

    database: Database
    connectors: dict[str, Connector]
    bindings: dict[str, list[int]]  # of each mailbox
    _keys: Any = field(default_factory=itertools.count)

    def expect(self, name: str, **wanted: int) -> None:
        """A cycle of all bindings of a mailbox, which must do just that. Raises AssertionError."""
        done = self.cycle(name)
        found = {word: sum(getattr(counts, word) for counts in done) for word in wanted}
        changes, quarantined = sum(c.changes for c in done), sum(c.quarantined for c in done)
        assert (found, changes, quarantined) == (wanted, sum(wanted.values()), 0), (name, done)

    def cycle(self, name: str) -> list[RunCounts]:
        """One cycle of each binding of a mailbox."""
        return [self._cycle(name, number) for number in self.bindings[name]]

    def _cycle(self, name: str, binding: int) -> RunCounts:
        return run_cycle(
            Cycle(
                self.database,
                self.connectors[name],
                binding,
                Policy(),
                lambda: datetime.now(UTC),
                lambda: f"key-{next(self._keys)}",
                Origin(f"account {name}"),
            )
        )

    def settle(self) -> None:
        """Until nobody has anything to do any more."""
        for _ in range(_SETTLED):
            if not sum(counts.changes for name in self.bindings for counts in self.cycle(name)):
                return
        raise AssertionError("The two mailboxes do not come to rest.")

    def close(self) -> None:
        """Give back everything."""
        for connector in self.connectors.values():
            connector.close()
        self.database.dispose()


def world(folder: str, connectors: dict[str, Connector]) -> World:
    """On a new SQLite file."""
    url = f"sqlite:///{folder}/hub.db"
    schema.upgrade(url)
    database = Database(url)
    return World(database, connectors, _bind(database, connectors))


def _bind(database: Database, connectors: dict[str, Connector]) -> dict[str, list[int]]:
    now = datetime.now(UTC)
    found: dict[str, list[int]] = {}
    with database.engine.begin() as connection:

        def made(table: str, **row: object) -> int:
            key = connection.execute(insert(t.metadata.tables[table]).values(row)).inserted_primary_key
            assert key is not None
            return int(key[0])

        shelves = {
            kind: made("collections", slug=str(kind), name="", kinds=str(kind), epoch="e", created_at=now)
            for kind in COLLECTIONS
        }
        for name, connector in connectors.items():
            account = made("accounts", name=name, state="ok", since=now)
            there = connector.collections()
            for kind, shelf in shelves.items():
                remote = next(c.id for c in there if kind in c.kinds and not c.read_only)
                ids = {"account_id": account, "collection_id": shelf, "remote_id": remote}
                found.setdefault(name, []).append(made("bindings", name=f"{name} {kind}", **ids))
    return found
