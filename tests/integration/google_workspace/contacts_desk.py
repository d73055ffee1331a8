"""Ada's contacts and tasks at a Google test server, as the connector's parts see them; its clock can be turned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from connectors.google_workspace.contacts import Contacts
from connectors.google_workspace.mapping_contacts import CONTACT_FIELDS
from connectors.google_workspace.mapping_tasks import TASK_FIELDS
from connectors.google_workspace.part import Part
from connectors.google_workspace.places import Place, place_of
from connectors.google_workspace.tasks import Tasks
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.item import Item
from sync_engine.model import Contact, Record
from sync_engine.ports import (
    Broken,
    Changed,
    Cursor,
    KnownVersions,
    Page,
    RemoteCollection,
    RemoteRef,
    Removed,
    Write,
    Written,
)
from tests.contract.connector_contract import Hub
from tests.integration.google_workspace.people_desk import Clock
from tests.servers.google_workspace.people_book import Book
from tests.servers.google_workspace.protocol import Answer, Call
from tests.servers.google_workspace.server import Google, google_workspace
from tests.servers.google_workspace.task_book import TaskBook
from tests.servers.google_workspace.world import World

ADA = "ada@example.com"
Json = dict[str, Any]


@dataclass
class OnePart:
    """A connector of one part only: of Google's contacts, or of its tasks."""

    part: Part
    transport: Transport
    carries: frozenset[str] = CONTACT_FIELDS | TASK_FIELDS
    most_writes: int = 50

    def collections(self) -> Sequence[RemoteCollection]:
        return self.part.collections()

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        return self.part.changes(place_of(collection), since, known)

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        return self.part.fetch(place_of(collection), ids)

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        return self.fetch(collection, ids)

    def kept(self, record: Record) -> Record | None:
        return self.part.kept(record)

    def lag(self, _collection: str) -> float:
        return self.part.lag

    def knows(self, collection: str, known: KnownVersions) -> None:
        if isinstance(self.part, Tasks):
            self.part.knows(place_of(collection), known)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        return self.part.find(place_of(collection), item, key)

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        return self.part.create(place_of(collection), item, key)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        return self.part.update(place_of(collection), ref, item, base)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        self.part.delete(place_of(collection), ref)

    def write(self, collection: str, writes: Sequence[Write]) -> Iterator[Written]:
        return self.part.write(place_of(collection), writes)

    def finish(self, collection: str, ref: RemoteRef | None, item: Item, key: str) -> None:
        self.part.finish(place_of(collection), ref, item, key)

    def close(self) -> None:
        self.transport.close()


@dataclass
class PartsDesk:
    """A server with Ada's account."""

    google: Google
    clock: Clock
    opened: list[OnePart] = field(default_factory=list)

    def contacts(self, **settings: Any) -> OnePart:
        """A connector to her contacts, whose clock is the server's."""
        transport = Transport(self._settings(settings), sleep=lambda seconds: self.clock.turn(seconds=seconds))
        return self._kept(
            OnePart(Contacts(transport, self._settings(settings), self._seconds, self._seconds), transport)
        )

    def tasks(self, **settings: Any) -> OnePart:
        """A connector to her tasks."""
        transport = Transport(self._settings(settings), sleep=lambda seconds: self.clock.turn(seconds=seconds))
        return self._kept(OnePart(Tasks(transport, self._settings(settings), self._seconds), transport))

    def _kept(self, one: OnePart) -> OnePart:
        self.opened.append(one)
        return one

    def _seconds(self) -> float:
        return self.clock().timestamp()

    def _settings(self, more: dict[str, Any]) -> ConnectorSettings:
        token = self.google.give(ADA)
        told: Json = {"url": self.google.url, "auth": "bearer", "secret": token, "mailbox": ADA, **more}
        return ConnectorSettings(**told)

    @property
    def book(self) -> Book:
        """Her contacts, by her own hand."""
        return self.google.people.book(ADA)

    @property
    def to_do(self) -> TaskBook:
        """Her tasks, by her own hand."""
        return self.google.tasks.book(ADA)

    def bodies(self, method: str) -> list[Json]:
        """What is sent to a method from now on."""
        heard: list[Json] = []
        handler = self.google.handlers[method]

        def listening(call: Call) -> Answer:
            heard.append(call.body)
            return handler(call)

        self.google.handlers[method] = listening
        return heard

    def asked(self) -> list[str]:
        """The methods that were called since the last time one asked."""
        found = [one.method.partition(".")[2] for one in self.google.requests]
        self.google.requests.clear()
        self.google.people.photo_requests.clear()
        return found


@contextmanager
def parts_desk(clock: Clock | None = None) -> Iterator[PartsDesk]:
    """A server of its own, whose clock stands still until it is turned."""
    clock = clock or Clock()
    with google_workspace(World(clock=clock)) as google:
        made = PartsDesk(google, clock)
        try:
            yield made
        finally:
            for one in made.opened:
                one.close()


def card(name: str = "Ada", uid: str = "card-1", more: str = "") -> Item:
    """A contact."""
    return Item.read(f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:;{name};;;\r\n{more}END:VCARD\r\n")


def to_do(title: str = "Milk", uid: str = "task-1", **lines: str) -> Item:
    """A task; lines by property name."""
    more = "".join(f"{name}:{value}\r\n" for name, value in lines.items())
    own = f"BEGIN:VTODO\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{title}\r\n{more}END:VTODO\r\n"
    return Item.read(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n{own}END:VCALENDAR\r\n")


def hub(connector: OnePart, collection: str = "contacts") -> Hub:
    """One that has listed everything."""
    return Hub(connector, collection).pull()


def contact(found: object) -> Contact:
    """The record of what was read."""
    assert isinstance(found, Changed)
    assert isinstance(found.item.record, Contact)
    return found.item.record


def place(collection: str) -> Place:
    """What a collection's id says."""
    return place_of(collection)
