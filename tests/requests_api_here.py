"""The API for customer requests in this process, on a real configuration and store, with users of every role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy import insert
from starlette.applications import Starlette

from agendahub.api_door import TokenDoor
from agendahub.requests_api import routes
from agendahub.workspace import Workspace
from config import load
from crm import roles
from crm.actor import ADMIN
from storage import app_passwords, secrets, tables
from storage.api_tokens import add_token
from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork
from tests.asgi_here import Client
from tests.databases import TestClock


class Undone(Database):
    """What is written is seen within its transaction, and then taken back: the next cell finds the same world."""

    undoing = False

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """As ever, but for the end."""
        if not self.undoing:
            with super().begin() as unit:
                yield unit
            return
        with self.engine.connect() as connection, connection.begin() as transaction:
            unit = SqlUnitOfWork(connection, self._clock, writing=True)
            yield unit
            unit.flush()
            transaction.rollback()


@dataclass
class ApiHere:
    """Users, their tokens, and the API."""

    workspace: Workspace
    database: Undone
    portal: BlockingPortal
    app: Any = None
    users: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, name: str) -> Client:
        """Somebody's."""
        return self.client_with(self.tokens.get(name, ""))

    def client_with(self, token: str) -> Client:
        """With a token, "" for none."""
        return Client(self.app, self.portal, token)

    def user(self, unit: SqlUnitOfWork, name: str, *given: str) -> int:
        """With roles and a token."""
        row = {"name": name, "address": f"{name}@example.org", "created_at": unit.session.now()}
        key = unit.session.connection.execute(insert(tables.users).values(**row)).inserted_primary_key
        assert key is not None
        self.users[name] = int(key[0])
        for role in given:
            roles.give(unit, ADMIN, role, user=name)
        self.token(unit, name, user_id=self.users[name])
        return self.users[name]

    def token(self, unit: SqlUnitOfWork, name: str, access: str = "write", user_id: int | None = None) -> None:
        """A way in."""
        shown, hashed = app_passwords.new()
        add_token(unit.session.connection, name, access, hashed, unit.session.now(), user_id)
        self.tokens[name] = shown


@contextmanager
def api_here(folder: Path, url: str, configured: str = "") -> Iterator[ApiHere]:
    """A hub on a store with our tables, with the four roles; its users come by `ApiHere.user`."""
    config = folder / "agendahub.toml"
    config.write_text(f"[store]\nurl = {json.dumps(url)}\n{configured}")
    workspace = Workspace(load(config))
    secrets.create_key_file(workspace.loaded.key_file)
    database = Undone(url, clock=TestClock())
    workspace.__dict__["database"] = database
    with database.begin() as unit:
        roles.seed(unit)
    with start_blocking_portal() as portal:
        here = ApiHere(workspace, database, portal)
        here.app = Starlette(routes=routes(lambda: workspace, TokenDoor(), ["/api/v1"]))
        yield here
    database.dispose()
