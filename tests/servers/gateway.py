"""The gateway on a real ASGI server on loopback, with people, devices and collections to try it with."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import uvicorn
from sqlalchemy import insert

from dav_gateway.app import gateway
from dav_gateway.site import Limits
from storage import admin_people, app_passwords
from storage.database import Database
from storage.tables import collections, metadata
from sync_engine.item import Item
from sync_engine.ports import HubItem, Origin
from tests.stores import store_of

HOME = {"event": "calendars", "task": "calendars", "event,task": "calendars", "contact": "addressbooks"}


class SettableClock:
    """The present time, which tests may move."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Phone(requests.Session):
    """A signed-in client that speaks to one gateway by paths. It follows no redirects by itself."""

    def __init__(self, base: str, user: str, password: str) -> None:
        super().__init__()
        self.base, self.auth, self.password = base, (user, password), password
        self.trust_env = False

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        kwargs.setdefault("allow_redirects", False)
        kwargs.setdefault("timeout", 30)
        return super().request(method, self.base + url if url.startswith("/") else url, *args, **kwargs)


@dataclass
class Hub:
    """A gateway that runs, and its store."""

    url: str
    database: Database
    clock: SettableClock
    phones: list[Phone] = field(default_factory=list)

    def user(self, name: str) -> int:
        """A new user."""
        with self.database.begin() as unit:
            return admin_people.add_user(unit.session.connection, name, name.title(), self.clock())

    def phone(self, user: str, device: str = "Phone") -> Phone:
        """A new device of a user."""
        shown, stored = app_passwords.new()
        with self.database.begin() as unit:
            admin_people.add_device(unit.session.connection, user, device, stored, self.clock())
        self.phones.append(Phone(self.url, user, shown))
        return self.phones[-1]

    def collection(self, slug: str, kinds: str, owner: int | None = None, **columns: Any) -> int:
        """A new collection: the company's, or somebody's."""
        row = {"slug": slug, "owner_id": owner, "kinds": kinds, "name": slug.title(), "epoch": f"epoch-of-{slug}"}
        with self.database.begin() as unit:
            statement = insert(collections).values({**row, "created_at": self.clock(), **columns})
            key = unit.session.connection.execute(statement).inserted_primary_key
        assert key is not None
        return int(key[0])

    def item(self, collection: int, text: str, href: str | None = None) -> HubItem:
        """A new item, as a sync would make it."""
        with self.database.begin() as unit:
            return unit.create_item(collection, Item.read(text), Origin("account test"), href=href)

    def execute(self, statement: Any) -> Any:
        """Run a statement on the store."""
        with self.database.begin() as unit:
            return unit.session.connection.execute(statement)


@contextmanager
def running_hub(folder: Path, *, url: str = "", prefix: str = "", limits: Limits | None = None) -> Iterator[Hub]:
    """A gateway over a new store in a folder, over the one this test runs on, or over the empty one at an address."""
    database, clock = Database(url or store_of(folder) or f"sqlite:///{folder}/hub.db"), SettableClock()
    metadata.create_all(database.engine)
    with serving(gateway(database, clock=clock, prefix=prefix, limits=limits)) as url:
        hub = Hub(url, database, clock)
        yield hub
    for phone in hub.phones:
        phone.close()
    database.dispose()


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    """An ASGI application on a free port of 127.0.0.1; gives its address."""
    # With the protocol named: only then asyncio turns off Nagle's algorithm, which costs 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
