"""A company whose address book goes into everybody's mailbox: a hub, its store, and a server of Microsoft's kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

from agendahub.fanout import FanoutBinding
from agendahub.fanout_members import Looked, refresh
from agendahub.outcome import Outcome, Result
from agendahub.work import Worker
from agendahub.workspace import Workspace, utc_now
from config import load
from storage import schema
from storage.admin_config import ensure_collection
from storage.fanouts import members
from sync_engine.item import Item
from sync_engine.ports import Origin
from tests.servers.microsoft.ews import add_person, exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Collection, Exchange, Mailbox
from tests.servers.microsoft.serving import serving

FOLDER = "AgendaHub"
SERVICE = "service@example.org"
PEOPLE = [f"person{number:02}@example.org" for number in range(30)]


class Front(Protocol):
    """What differs between the two servers."""

    exchange: Exchange
    account: dict[str, Any]  # how the service account signs in

    def requests(self) -> int:
        """Over the wire, so far."""

    def add(self, address: str) -> None:
        """Somebody gets a mailbox, and is in the group of all."""

    def drop(self, address: str) -> None:
        """Somebody is not in the group of all any more; his mailbox stays."""


class GraphFront:
    """Microsoft 365: an app that may open every mailbox."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.exchange = graph, graph.server
        token = graph.sign_in.give("")
        self.grant = graph.sign_in.grants[token]
        self.account = {"connector": "microsoft365", "url": f"{graph.url}/v1.0", "auth": "bearer", "token": token}
        self.exchange.directory.add_group("all@example.org", "All")

    def requests(self) -> int:
        return self.graph.outer

    def add(self, address: str) -> None:
        self.exchange.add_mailbox(address, address)
        _join(self.exchange, address)

    def join(self, address: str) -> None:
        """Somebody who has a mailbox."""
        _join(self.exchange, address)

    def drop(self, address: str) -> None:
        """Out of the group."""
        _leave(self.exchange, address)

    def forbid(self, address: str) -> None:
        """The app's access is scoped, and this one is outside."""
        self.grant.only = frozenset(self.exchange.mailboxes) - {address}


class EwsFront:
    """Exchange: a service account that may impersonate."""

    def __init__(self, site: Site) -> None:
        self.site, self.exchange = site, site.exchange
        add_person(site, "service", "secret", SERVICE, "Service")
        site.impersonators.add("service")
        self.account = {"connector": "exchange", "url": site.url, "username": "service", "token": "secret"}
        self.exchange.directory.add_group("all@example.org", "All")

    def requests(self) -> int:
        return len(self.site.requests)

    def add(self, address: str) -> None:
        add_person(self.site, address, "unused", address, address)
        _join(self.exchange, address)

    def join(self, address: str) -> None:
        """Somebody who has a mailbox."""
        _join(self.exchange, address)

    def drop(self, address: str) -> None:
        """Out of the group."""
        _leave(self.exchange, address)


def _join(exchange: Exchange, address: str) -> None:
    person = exchange.directory.add_person(address, address)
    group = exchange.directory.find("all@example.org")
    group.members.append(person.id)  # type: ignore[union-attr]


def _leave(exchange: Exchange, address: str) -> None:
    group = exchange.directory.find("all@example.org")
    group.members.remove(exchange.directory.find(address).id)  # type: ignore[union-attr]


@contextmanager
def graph_front() -> Iterator[GraphFront]:
    """A Graph server."""
    graph = Graph(Exchange())
    with serving(graph.app()) as graph.url:
        yield GraphFront(graph)


@contextmanager
def ews_front() -> Iterator[EwsFront]:
    """An Exchange server."""
    with exchange_server() as site:
        yield EwsFront(site)


