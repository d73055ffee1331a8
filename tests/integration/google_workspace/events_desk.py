"""Calendars at a Google test server, as the connector sees them; people work there by their own hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from connectors.google_workspace.events import Events
from connectors.google_workspace.mapping_events import EVENT_FIELDS
from connectors.google_workspace.places import CALENDARS, Place, place_of
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.item import Item
from sync_engine.model import Event, EventDetails
from sync_engine.ports import Changed, RemoteRef, Write, Written
from tests.contract.connector_contract import Hub
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.servers.google_workspace.calendar_store import Entry
from tests.servers.google_workspace.client import service
from tests.servers.google_workspace.protocol import Answer, Call
from tests.servers.google_workspace.server import Google, google_workspace

ADA, BOB = "ada@example.com", "bob@example.com"
Json = dict[str, Any]


@dataclass
class EventsDesk:
    """A server with accounts. Ada's connector sees her calendars."""

    google: Google
    opened: list[Any] = field(default_factory=list)
    now: float = 1_780_000_000.0  # seconds since 1970, for connectors

    def connector(self, address: str = ADA, **settings: Any) -> OnePart:
        """To somebody's calendars."""
        told: Json = {"url": self.google.url, "auth": "bearer", "secret": self.google.give(address), **settings}
        transport = Transport(ConnectorSettings(**told), sleep=lambda _: None)
        made = OnePart(Events(transport, ConnectorSettings(**told), lambda: self.now), transport, EVENT_FIELDS)
        self.opened.append(made)
        return made

    def api(self, address: str = ADA) -> Any:
        """The real library for somebody: his own hand."""
        made = service(self.google.url, "calendar.v3", self.google.give(address))
        self.opened.append(made)
        return made

    def calendar(self, owner: str = ADA, summary: str = "work") -> str:
        """A new one: the id of the collection."""
        self.google.give(owner)
        return Place(CALENDARS, self.google.calendar.calendars.make(owner, {"summary": summary}).id).collection

    def entries(self, where: str) -> list[Entry]:
        """What is in it and not deleted, exceptions too."""
        return self.google.calendar.events(place_of(where).id)

    def entry(self, where: str, name: str = "") -> Entry:
        """One of them, by its id or as the only one that is no exception."""
        (found,) = [one for one in self.entries(where) if (one.id == name if name else not one.master)]
        return found

    def put(self, where: str, **body: Any) -> Entry:
        """An event as somebody, or Google itself, made it."""
        times = {"start": {"dateTime": "2026-03-12T09:00:00Z"}, "end": {"dateTime": "2026-03-12T10:00:00Z"}}
        return self.google.calendar.put(place_of(where).id, **{"summary": "Lunch", **times, **body})

    def by_hand(self, where: str, name: str, body: Json, address: str = ADA) -> Json:
        """Somebody changes an event, or an occurrence, in Google Calendar."""
        events = self.api(address).events()
        told: Json = events.patch(calendarId=place_of(where).id, eventId=name, body=body, sendUpdates="none").execute()
        return told

    def cancel(self, where: str, name: str, address: str = ADA) -> None:
        """Somebody deletes one."""
        self.api(address).events().delete(calendarId=place_of(where).id, eventId=name, sendUpdates="none").execute()

    def bodies(self, *methods: str) -> list[Json]:
        """What is sent to these methods of events from now on."""
        heard: list[Json] = []
        for name in methods:
            handler = self.google.handlers[f"calendar.events.{name}"]

            def listening(call: Call, handler: Any = handler) -> Answer:
                heard.append(call.body)
                answer: Answer = handler(call)
                return answer

            self.google.handlers[f"calendar.events.{name}"] = listening
        return heard

    def asked(self) -> list[str]:
        """The methods that were called since the last time one asked, those in batches too."""
        found = [one.method.partition(".")[2] for one in self.google.requests]
        self.google.requests.clear()
        self.google.outer = 0
        return found

    @property
    def outer(self) -> int:
        """Requests over the wire since `asked`."""
        return self.google.outer


@contextmanager
def events_desk() -> Iterator[EventsDesk]:
    """A server of its own."""
    with google_workspace() as google:
        made = EventsDesk(google)
        google.give(ADA)
        try:
            yield made
        finally:
            for one in made.opened:
                one.close()


def read(connector: OnePart, where: str, remote_id: str) -> Changed:
    """An item as the connector reads it."""
    (found,) = connector.fetch(where, [remote_id])
    assert isinstance(found, Changed), found
    return found


def same(found: Changed, item: Item) -> bool:
    """Whether it says the same, apart from the UID where Google has another."""
    assert isinstance(found.item.record, Event)
    return replace(found.item.record, uid=item.uid) == item.record


def details(found: Changed) -> EventDetails:
    """Of a single event, or of the master."""
    assert isinstance(found.item.record, Event)
    assert found.item.record.master is not None
    return found.item.record.master


def written(connector: OnePart, where: str, *writes: Write) -> Sequence[Written]:
    """What comes of a batch."""
    return list(connector.write(where, writes))


def changed(ref: RemoteRef, item: Item, base: Item) -> Write:
    """An update in a batch."""
    return Write(ref, item, base)


def hub(connector: OnePart, where: str) -> Hub:
    """One that has listed everything."""
    return Hub(connector, where).pull()


@pytest.fixture(name="desk")
def desk_of_events() -> Iterator[EventsDesk]:
    """A server for each test."""
    with events_desk() as made:
        yield made


@pytest.fixture(name="connector")
def adas_connector(desk: EventsDesk) -> OnePart:
    """To her calendars."""
    return desk.connector()


@pytest.fixture(name="where")
def adas_calendar(desk: EventsDesk) -> str:
    """A new one."""
    return desk.calendar()
