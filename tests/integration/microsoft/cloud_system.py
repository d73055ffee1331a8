"""Bob's mailbox in Microsoft 365, as the tests of the rules need it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from connectors.microsoft365.connector import Microsoft365Connector
from connectors.microsoft365.steps import Steps
from sync_engine.model import Kind
from tests.faults import Script
from tests.integration.microsoft import microsoft365_desk, outlooks
from tests.integration.microsoft.exchange_system import show_late
from tests.integration.microsoft.microsoft365_desk import BOB, Desk, Listening
from tests.integration.microsoft.mortal_requests import mortal
from tests.integration.rules.lies import LIES, say
from tests.integration.rules.system import System
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.graph_protocol import Fault
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.serving import serving

_LIES = LIES | {"cut": (200, b'{"value": [{"id": "AAkA')}
_PLACES = {Kind.CONTACT: "contactFolders", Kind.EVENT: "calendars", Kind.TASK: "lists"}
_WELL_KNOWN = {Kind.CONTACT: "contacts", Kind.EVENT: "calendar", Kind.TASK: "tasks"}
_REMARKS = {Kind.CONTACT: "jobTitle", Kind.EVENT: "location", Kind.TASK: "body"}


@dataclass
class Lying(Listening):
    """Graph behind a proxy that may answer a reading request by itself."""

    lies: list[tuple[int, bytes]] = field(default_factory=list)  # status and body, each for one GET

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self.lies or scope["type"] != "http" or scope["method"] != "GET":
            await super().__call__(scope, receive, send)
            return
        await say(send, *self.lies.pop(0))


@dataclass
class InTheCloud(System):
    """One folder of it."""

    name: ClassVar = "cloud"
    last_step: ClassVar = (Steps, "_unmark")
    quiet_organizer: ClassVar = False

    kind: Kind
    desk: Desk
    listening: Lying
    person: outlooks.Cloud
    place: str
    connector: Microsoft365Connector
    idle: str = "GET"

    # ------------------------------------------------------------ what it was asked

    def asked(self) -> list[str]:
        return [verb for verb, _path in self.desk.asked()]

    def writes(self) -> int:
        return len(self.desk.bodies())

    def sent(self) -> list[set[str]]:
        return [set(body or {}) for body in self.desk.bodies()]

    @property
    def remark(self) -> str:
        return _REMARKS[self.kind]

    # ------------------------------------------------------------ connectors

    def another(self, **settings: Any) -> Microsoft365Connector:
        return self.desk.another(**{"secret": self.desk.graph.sign_in.give(BOB), **settings})

    # ------------------------------------------------------------ what goes wrong

    def forget(self) -> None:
        self.desk.graph.deltas.forget()

    def forget_otherwise(self) -> None:
        switches = self.desk.graph.switches
        switches.expired_status, switches.expired_code = 400, "SyncStateInvalid"
        self.forget()

    def lie(self, what: str) -> None:
        self.listening.lies += [_LIES[what]] * 9  # however often it is tried again

    def honest(self) -> None:
        self.listening.lies.clear()

    def lose(self, count: int) -> None:
        self.listening.lose = count

    def refuse(self, title: str, new: str) -> None:
        own = self.person.one(title).id[-12:-4]
        self.desk.graph.faults.append(Fault(400, "ErrorInvalidArgument", method="PATCH", path=own, times=99))

    def relent(self) -> None:
        self.desk.graph.faults.clear()

    def busy(self, seconds: int) -> None:
        self.desk.graph.faults.append(Fault(429, headers={"Retry-After": str(seconds)}, times=1))

    def late(self, lag: bool) -> None:
        show_late(self.desk.exchange, lag)

    def turn_clock(self, days: int) -> None:
        self.desk.now += timedelta(days=days)
        self.desk.graph.sign_in.clock = lambda: datetime.now().astimezone()

    def mortal(self, script: Script) -> AbstractContextManager[None]:
        return mortal(script, _writes)


def _writes(method: str, address: str, body: bytes) -> bool:
    if address.endswith("/$batch"):
        return any(f'"method": "{verb}"'.encode() in body for verb in ("POST", "PATCH", "DELETE", "PUT"))
    return method != "GET"


@contextmanager
def opened(kind: Kind) -> Iterator[InTheCloud]:
    """A server of its own."""
    exchange = Exchange()
    bob, graph = exchange.add_mailbox(BOB, "Bob"), Graph(exchange)
    listening = Lying(graph.app())
    with serving(listening) as graph.url:
        desk = Desk(graph, exchange, bob, listening, connector=None)  # type: ignore[arg-type]
        desk.connector = microsoft365_desk.connect(desk, secret=graph.sign_in.give(BOB))
        name = _WELL_KNOWN[kind]
        where = bob.well_known(name) if kind is Kind.EVENT else bob.add_collection(name, "x")
        person = outlooks.Cloud(bob, where.id, kind)
        try:
            yield InTheCloud(kind, desk, listening, person, f"{_PLACES[kind]}/{where.id}", desk.connector)
        finally:
            for one in (desk.connector, *desk.others):
                one.close()
    assert not exchange.outbox
