"""A small world for engine tests: a real store, some accounts in memory, and bindings between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from connectors.memory import Account, MemoryConnector
from storage import tables as t
from storage.admin_holds import answer, holds
from storage.database import Database
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Connector, Origin, Policy, RunCounts
from tests.stores import close_after, store_of

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LIMIT = 12  # cycles until everything must be quiet


@dataclass
class Clock:
    """Virtual time; every look at it takes a second."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Side:
    """One account with its binding to the hub's collection."""

    name: str
    account: Account
    collection: str
    binding_id: int
    policy: Policy
    connector: Any

    def items(self) -> dict[str, Item]:
        """By UID. Two items with one UID would be a duplicate: that is an error here."""
        found = list(self.account.items(self.collection).values())
        uids = [item.uid for item in found]
        assert len(set(uids)) == len(uids), f"duplicates at {self.name}: {sorted(uids)}"
        return {item.uid: item for item in found}

    def texts(self) -> dict[str, str]:
        return {uid: item.text for uid, item in self.items().items()}

    def id_of(self, uid: str) -> str:
        return next(i for i, item in self.account.items(self.collection).items() if item.uid == uid)

    def edit(self, uid: str, change: Callable[[str], str]) -> None:
        """Somebody edits the text of an item at this account."""
        remote_id = self.id_of(uid)
        text = self.account.items(self.collection)[remote_id].text
        assert change(text) != text, "the edit changes nothing"
        self.account.put(self.collection, remote_id, Item.read(change(text)))

    def put(self, item: Item, remote_id: str | None = None) -> None:
        self.account.put(self.collection, remote_id or f"{self.collection}{item.uid}", item)

    def remove(self, uid: str) -> None:
        self.account.remove(self.collection, self.id_of(uid))


@dataclass
class World:
    """The hub's collection, and the sides bound to it."""

    database: Database
    clock: Clock
    collection_id: int = 0
    sides: dict[str, Side] = field(default_factory=dict)
    _keys: Any = field(default_factory=itertools.count)

    @classmethod
    def sqlite(cls, folder: Path) -> World:
        clock = Clock()
        return cls.over(Database(f"sqlite:///{folder}/hub.db", clock=clock), clock)

    @classmethod
    def new(cls, folder: Path) -> World:
        """Over the store that this test runs on (tests/stores.py), which has its tables."""
        clock = Clock()
        url = store_of(folder)
        if not url:
            return cls.sqlite(folder)
        database = Database(url, clock=clock)
        close_after(folder, database.dispose)
        return cls._with_collection(database, clock)

    @classmethod
    def over(cls, database: Database, clock: Clock) -> World:
        t.metadata.create_all(database.engine)
        return cls._with_collection(database, clock)

    @classmethod
    def _with_collection(cls, database: Database, clock: Clock) -> World:
        world = cls(database, clock)
        row = {"slug": "work", "name": "Work", "kinds": "contact,event,task", "epoch": "e1", "created_at": START}
        with database.engine.begin() as connection:
            world.collection_id = _added(connection, t.collections, row)
        return world

    def bind(self, name: str, policy: Policy | None = None, account: Account | None = None) -> Side:
        account = account or Account()
        collection = next((c.id for c in account.about()), "") or account.add_collection("work")
        binding_id = self.add_binding(name, collection)
        side = Side(name, account, collection, binding_id, policy or Policy(), MemoryConnector(account))
        self.sides[name] = side
        return side

    def add_binding(self, name: str, remote_id: str) -> int:
        with self.database.engine.begin() as connection:
            taken = connection.execute(select(t.accounts.c.name).where(t.accounts.c.name == name)).first()
            row = {"name": f"{name}-{next(self._keys)}" if taken else name, "state": "ok", "since": START}
            account = _added(connection, t.accounts, row)
            row = {"name": name, "account_id": account, "collection_id": self.collection_id, "remote_id": remote_id}
            return _added(connection, t.bindings, row)

    def unbind(self, name: str) -> None:
        """What `agendahub binding remove` does to the store."""
        side = self.sides.pop(name)
        with self.database.engine.begin() as connection:
            for table in (t.links, t.intents, t.holds, t.hold_answers, t.quarantine, t.conflicts):
                connection.execute(table.delete().where(table.c.binding_id == side.binding_id))
            connection.execute(t.bindings.delete().where(t.bindings.c.id == side.binding_id))

    def answer(self, name: str, verdict: str = "approve") -> int:
        """An admin answers what is held for this binding now; gives how many deletions that is about."""
        binding = self.sides[name].binding_id
        with self.database.begin() as unit:
            held = holds(unit.session.connection, name)
            said = [answer(unit.session.connection, binding, h.side, verdict, "admin", self.clock()) for h in held]
        return sum(said)

    def believe_emptied(self, name: str) -> None:
        """An admin who emptied this account's collection on purpose says so."""
        number, k = self.sides[name].binding_id, t.links.c
        with self.database.begin() as unit:
            ids = list(unit.session.connection.execute(select(k.item_id).where(k.binding_id == number)).scalars())
            if ids:
                unit.hold(number, "hub", "emptied", [], sorted(ids))
        self.answer(name)

    def context(self, name: str, connector: Connector | None = None) -> Cycle:
        side = self.sides[name]
        key = lambda: f"key-{next(self._keys)}"  # noqa: E731
        origin = Origin(f"account {name}")
        return Cycle(self.database, connector or side.connector, side.binding_id, side.policy, self.clock, key, origin)

    def cycle(self, name: str, connector: Connector | None = None) -> RunCounts:
        return run_cycle(self.context(name, connector))

    def settle(self) -> int:
        """Cycle all bindings until one whole round changes nothing; returns the rounds that did."""
        for rounds in range(LIMIT):
            if not sum(self.cycle(name).changes for name in self.sides):
                return rounds
        raise AssertionError(f"not quiet after {LIMIT} rounds")

    # ------------------------------------------------------------ the hub, as a phone sees and changes it

    def hub(self) -> dict[str, Item]:
        i, r = t.items, t.revisions
        query = select(i.c.kind, i.c.uid, r.c.text).join(r, r.c.id == i.c.revision_id).where(~i.c.deleted)
        with self.database.engine.connect() as connection:
            return {row.uid: Item.stored(Kind(row.kind), row.uid, row.text) for row in connection.execute(query)}

    def hub_id(self, uid: str) -> int:
        with self.database.read() as uow:
            return uow.items_by_uid(self.collection_id, [uid])[uid].id

    def phone_put(self, item: Item) -> None:
        with self.database.begin() as uow:
            old = uow.items_by_uid(self.collection_id, [item.uid]).get(item.uid)
            origin = Origin("user ada, device phone")
            if old:
                uow.update_item(old.id, item, origin)
            else:
                uow.create_item(self.collection_id, item, origin)

    def phone_edit(self, uid: str, change: Callable[[str], str]) -> None:
        text = self.hub()[uid].text
        assert change(text) != text, "the edit changes nothing"
        self.phone_put(Item.read(change(text)))

    def phone_remove(self, uid: str) -> None:
        item_id = self.hub_id(uid)
        with self.database.begin() as uow:
            uow.delete_item(item_id, Origin("user ada, device phone"))

    def rows(self, table: Any) -> list[Any]:
        with self.database.engine.connect() as connection:
            return list(connection.execute(select(table)))


def _added(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Insert the row; gives its id."""
    key = connection.execute(insert(table).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])
