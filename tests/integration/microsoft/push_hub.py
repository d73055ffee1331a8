"""The real daemon in this process, with its web server, beside a server of Microsoft's kind; tests move its clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from agendahub.daemon import Daemon
from agendahub.web import application
from agendahub.workspace import Workspace
from config.loading import load
from storage import schema
from storage.push_subscriptions import BoundRow, bound
from storage.tables import items
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange, Mailbox
from tests.servers.microsoft.serving import serving

ADA = "ada@example.com"
PATIENCE = 15.0
Scope = dict[str, Any]


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true answer; fails the test when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing came within {seconds} seconds")


@cache
def _empty_store() -> bytes:
    """With all tables; made once."""
    with TemporaryDirectory() as folder:
        schema.upgrade(f"sqlite:///{folder}/hub.db")
        return Path(folder, "hub.db").read_bytes()


@dataclass
class PushHub:
    """One daemon at a time on one store; its scheduler runs only where a test starts it."""

    folder: Path
    url: str = ""  # where its web server is
    ahead: timedelta = timedelta(0)
    daemon: Daemon = field(init=False)
    app: Any = None

    def now(self) -> datetime:
        """The time that the daemon's subscriptions and the server live in."""
        return datetime.now(UTC) + self.ahead

    def configure(self, *sections: str, base_url: str | None = None) -> None:
        """Write the configuration."""
        base = self.url if base_url is None else base_url
        head = f'[store]\nurl = "sqlite:///hub.db"\n[server]\nbase_url = "{base}"\n'
        (self.folder / "agendahub.toml").write_text("\n".join([head, *sections]))

    def boot(self) -> Daemon:
        """A daemon, as after a start; nothing runs by itself yet."""
        if not (self.folder / "hub.db").exists():
            (self.folder / "hub.db").write_bytes(_empty_store())
        self.daemon = Daemon(Workspace(load(self.folder / "agendahub.toml")))
        self.daemon.push._clock = self.now
        self.app = application(self.daemon)
        self.daemon.follow_configuration()
        return self.daemon

    def reboot(self) -> Daemon:
        """The daemon ends, and another one starts."""
        self.end()
        return self.boot()

    def end(self) -> None:
        """Of the daemon."""
        assert self.daemon.stop()
        self.daemon.workspace.close()

    def cycles(self) -> None:
        """Run all cycles that are due now, to their end."""
        self.daemon.tick()
        until(lambda: not self.daemon._running)

    def hinted_cycles(self) -> None:
        """The same, with those that a hint asked for, without waiting until all is gathered."""
        for slot in self.daemon.board.slots():
            slot.hinted = None if slot.hinted is None else 0.0
        self.cycles()

    def look(self, later: timedelta = timedelta(0)) -> None:
        """What the daemon does every few seconds for its subscriptions, at a later time."""
        self.ahead += later
        self.daemon.push.look(self.now())

    def rows(self) -> list[BoundRow]:
        """Bindings with their subscriptions, as stored."""
        with self.daemon.workspace.database.read() as unit:
            return bound(unit.session.connection)

    def items(self) -> int:
        """How many live items the hub has."""
        with self.daemon.workspace.database.read() as unit:
            found = unit.session.connection.execute(select(items.c.id).where(~items.c.deleted)).all()
        return len(found)

    def state(self, account: str = "m365") -> str:
        """How push is: its state, and why."""
        found = {one.account: one for one in self.daemon.push.states.all()}
        return f"{found[account].state} {found[account].detail}".strip() if account in found else ""

    def hinted(self) -> list[str]:
        """Bindings that are to be looked at because of a hint."""
        return [slot.settings.name for slot in self.daemon.board.slots() if slot.hinted is not None]

    def metric(self, name: str, **labels: str) -> float:
        """A value of /metrics."""
        found = self.daemon.metrics._registry.get_sample_value(f"agendahub_{name}", labels)
        return found or 0.0


@contextmanager
def push_hub(folder: Path) -> Iterator[PushHub]:
    """Its web server, up; the test configures and boots it."""
    hub = PushHub(folder)

    async def forward(scope: Scope, receive: Any, send: Any) -> None:
        await hub.app(scope, receive, send)

    with serving(forward) as hub.url:
        try:
            yield hub
        finally:
            if hasattr(hub, "daemon"):
                hub.end()


@dataclass
class GraphHub:
    """A hub, and Ada's mailbox in Microsoft 365 that it is bound to."""

    hub: PushHub
    graph: Graph
    ada: Mailbox
    token: str

    def account(self, **more: str) -> str:
        """The account's section."""
        values = {"url": f"{self.graph.url}/v1.0", "secret": "file:token", "auth": "bearer", "timeout": "2s"} | more
        lines = [f'{name} = "{value}"' for name, value in values.items()]
        return "\n".join(['[[accounts]]\nname = "m365"\nconnector = "microsoft365"', *lines])

    def binding(self, name: str, remote: str, kind: str) -> str:
        """A binding's section."""
        values = {"name": name, "account": "m365", "remote": remote, "collection": name}
        return "\n".join(
            ["[[bindings]]", *(f'{key} = "{value}"' for key, value in values.items()), f'kinds = ["{kind}"]']
        )

    def usual(self, **more: str) -> list[str]:
        """An account with its contacts and its calendar."""
        calendar = self.ada.well_known("calendar").id
        people, agenda = ("people", "contacts", "contact"), ("agenda", f"calendars/{calendar}", "event")
        return [self.account(**more), self.binding(*people), self.binding(*agenda)]

    def begin(self) -> None:
        """Boot with the usual configuration, let each binding be at work once, and make the subscriptions."""
        self.hub.configure(*self.usual())
        self.hub.boot()
        self.hub.cycles()
        self.hub.look()
        self.hub.hinted_cycles()

    @property
    def subscriptions(self) -> dict[str, Any]:
        """That Graph keeps."""
        return self.graph.subscriptions.all

    def asked(self, method: str, path: str = "/subscriptions") -> int:
        """Requests that Graph got."""
        return sum(verb == method and where.startswith(path) for verb, where in self.graph.requests)


@contextmanager
def graph_hub(folder: Path) -> Iterator[GraphHub]:
    """Both servers, up."""
    with push_hub(folder) as hub:
        exchange = Exchange(hub.now)
        ada = exchange.add_mailbox(ADA, "Ada")
        graph = Graph(exchange)
        with serving(graph.app()) as graph.url:
            graph.sign_in.lifetime = timedelta(days=365)
            token = graph.sign_in.give(ADA)
            (folder / "token").write_text(token)
            yield GraphHub(hub, graph, ada, token)
