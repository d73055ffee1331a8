"""Ada's account at Google, as the tests of the rules need it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import pytest

from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.google_workspace.event_steps import Steps
from connectors.google_workspace.lines import Line
from connectors.settings import ConnectorSettings
from sync_engine.model import Kind
from tests.faults import Crash, Script
from tests.integration.google_workspace.google_person import ADA, CalendarOwner, ContactsOwner, TasksOwner
from tests.integration.rules.lies import LIES, say
from tests.integration.rules.person import Person
from tests.integration.rules.system import System
from tests.servers.google_workspace.discovery import methods
from tests.servers.google_workspace.protocol import Answer, Call, Fault, GoogleError, Handler
from tests.servers.google_workspace.server import Google
from tests.servers.microsoft.serving import serving

_LIES = LIES | {"cut": (200, b'{"items": [{"id": "AAkA')}
_REMARKS = {Kind.CONTACT: "organizations", Kind.EVENT: "location", Kind.TASK: "notes"}
_IDLE = {
    Kind.CONTACT: "people.people.connections.list",
    Kind.EVENT: "calendar.events.list",
    Kind.TASK: "tasks.tasks.list",
}
_INNER = re.compile(rb"^(POST|PUT|PATCH|DELETE) \S+ HTTP/1.1", re.MULTILINE)
_WRITING = [method.id for method in methods() if method.writes]


@dataclass
class Listening:
    """Google behind a proxy that may answer what reads by itself, and lose the answer to what writes."""

    app: Any
    lies: list[tuple[int, bytes]] = field(default_factory=list)  # status and body, each for one request that reads
    lose: int = 0  # the answer to this write from now on gets lost, after it was done; 0: none

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        told = [{"type": "http.request", "body": body, "more_body": False}]

        async def heard() -> Any:
            return told.pop() if told else await receive()

        writing = writes(scope["method"], scope["path"], body)
        if self.lies and not writing:
            await say(send, *self.lies.pop(0))
            return
        await self.app(scope, heard, self._losing(send) if writing else send)

    def _losing(self, send: Any) -> Any:
        if not self.lose:
            return send
        self.lose -= 1

        async def nowhere(_message: Any) -> None:
            raise ConnectionResetError("The answer gets lost, as the test asked for.")

        return send if self.lose else nowhere


def writes(method: str, path: str, body: bytes) -> bool:
    """Whether a request changes anything; a batch, if one in it does."""
    if "/batch" in path and ":batch" not in path:
        return bool(_INNER.search(body))
    return method != "GET" and "personFields=" not in body.decode(errors="replace")[:2000].partition("{")[0]


@dataclass
class AtGoogle(System):
    """One collection of it."""

    name: ClassVar = "google"
    last_step: ClassVar = (Steps, "unmark")
    quiet_organizer: ClassVar = True

    kind: Kind
    google: Google
    listening: Listening
    person: Person
    place: str
    opened: list[GoogleWorkspaceConnector] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._token = self.google.give(ADA)
        self._heard: list[Call] = []
        self._told: list[set[str]] = []
        self._refused = ""
        for name in _WRITING:
            if name in self.google.handlers:
                self.google.handlers[name] = partial(self._handled, self.google.handlers[name])
        self.connector = self.another()
        self.idle = _IDLE[self.kind]

    def _handled(self, handler: Handler, call: Call) -> Answer:
        self._heard.append(call)
        if self._refused and self._refused in json.dumps(call.body):
            raise GoogleError(400, "invalid", "Invalid Value")
        return handler(call)

    # ------------------------------------------------------------ what it was asked

    def asked(self) -> list[str]:
        found = [one.method for one in self.google.requests]
        self.google.requests.clear()
        self._take()
        return found

    def writes(self) -> int:
        before = len(self._told)
        self.asked()
        return len(self._told) - before

    def sent(self) -> list[set[str]]:
        self._take()
        told = list(self._told)
        self._told.clear()
        return told

    def _take(self) -> None:
        self._told += [_named(call) for call in self._heard]
        self._heard.clear()

    @property
    def remark(self) -> str:
        return _REMARKS[self.kind]

    # ------------------------------------------------------------ connectors

    def another(self, **settings: Any) -> GoogleWorkspaceConnector:
        told: dict[str, Any] = {"auth": "bearer", "secret": self._token, "mailbox": ADA, "zone": "Europe/Berlin"}
        made = GoogleWorkspaceConnector(ConnectorSettings(self.google.url, **(told | settings)))
        self.opened.append(made)
        return made

    # ------------------------------------------------------------ what goes wrong

    def forget(self) -> None:
        self.google.calendar.calendars.expire_tokens()
        self.google.people.lists.forget()

    def lie(self, what: str) -> None:
        self.listening.lies += [_LIES[what]] * 9  # however often it is tried again

    def honest(self) -> None:
        self.listening.lies.clear()

    def lose(self, count: int) -> None:
        self.listening.lose = count

    def refuse(self, title: str, new: str) -> None:
        self._refused = new

    def relent(self) -> None:
        self._refused = ""

    def busy(self, seconds: int) -> None:
        self.google.faults.append(Fault(429, headers={"Retry-After": str(seconds)}))

    def late(self, lag: bool) -> None:
        """Google's lists of contacts."""
        self.google.people.switches.lag = timedelta(minutes=30 if lag else 0)
        self.google.people.book(ADA).catch_up()

    @contextmanager
    def _mortal(self, script: Script) -> Iterator[None]:
        before: Any = Line.request

        def request(line: Line, uri: str, method: str = "GET", body: Any = None, **more: Any) -> Any:
            if script.dead:
                raise Crash
            work = partial(before, line, uri, method, body, **more)
            sent = body if isinstance(body, bytes) else str(body or "").encode()
            return script.call("write", work) if writes(method, uri, sent) else work()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Line, "request", request)
            yield

    def mortal(self, script: Script) -> AbstractContextManager[None]:
        return self._mortal(script)


def _named(call: Call) -> set[str]:
    """What a write says: the fields of a person that it names, else the properties of its body."""
    for mask in ("updatePersonFields", "updateMask"):
        if mask in call.params or mask in call.body:
            return set(str(call.params.get(mask) or call.body[mask]).split(","))
    return set(call.body)


@contextmanager
def opened(kind: Kind) -> Iterator[AtGoogle]:
    """A server of its own; every answer fits the shipped documents of Google's services."""
    google = Google()
    listening = Listening(google.app())
    with serving(listening) as address:
        google.url = address + "/"
        google.give(ADA)
        made = AtGoogle(kind, google, listening, *_at(google, kind))
        try:
            yield made
        finally:
            for one in made.opened:
                one.close()
    assert not google.broken, google.broken


def _at(google: Google, kind: Kind) -> tuple[Person, str]:
    if kind is Kind.EVENT:
        return CalendarOwner(google), f"calendars/{ADA}"
    if kind is Kind.CONTACT:
        return ContactsOwner(google), "contacts"
    where = google.tasks.book(ADA).add_list("Errands")
    return TasksOwner(google, where), f"lists/{where.id}"
