"""A company with its own Exchange and Microsoft 365: the hub between the two; engine, store and connectors are real.

Ada's mailbox is in Exchange, Bob's in the cloud; both folders are bound to one collection of the hub, which a phone
uses too. Ada and Bob work with clients of their own (outlooks.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.memory import Account
from storage import tables as t
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.item import Item
from sync_engine.model import Kind, title_of
from sync_engine.ports import Connector, Policy, RunCounts, Store
from tests.contract.connector_contract import task
from tests.integration.microsoft import exchange_desk, microsoft365_desk, outlooks
from tests.integration.microsoft.microsoft365_desk import card, event
from tests.integration.microsoft.outlooks import Outlook
from tests.servers.microsoft.ews_xml import local
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.serving import serving
from tests.world import Side, World

KINDS = (Kind.CONTACT, Kind.EVENT, Kind.TASK)
NAMES = ("exchange", "cloud")
PAIRS = [(Kind.CONTACT, "exchange"), (Kind.EVENT, "cloud"), (Kind.EVENT, "exchange"), (Kind.TASK, "cloud")]
FACE = "/9j/4CBhIGZhY2U="  # base64 of the beginning of a JPEG
_CLOUDS = {Kind.CONTACT: "contactFolders", Kind.EVENT: "calendars", Kind.TASK: "lists"}
_WELL_KNOWN = {Kind.CONTACT: "contacts", Kind.EVENT: "calendar", Kind.TASK: "tasks"}


@dataclass
class Lying(microsoft365_desk.Listening):
    """Graph behind a proxy that may answer a reading request by itself."""

    lies: list[tuple[int, bytes]] = field(default_factory=list)  # status and body, each for one GET

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self.lies or scope["type"] != "http" or scope["method"] != "GET":
            await super().__call__(scope, receive, send)
            return
        status, body = self.lies.pop(0)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@dataclass
class Company:
    """Everything that a test of the rules touches."""

    kind: Kind
    world: World
    exchange: exchange_desk.Desk  # Ada's
    cloud: microsoft365_desk.Desk  # Bob's
    people: dict[str, Outlook]

    @property
    def ada(self) -> Outlook:
        """At Exchange."""
        return self.people["exchange"]

    @property
    def bob(self) -> Outlook:
        """In the cloud."""
        return self.people["cloud"]

    def across(self, name: str) -> Outlook:
        """Whoever is at the other system."""
        return self.people[NAMES[1 - NAMES.index(name)]]

    # ------------------------------------------------------------ items

    def item(self, title: str, uid: str, more: str = "") -> Item:
        """A simple one, as a phone makes it; `more`: further lines."""
        makers: dict[Kind, Callable[[str, str], Item]] = {Kind.CONTACT: card, Kind.EVENT: event, Kind.TASK: task}
        made = makers[self.kind](title, uid)
        if not more:
            return made
        end = {Kind.CONTACT: "END:VCARD", Kind.EVENT: "END:VEVENT", Kind.TASK: "END:VTODO"}[self.kind]
        return Item.read(made.text.replace(end, f"{more}{end}"))

    def fill(self, count: int) -> None:
        """So many items t00, t01 ... of a phone, everywhere."""
        for n in range(count):
            self.world.phone_put(self.item(f"t{n:02}", f"u{n:02}"))
        self.settle()

    def hub(self) -> list[str]:
        """Titles, sorted."""
        return sorted(title_of(item.record) for item in self.world.hub().values())

    def uid(self, title: str) -> str:
        """Of the only item of the hub with this title."""
        (found,) = [uid for uid, item in self.world.hub().items() if title_of(item.record) == title]
        return found

    def all_hold(self, *titles: str) -> None:
        """Everybody has exactly these."""
        expected = sorted(titles)
        assert (self.hub(), self.ada.titles(), self.bob.titles()) == (expected, expected, expected)

    # ------------------------------------------------------------ cycles

    def cycle(self, name: str, store: Store | None = None) -> RunCounts:
        """Of one system; `store` in place of the world's."""
        context: Cycle = self.world.context(name)
        if store is not None:
            context.store = store
        return run_cycle(context)

    def settle(self) -> None:
        """Until nothing changes any more; nobody wants anything then (SYNC.md R21)."""
        self.world.settle()
        self.requests()
        for name in (*NAMES, *NAMES, *NAMES):
            assert self.world.cycle(name).changes == 0
        asked = self.requests()
        assert asked["exchange"] == ["SyncFolderItems"] * 3
        assert asked["cloud"] == ["GET"] * 3

    def requests(self) -> dict[str, list[str]]:
        """Since the last time one asked: operations of EWS, verbs of Graph."""
        return {"exchange": self.exchange.asked(), "cloud": [verb for verb, _path in self.cloud.asked()]}

    def writes(self) -> dict[str, int]:
        """How many requests that write, since the last time one asked for requests; those in a batch one by one."""
        asked = self.requests()
        sent = len(self.cloud.bodies())
        return {"exchange": sum(one in exchange_desk.WRITES for one in asked["exchange"]), "cloud": sent}

    def forget_cursors(self) -> None:
        """Both servers do not know any more where we were."""
        self.exchange.site.mood.forget_states = 1
        self.cloud.graph.deltas.forget()

    def cursor(self, name: str) -> str | None:
        """How far a system was read."""
        number = self.world.sides[name].binding_id
        (row,) = [row for row in self.world.rows(t.bindings) if row.id == number]
        return None if row.cursor is None else str(row.cursor)

    def connector(self, name: str) -> Any:
        """Which speaks to a system now."""
        return self.world.sides[name].connector

    def use(self, name: str, connector: Connector) -> None:
        """Speak to a system by another one from now on."""
        self.world.sides[name].connector = connector

    def restart(self) -> None:
        """A new process: new connectors to both."""
        self.use("exchange", self.exchange.another())
        self.use("cloud", self.cloud.another(secret=self.cloud.graph.sign_in.give(microsoft365_desk.BOB)))

    def rebind(self, name: str) -> None:
        """The table of links is lost; the folder is bound again."""
        side, policy = self.world.sides[name], self.world.sides[name].policy
        self.world.unbind(name)
        number = self.world.add_binding(name, side.collection)
        self.world.sides[name] = Side(name, Account(), side.collection, number, policy, side.connector)

    def sent(self) -> list[tuple[str, list[str]]]:
        """What Exchange was sent in requests that write, since the last time one asked: the properties of each."""
        return [(local(body), _properties(body)) for body in self.exchange.bodies() if local(body) in _WRITES]


