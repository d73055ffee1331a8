"""A hub, a phone, and one folder of a mailbox at Exchange or at Microsoft 365: what is to be the same at both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from connectors.exchange.places import place_of
from connectors.memory import Account
from sync_engine.item import Item
from sync_engine.model import Kind, title_of
from sync_engine.ports import Policy
from tests.contract.connector_contract import task
from tests.integration.microsoft import exchange_desk, microsoft365_desk, outlooks
from tests.integration.microsoft.microsoft365_desk import card, event, moved, weekly, without
from tests.servers.microsoft.mailbox import Item as Stored
from tests.world import Side, World

FACE = "/9j/4CBhIGZhY2U="  # base64 of the beginning of a JPEG
MUCH = (
    f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\nEMAIL:a@x.cz\r\nEMAIL:b@x.cz\r\nEMAIL:c@x.cz\r\nEMAIL:d@x.cz\r\n"
    "X-OUR-OWN:1\r\nTEL;TYPE=CELL:+41 79 000 00 00\r\nORG:Engines;Analytical\r\n"
)
"""More than Outlook has a place for."""


class Office(Protocol):
    """One of the two systems."""

    @property
    def desk(self) -> Any:
        """The server, and the connector to it."""

    @property
    def idle(self) -> str:
        """What a cycle asks in which nothing changes."""

    def place(self, kind: Kind) -> str:
        """The collection of a kind."""

    def outlook(self, kind: Kind) -> outlooks.Outlook:
        """Who works with it."""

    def asked(self) -> list[str]:
        """Operations, or verbs, since the last time one asked."""

    def has_photo(self, stored: Stored) -> bool:
        """Whether the server keeps one with a contact."""


@dataclass
class OnPremises:
    """Exchange."""

    desk: exchange_desk.Desk
    idle: str = "SyncFolderItems"

    def place(self, kind: Kind) -> str:
        return self.desk.place(kind)

    def outlook(self, kind: Kind) -> outlooks.Outlook:
        return outlooks.Exchange(self.desk.ada, place_of(self.place(kind)).folder_id, kind)

    def asked(self) -> list[str]:
        return self.desk.asked()

    def has_photo(self, stored: Stored) -> bool:
        return bool(stored.fields["_attachments"])


@dataclass
class InTheCloud:
    """Microsoft 365."""

    desk: microsoft365_desk.Desk
    idle: str = "GET"
    _places: dict[Kind, str] = field(default_factory=dict)

    def place(self, kind: Kind) -> str:
        if kind not in self._places:
            make = {Kind.CONTACT: self.desk.contacts, Kind.EVENT: self.desk.calendar, Kind.TASK: self.desk.tasks}
            self._places[kind] = make[kind]()
        return self._places[kind]

    def outlook(self, kind: Kind) -> outlooks.Outlook:
        return outlooks.Cloud(self.desk.ada, self.place(kind).partition("/")[2], kind)

    def asked(self) -> list[str]:
        return [verb for verb, _path in self.desk.asked()]

    def has_photo(self, stored: Stored) -> bool:
        return bool(stored.photo)


@dataclass
class Bound:
    """One of its collections, bound to the hub's."""

    office: Office
    kind: Kind
    world: World

    @property
    def outlook(self) -> outlooks.Outlook:
        """Who works with it."""
        return self.office.outlook(self.kind)

    def stored(self) -> list[Stored]:
        """What the server has in it."""
        found: list[Stored] = self.office.desk.stored(self.office.place(self.kind))
        return found

    def titles(self) -> list[str]:
        """In the hub."""
        return sorted(title_of(item.record) for item in self.world.hub().values())

    def both_hold(self, *titles: str) -> None:
        """The hub and Outlook, and nothing else."""
        assert (self.titles(), self.outlook.titles()) == (sorted(titles), sorted(titles))

    def quiet(self) -> None:
        """SYNC.md R21: three more cycles are one request each, and no write."""
        self.world.settle()
        for _ in range(3):
            self.office.asked()
            assert self.world.cycle("outlook").changes == 0
            assert self.office.asked() == [self.office.idle]

    def bind(self) -> None:
        """As a new binding."""
        where = self.office.place(self.kind)
        number = self.world.add_binding("outlook", where)
        self.world.sides["outlook"] = Side("outlook", Account(), where, number, Policy(), self.office.desk.connector)


def bound(office: Office, kind: Kind, folder: Path) -> Bound:
    """A hub of its own."""
    made = Bound(office, kind, World.sqlite(_new(folder / kind.value)))
    made.bind()
    return made


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def simple(kind: Kind, name: str, uid: str) -> Item:
    """An item that is written in one request."""
    make: dict[Kind, Callable[[str, str], Item]] = {Kind.CONTACT: card, Kind.EVENT: event, Kind.TASK: task}
    return make[kind](name, uid)


def many_steps(kind: Kind, name: str, uid: str) -> Item:
    """One that is written in several, where there is such a thing."""
    if kind is Kind.CONTACT:
        return card(name, uid, MUCH)
    return weekly(uid, name, without("20260330"), (moved("20260323"),)) if kind is Kind.EVENT else task(name, uid)


@contextmanager
def exchange() -> Iterator[OnPremises]:
    """On premises."""
    with exchange_desk.desk_of_ada() as desk:
        yield OnPremises(desk)


@contextmanager
def exchange_sparse() -> Iterator[OnPremises]:
    """That tells no more than it must."""
    with exchange() as made:
        made.desk.site.mood.sparse = True
        yield made


@contextmanager
def microsoft365() -> Iterator[InTheCloud]:
    """In the cloud."""
    with microsoft365_desk.desk_of_ada() as desk:
        yield InTheCloud(desk)
        assert desk.exchange.outbox == []


@contextmanager
def microsoft365_unbounded() -> Iterator[InTheCloud]:
    """With a feed of all events, whenever they are."""
    with microsoft365() as made:
        made.desk.graph.switches.events_delta = True
        yield made
