"""The Exchange connector on the EWS test server, with what a test wants to look at and to go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.exchange.connector import ExchangeConnector
from connectors.exchange.places import Place, place_of
from connectors.settings import ConnectorSettings
from sync_engine.model import Kind
from sync_engine.ports import Changed
from tests.contract.connector_contract import Hub
from tests.servers.microsoft.ews import PATH, add_person, application
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.ews_client import schema_faults
from tests.servers.microsoft.ews_xml import Element, Fault, envelope, fault, find, local
from tests.servers.microsoft.mailbox import Item as Stored
from tests.servers.microsoft.mailbox import Mailbox
from tests.servers.microsoft.serving import serving

ADA = "ada@example.com"
BOB = "bob@example.com"
WRITES = {"CreateItem", "UpdateItem", "DeleteItem", "CreateAttachment", "DeleteAttachment"}
_WELL_KNOWN = {Kind.CONTACT: "contacts", Kind.EVENT: "calendar", Kind.TASK: "tasks"}


@dataclass
class Trouble:
    """What is answered once instead of what the server says."""

    operation: str
    status: int = 500
    body: bytes = b""
    skip: int = 0  # requests of this operation that go well before
    done: bool = False  # the server does it all the same
    meanwhile: Callable[[], object] | None = None  # instead of failing: somebody else does this just before
    headers: dict[str, str] = field(default_factory=dict)


def refusal(operation: str, code: str, *, skip: int = 0) -> Trouble:
    """The whole request is refused with an error of EWS."""
    return Trouble(operation, body=envelope(fault(Fault(code, "It is so."))), skip=skip, headers=XML)


XML = {"content-type": "text/xml; charset=utf-8"}


@dataclass
class Listening:
    """An application that notes requests, and lets some fail."""

    app: Any
    asked: list[Element] = field(default_factory=list)  # bodies of envelopes, as they came
    troubles: list[Trouble] = field(default_factory=list)
    lose: int = 0  # the answer to the write that is the n-th from now is lost

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].lower().endswith("/exchange.asmx"):
            await self.app(scope, receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        trouble = self._noted(body)
        if trouble is not None and trouble.meanwhile is not None:
            trouble.meanwhile()
            trouble = None
        if trouble is None or trouble.done:
            await self.app(scope, _again(body, receive), send if trouble is None else _nowhere)
        if trouble is None:
            return
        headers = [(name.encode(), value.encode()) for name, value in trouble.headers.items()]
        headers.append((b"content-length", str(len(trouble.body)).encode()))
        await send({"type": "http.response.start", "status": trouble.status, "headers": headers})
        await send({"type": "http.response.body", "body": trouble.body})

    def _noted(self, body: bytes) -> Trouble | None:
        if not body:  # of a handshake
            return None
        what = find(etree.fromstring(body), "s:Body/*")
        assert what is not None
        self.asked.append(what)
        if self.lose and local(what) in WRITES:
            self.lose -= 1
            if not self.lose:
                return Trouble(local(what), 502, done=True)
        return self._trouble(local(what))

    def _trouble(self, operation: str) -> Trouble | None:
        for one in self.troubles:
            if one.operation == operation:
                if one.skip:
                    one.skip -= 1
                    return None
                self.troubles.remove(one)
                return one
        return None


def _again(body: bytes, receive: Any) -> Any:
    told = False

    async def heard() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return heard


async def _nowhere(_message: Any) -> None:
    return None


@dataclass
class Desk:
    """Ada's mailbox, and the connector to it."""

    site: Site
    listening: Listening
    connector: ExchangeConnector
    others: list[ExchangeConnector] = field(default_factory=list)

    @property
    def ada(self) -> Mailbox:
        return self.site.exchange.mailbox(ADA)

    def place(self, kind: Kind) -> str:
        """One of the usual folders."""
        return Place(kind, self.ada.well_known(_WELL_KNOWN[kind]).id).collection

    @property
    def contacts(self) -> str:
        return self.place(Kind.CONTACT)

    @property
    def calendar(self) -> str:
        return self.place(Kind.EVENT)

    @property
    def tasks(self) -> str:
        return self.place(Kind.TASK)

    def hub(self, collection: str) -> Hub:
        """One that has listed everything."""
        return Hub(self.connector, collection).pull()

    def another(self, **settings: Any) -> ExchangeConnector:
        """A further connector to the same server."""
        made = connect(self.site, **settings)
        self.others.append(made)
        return made

    def stored(self, collection: str) -> list[Stored]:
        """What the server has in it."""
        return list(self.ada.in_collection(place_of(collection).folder_id))

    def asked(self) -> list[str]:
        """Operations since the last time one asked."""
        return [local(one) for one in self.bodies()]

    def bodies(self) -> list[Element]:
        """Requests since the last time one asked."""
        found = list(self.listening.asked)
        self.listening.asked.clear()
        return found

    def fail(self, trouble: Trouble) -> None:
        """The next request of its operation fails so."""
        self.listening.troubles.append(trouble)

    def there(self, collection: str, remote_id: str) -> Changed:
        """What the connector reads."""
        (found,) = self.connector.fetch(collection, [remote_id])
        assert isinstance(found, Changed), found
        return found


def connect(site: Site, page: int = 500, **settings: Any) -> ExchangeConnector:
    """As Ada."""
    told: dict[str, Any] = {"username": "ada", "secret": "secret", "zone": "Europe/Berlin"}
    return ExchangeConnector(ConnectorSettings(**({"url": site.url} | told | settings)), page)


@contextmanager
def desk_of_ada(certificate: Path | None = None, **settings: Any) -> Iterator[Desk]:
    """A server of its own; nobody got a mail, and all answers keep to the schemas, where these are there."""
    site = Site()
    add_person(site, "ada", "secret", ADA, "Ada Lovelace")
    listening = Listening(application(site))
    with serving(listening, certificate) as url:
        site.url = url + PATH
        desk = Desk(site, listening, connect(site, **settings))
        try:
            yield desk
        finally:
            for one in (desk.connector, *desk.others):
                one.close()
    assert not site.exchange.outbox
    assert {how for _, how in site.dispositions} <= {"SendToNone", "SaveOnly"}
    faults = schema_faults(site)
    assert not faults, faults[0]