_WRITES = exchange_desk.WRITES


def _properties(body: Any) -> list[str]:
    steps = body.iterfind(".//{*}Updates/*")
    keys = ("FieldURI", "PropertyName")
    return [next((step[0].get(key) for key in keys if step[0].get(key)), "") for step in steps]


@contextmanager
def company(folder: Path, kind: Kind, policy: Policy | None = None) -> Iterator[Company]:
    """Servers of its own; all that was answered keeps to the schemas, where these are there."""
    with ExitStack() as stack:
        exchange = stack.enter_context(exchange_desk.desk_of_ada())
        cloud = stack.enter_context(_desk_of_bob())
        world = World.sqlite(folder)
        box = cloud.ada
        where = box.well_known(_WELL_KNOWN[kind]) if kind is Kind.EVENT else box.add_collection(_WELL_KNOWN[kind], "x")
        people: dict[str, Outlook] = {
            "exchange": outlooks.Exchange(exchange.ada, exchange.ada.well_known(_WELL_KNOWN[kind]).id, kind),
            "cloud": outlooks.Cloud(box, where.id, kind),
        }
        places = {"exchange": exchange.place(kind), "cloud": f"{_CLOUDS[kind]}/{where.id}"}
        for name, connector in (("exchange", exchange.connector), ("cloud", cloud.connector)):
            number = world.add_binding(name, places[name])
            world.sides[name] = Side(name, Account(), places[name], number, policy or Policy(), connector)
        yield Company(kind, world, exchange, cloud, people)


@contextmanager
def _desk_of_bob() -> Iterator[microsoft365_desk.Desk]:
    exchange = Exchange()
    bob, graph = exchange.add_mailbox(microsoft365_desk.BOB, "Bob"), Graph(exchange)
    listening = Lying(graph.app())
    with serving(listening) as graph.url:
        desk = microsoft365_desk.Desk(graph, exchange, bob, listening, connector=None)  # type: ignore[arg-type]
        desk.connector = microsoft365_desk.connect(desk, secret=graph.sign_in.give(microsoft365_desk.BOB))
        try:
            yield desk
        finally:
            for one in (desk.connector, *desk.others):
                one.close()
    assert not exchange.outbox