@dataclass
class Company:
    """The hub with one fan-out, "book", to everybody in the group of all."""

    folder: Path
    front: Any
    settings: dict[str, Any] = field(default_factory=dict)  # of the fan-out
    workspace: Workspace = field(init=False)
    collection: int = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "agendahub.db").write_bytes(_empty_store())
        self.write()
        with self.workspace.database.begin() as unit:
            self.collection = ensure_collection(unit.session.connection, "Contacts", ["contact"], "", utc_now())

    def write(self, **changes: Any) -> None:
        """The configuration, and a workspace that has read it."""
        self.settings |= changes
        account = {key: value for key, value in self.front.account.items() if key != "token"}
        (self.folder / "token").write_text(self.front.account["token"])
        account |= {"name": "service", "secret": "file:token"}
        fanout = {"name": "book", "account": "service", "collection": "Contacts", "group": "all@example.org"}
        text = _entry("accounts", account) + _entry("fanouts", fanout | self.settings)
        (self.folder / "agendahub.toml").write_text(text)
        self.workspace = Workspace(load(self.folder / "agendahub.toml"))

    def refresh(self, *, accept: bool = False) -> Looked:
        """Ask the directory."""
        return refresh(self.workspace, self.workspace.settings.fanouts[0], accept=accept)

    def states(self) -> dict[str, str]:
        """Who is in it, and who left."""
        with self.workspace.database.read() as unit:
            return {member.address: member.state for member in members(unit.session.connection)}

    def bindings(self) -> list[FanoutBinding]:
        """As every command sees them."""
        self.workspace.follow_members()
        return [binding for binding in self.workspace.settings.bindings if isinstance(binding, FanoutBinding)]

    def cycle(self, worker: Worker, binding: FanoutBinding, *, everything: bool = False) -> Outcome:
        """One cycle, with a connector of its own."""
        connector = self.workspace.connector(self.workspace.account(binding.account))
        try:
            return worker.cycle(binding, connector, everything=everything)
        finally:
            connector.close()

    def sync(self, addresses: Sequence[str] = (), worker: Worker | None = None) -> dict[str, Outcome]:
        """A cycle of every mailbox, or of these."""
        worker = worker or Worker(self.workspace)
        chosen = [binding for binding in self.bindings() if not addresses or binding.address in addresses]
        return {binding.address: self.cycle(worker, binding) for binding in chosen}

    # the hub

    def put(self, uid: str, name: str) -> None:
        """A contact, new or changed."""
        with self.workspace.database.begin() as unit:
            known = unit.items_by_uid(self.collection, [uid]).get(uid)
            if known is None:
                unit.create_item(self.collection, contact(uid, name), Origin("test"))
            else:
                unit.update_item(known.id, contact(uid, name), Origin("test"))

    def names(self) -> list[str]:
        """What the hub has."""
        with self.workspace.database.read() as unit:
            found = [item.id for item in unit.changed_items(self.collection, 0, 1000) if not item.deleted]
            items = unit.items(found).values()
            texts = unit.texts([item.revision_id for item in items])
        return sorted(Item.read(text).record.full_name for text in texts.values())  # type: ignore[union-attr]

    # a mailbox

    def mailbox(self, address: str) -> Mailbox:
        """On the server."""
        found: Mailbox = self.front.exchange.mailbox(address)
        return found

    def folders(self, address: str, name: str = FOLDER) -> list[Collection]:
        """All of this name."""
        return [one for one in self.mailbox(address).of_kind("contacts") if one.name == name]

    def inside(self, address: str, name: str = FOLDER) -> list[str]:
        """The names of the contacts in the folder, which is there once."""
        [folder] = self.folders(address, name)
        return sorted(self._names_in(address, folder))

    def everybody(self, address: str) -> list[str]:
        """The names of all contacts that somebody has."""
        folders = self.mailbox(address).of_kind("contacts")
        return sorted(name for folder in folders for name in self._names_in(address, folder))

    def _names_in(self, address: str, folder: Collection) -> list[str]:
        return [_shown_name(item.fields) for item in self.mailbox(address).in_collection(folder.id)]


AnyCompany = TypeVar("AnyCompany", bound=Company)


@contextmanager
def company_of_three(front: Any, folder: Path, kind: type[AnyCompany]) -> Iterator[AnyCompany]:
    """Three colleagues, and two contacts of the company. `kind`: of company, as the front wants it."""
    for address in PEOPLE[:3]:
        front.add(address)
    made = kind(folder, front)
    made.put("u1", "Grace Hopper")
    made.put("u2", "Alan Turing")
    made.refresh()
    yield made
    made.workspace.close()


@cache
def _empty_store() -> bytes:
    """Made once: migrations take long."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "agendahub.db"
        schema.upgrade(f"sqlite:///{file}")
        return file.read_bytes()


def _shown_name(fields: dict[str, Any]) -> str:
    """Graph's front keeps JSON, that of EWS keeps elements."""
    written = fields.get("displayName") or fields.get("DisplayName") or ""
    return re.sub(r"<[^>]*>", "", written)


def contact(uid: str, name: str) -> Item:
    """A card."""
    given, family = name.split()
    return Item.read(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Test//EN\r\nUID:{uid}\r\nFN:{name}\r\nN:{family};{given};;;\r\n"
        f"EMAIL;TYPE=INTERNET,WORK:{given.lower()}@example.org\r\nEND:VCARD\r\n"
    )


def all_well(outcomes: dict[str, Outcome]) -> None:
    """Every cycle finished."""
    wrong = {address: one.message for address, one in outcomes.items() if one.result is not Result.OK}
    assert not wrong


def _entry(section: str, values: dict[str, Any]) -> str:
    return "\n".join([f"[[{section}]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), "", ""])
