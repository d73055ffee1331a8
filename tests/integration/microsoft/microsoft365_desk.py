"""The Microsoft 365 connector on a real Graph server, with what a test wants to look at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.microsoft365.connector import Microsoft365Connector
from connectors.settings import ConnectorSettings
from sync_engine.item import Item
from tests.contract.connector_contract import Hub
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import CALENDAR, CONTACTS, TASKS, Exchange, Mailbox
from tests.servers.microsoft.mailbox import Item as Stored
from tests.servers.microsoft.serving import serving

Json = dict[str, Any]
ADA = "ada@example.com"
BOB = "bob@example.com"


@dataclass
class Listening:
    """An application that notes what is sent to it: method, path, JSON; those in a $batch one by one."""

    app: Any
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    delay: float = 0.0  # seconds between doing it and answering
    lose: int = 0  # the answer to this write from now on gets lost, after it was done; 0: none

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        parts: list[bytes] = []

        async def heard() -> Any:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                self._note(scope, b"".join(parts))
            return message

        async def late(message: Any) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(self.delay)
                self._lose(scope)
            await send(message)

        await self.app(scope, heard if scope["type"] == "http" else receive, late)

    def _lose(self, scope: Any) -> None:
        if self.lose and scope["method"] != "GET":
            self.lose -= 1
            if not self.lose:
                raise ConnectionResetError("The answer gets lost, as the test asked for.")

    def _note(self, scope: Any, body: bytes) -> None:
        if scope["method"] == "GET":
            return
        try:
            told = json.loads(body) if body else None
        except ValueError:
            told = body
        if scope["path"].endswith("/$batch") and isinstance(told, dict):
            inner = [one for one in told["requests"] if one["method"] != "GET"]
            self.sent += [(one["method"], one["url"], one.get("body")) for one in inner]
        else:
            self.sent.append((scope["method"], scope["path"], told))


@dataclass
class Desk:
    """Ada's mailbox, and the connector to it."""

    graph: Graph
    exchange: Exchange
    ada: Mailbox
    listening: Listening
    connector: Microsoft365Connector
    now: datetime = datetime(2026, 3, 10, 12, tzinfo=UTC)
    others: list[Microsoft365Connector] = field(default_factory=list)

    @property
    def sent(self) -> list[tuple[str, str, Any]]:
        """All requests that were no GET."""
        return self.listening.sent

    def bodies(self) -> list[Any]:
        """What was sent since the last time one asked."""
        found = [body for _, _, body in self.sent]
        self.sent.clear()
        return found

    def calendar(self, name: str = "work") -> str:
        return f"calendars/{self.ada.add_collection(CALENDAR, name).id}"

    def contacts(self, name: str = "people") -> str:
        return f"contactFolders/{self.ada.add_collection(CONTACTS, name).id}"

    def tasks(self, name: str = "to do") -> str:
        return f"lists/{self.ada.add_collection(TASKS, name).id}"

    def hub(self, collection: str) -> Hub:
        """One that has listed everything."""
        return Hub(self.connector, collection).pull()

    def another(self, **settings: Any) -> Microsoft365Connector:
        """A further connector to the same mailbox."""
        made = connect(self, **settings)
        self.others.append(made)
        return made

    def stored(self, collection: str) -> list[Stored]:
        """What the server has in it."""
        return list(self.ada.in_collection(collection.partition("/")[2]))

    def asked(self) -> list[tuple[str, str]]:
        """Requests since the last time one asked; those in a $batch too."""
        found = list(self.graph.requests)
        self.graph.requests.clear()
        return found


def connect(desk: Desk, **settings: Any) -> Microsoft365Connector:
    """As Ada, with a token that somebody looks after."""
    told: dict[str, Any] = {
        "secret": desk.graph.sign_in.give(ADA),
        "auth": "bearer",
        "zone": "Europe/Berlin",
        "max_wait": 5.0,
    }
    return Microsoft365Connector(
        ConnectorSettings(f"{desk.graph.url}/v1.0", **(told | settings)), lambda: desk.now.timestamp()
    )


@contextmanager
def desk_of_ada() -> Iterator[Desk]:
    """A server of its own."""
    exchange = Exchange()
    ada, graph = exchange.add_mailbox(ADA, "Ada"), Graph(exchange)
    exchange.add_mailbox(BOB, "Bob")
    listening = Listening(graph.app())
    with serving(listening) as graph.url:
        desk = Desk(graph, exchange, ada, listening, connector=None)  # type: ignore[arg-type]
        desk.connector = connect(desk)
        yield desk
        for one in (desk.connector, *desk.others):
            one.close()


def event(summary: str = "Lunch", uid: str = "uid-1", **lines: str) -> Item:
    """An appointment; lines by property name, "" leaves one out."""
    told = {"DTSTART": "20260312T090000Z", "DTEND": "20260312T100000Z", "SUMMARY": summary} | lines
    own = "".join(f"{name.replace('__', ';')}:{value}\r\n" for name, value in told.items() if value)
    return calendar_of(uid, own)


def calendar_of(uid: str, own: str, *overrides: str) -> Item:
    """An item of one event with its changed occurrences."""
    one = "BEGIN:VEVENT\r\nUID:{}\r\nDTSTAMP:20260101T000000Z\r\n{}END:VEVENT\r\n"
    parts = "".join(one.format(uid, text) for text in (own, *overrides))
    return Item.read(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n{parts}END:VCALENDAR\r\n")


def weekly(uid: str = "series", summary: str = "Standup", more: str = "", overrides: tuple[str, ...] = ()) -> Item:
    """Five Mondays at nine in Berlin; the clocks go forward in between."""
    own = (
        "DTSTART;TZID=Europe/Berlin:20260316T090000\r\nDTEND;TZID=Europe/Berlin:20260316T093000\r\n"
        f"RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\r\nSUMMARY:{summary}\r\n{more}"
    )
    return calendar_of(uid, own, *overrides)


def moved(day: str, hour: str = "11", summary: str = "Standup") -> str:
    """One of these Mondays, at another time."""
    return (
        f"RECURRENCE-ID;TZID=Europe/Berlin:{day}T090000\r\nDTSTART;TZID=Europe/Berlin:{day}T{hour}0000\r\n"
        f"DTEND;TZID=Europe/Berlin:{day}T{hour}3000\r\nSUMMARY:{summary}\r\n"
    )


def without(*days: str) -> str:
    """Cancelled Mondays."""
    return "".join(f"EXDATE;TZID=Europe/Berlin:{day}T090000\r\n" for day in days)


def card(name: str = "Ada", uid: str = "card-1", more: str = "") -> Item:
    """A contact."""
    return Item.read(f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\n{more}END:VCARD\r\n")


DAY = timedelta(days=1)
