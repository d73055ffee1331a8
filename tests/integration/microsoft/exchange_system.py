"""Ada's mailbox in the company's own Exchange, as the tests of the rules need it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from connectors.exchange.connector import ExchangeConnector
from connectors.exchange.places import place_of
from connectors.exchange.steps import Steps
from sync_engine.model import Kind
from tests.faults import Script
from tests.integration.microsoft import outlooks
from tests.integration.microsoft.exchange_desk import WRITES, Desk, Trouble, desk_of_ada, refusal
from tests.integration.microsoft.mortal_requests import mortal
from tests.integration.rules.person import Person
from tests.integration.rules.system import HTML, System
from tests.servers.microsoft.ews_xml import local

_CUT = b'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
_LIES = {
    "html": (200, HTML),
    "nothing": (200, b""),
    "cut": (200, _CUT),
    "507": (507, HTML),
    "503": (503, HTML),
    "404": (404, HTML),
}
_REMARKS = {Kind.CONTACT: "contacts:JobTitle", Kind.EVENT: "calendar:Location", Kind.TASK: "item:Body"}
_READS = ("SyncFolderItems", "GetItem", "FindItem", "GetFolder", "FindFolder", "GetAttachment", "ResolveNames")


@dataclass
class OnPremises(System):
    """One folder of it."""

    name: ClassVar = "exchange"
    last_step: ClassVar = (Steps, "_unmarked")
    quiet_organizer: ClassVar = True

    kind: Kind
    desk: Desk
    person: Person
    place: str
    connector: ExchangeConnector
    idle: str = "SyncFolderItems"
    _refused: str = ""

    def __post_init__(self) -> None:
        self.desk.listening.app = self._strict(self.desk.listening.app)
        self._written: list[Any] = []

    # ------------------------------------------------------------ what it was asked

    def asked(self) -> list[str]:
        bodies = self.desk.bodies()
        self._written += [body for body in bodies if local(body) in WRITES]
        return [local(body) for body in bodies]

    def writes(self) -> int:
        return sum(one in WRITES for one in self.asked())

    def sent(self) -> list[set[str]]:
        self.asked()
        told = [_properties(body) for body in self._written]
        self._written.clear()
        return told

    @property
    def remark(self) -> str:
        return _REMARKS[self.kind]

    # ------------------------------------------------------------ connectors

    def another(self, **settings: Any) -> ExchangeConnector:
        return self.desk.another(**settings)

    # ------------------------------------------------------------ what goes wrong

    def forget(self) -> None:
        self.desk.site.mood.forget_states = 1

    def remember(self) -> None:
        self.desk.site.mood.forget_states = 0

    def lie(self, what: str) -> None:
        status, body = _LIES[what]
        for _ in range(9):  # however often it is tried again
            self.desk.fail(Trouble("SyncFolderItems", status, body, headers={"content-type": "text/html"}))

    def honest(self) -> None:
        self.desk.listening.troubles.clear()

    def lose(self, count: int) -> None:
        self.desk.listening.lose = count

    def refuse(self, title: str, new: str) -> None:
        self._refused = new

    def relent(self) -> None:
        self._refused = ""

    def busy(self, seconds: int) -> None:
        self.desk.site.mood.busy, self.desk.site.mood.back_off = 1, seconds * 1000

    def late(self, lag: bool) -> None:
        show_late(self.desk.site.exchange, lag)

    def mortal(self, script: Script) -> AbstractContextManager[None]:
        return mortal(script, _writes)

    def _strict(self, app: Any) -> Any:
        """The server, which takes no item of one title."""
        answer = refusal("UpdateItem", "ErrorInvalidPropertySet").body

        async def strict(scope: Any, receive: Any, send: Any) -> None:
            message = await receive()

            async def again() -> Any:
                return message

            body = message.get("body", b"")
            if not self._refused or b"UpdateItem" not in body or self._refused.encode() not in body:
                await app(scope, again, send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/xml")]})
            await send({"type": "http.response.body", "body": answer})

        return strict


def show_late(server: Any, lag: bool) -> None:
    """A server of mailboxes whose listings show after half an hour what was written."""
    if lag:
        later = datetime.now(UTC) + timedelta(hours=1)
        server.clock = lambda: later
    server.lag = timedelta(minutes=30 if lag else 0)


def _properties(body: Any) -> set[str]:
    steps = body.iterfind(".//{*}Updates/*")
    keys = ("FieldURI", "PropertyName")
    return {next((step[0].get(key) for key in keys if step[0].get(key)), "") for step in steps}


def _writes(method: str, address: str, body: bytes) -> bool:
    return not any(f"<m:{name}".encode() in body or f":{name} ".encode() in body for name in _READS)


@contextmanager
def opened(kind: Kind) -> Iterator[OnPremises]:
    """A server of its own; all that was answered keeps to the schemas, where these are there."""
    with desk_of_ada() as desk:
        place = desk.place(kind)
        person = outlooks.Exchange(desk.ada, place_of(place).folder_id, kind)
        yield OnPremises(kind, desk, person, place, desk.connector)
