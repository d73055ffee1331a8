"""A Google of our own on 127.0.0.1: every service under one root, driven by the shipped discovery documents.

    with google_workspace() as google:                 # at the end it asserts that no answer broke its schema
        token = google.give("ada@example.com")         # account and bearer token with every scope; `scopes=` for fewer
        google.faults.append(Fault(429, method="events.insert", headers={"Retry-After": "1"}))      # protocol.Fault
        google.switches.page_size = 2                               # protocol.Switches
        google.requests, google.outer, google.asked("calendar.events.list"), google.most_at_once  # what came
        google.calendar.box("ada@example.com").entries, .events(calendar), .put(calendar, **body)   # calendar_api.py
        google.calendar.calendars.share(calendar, address, "reader"), .make(owner, about), .expire_tokens(), ...
        google.push()                                  # watch channels now (calendar_channels.py; switches.pushes)
        google.people, .tasks, .directory, .sign_in, .gmail    # people.py, tasks.py ... gmail.py say how

    with desk() as made:                               # client.py: the same with the real library beside it
        calendar = made.api("ada@example.com")         # build_from_document; or "people.v1", "tasks.v1"
        refused(calendar.events().get(...)) == (404, "notFound")

An area (Calendar, People, ...) is a class made with the `World` (clock, users, tokens, switches, lock), with

    def handlers(self) -> dict[str, Handler]     # by method id: {"calendar.events.get": self._get}; Call -> Answer
    def routes(self) -> list[Route]              # Starlette's, for what is in no discovery document: /token, photos

and is named in `Google.__post_init__`. What a `Call` says fits the document already: parameters are known, of their
type and in their range, bodies fit their schema (null is allowed, what `annotations.required` names is there), the
token is good and has a scope. A handler raises `GoogleError(status, reason, message)`. It runs alone, under
`world.lock`, unless its method is in `lock_themselves`. What it answers is checked against the schema of its method: a
misfit is answered 500 and told in `google.broken`. `fields`, If-None-Match and batches (/batch/calendar/v3 and /batch)
are done here. A call that could send a mail, because it lacks sendUpdates=none, fails the test (tests/conftest.py).
A connection that ends without an answer (`Fault(drop=True)`) is asked again by httplib2 itself, whatever the verb.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.servers.google_workspace import batch
from tests.servers.google_workspace.admin_directory import Directory
from tests.servers.google_workspace.calendar_api import CalendarApi
from tests.servers.google_workspace.checking import answered, asked_call, unauthorised
from tests.servers.google_workspace.discovery import Method, find
from tests.servers.google_workspace.gmail import Gmail
from tests.servers.google_workspace.partial import selected
from tests.servers.google_workspace.people import People
from tests.servers.google_workspace.protocol import Answer, Call, Fault, GoogleError, Handler, Switches
from tests.servers.google_workspace.sign_in import SignIn
from tests.servers.google_workspace.tasks import Tasks
from tests.servers.google_workspace.world import World
from tests.servers.microsoft.no_mail import could_mail
from tests.servers.microsoft.serving import serving

_VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
GATE = 30.0  # seconds that a call waits at most
MINUTE = timedelta(minutes=1)
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str  # calendar.events.list
    path: str  # as it came, without the query
    user: str  # "" if the token is nobody's
    inner: bool  # in a batch


@dataclass
class Google:
    """The front, with everything a test wants to look at or to switch."""

    world: World = field(default_factory=World)
    faults: list[Fault] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)  # those in a batch too
    outer: int = 0  # requests over the wire
    broken: list[str] = field(default_factory=list)  # faults of this server itself
    most_at_once: Counter[tuple[str, str]] = field(default_factory=Counter)  # by user and "people.write", "people.read"
    url: str = ""  # http://127.0.0.1:PORT/

    def __post_init__(self) -> None:
        self.calendar, self.people = CalendarApi(self.world), People(self.world)
        self.tasks, self.directory = Tasks(self.world), Directory(self.world)
        self.sign_in, self.gmail = SignIn(self.world, self.directory.company), Gmail(self.world)
        areas = (self.calendar, self.people, self.tasks, self.directory, self.sign_in, self.gmail)
        self.handlers: dict[str, Handler] = {name: run for area in areas for name, run in area.handlers().items()}
        self.routes: list[Route] = [route for area in areas for route in area.routes()]
        self.lock_themselves = ("people.",)  # beginnings of ids of methods whose handlers take world.lock on their own
        self._lock, self._busy = threading.Lock(), Counter[tuple[str, str]]()
        self._taken: defaultdict[str, deque[datetime]] = defaultdict(deque)  # by user: when calls came

    @property
    def switches(self) -> Switches:
        """How it is in general."""
        return self.world.switches

    def give(self, address: str, **more: Any) -> str:
        """As `World.give`: an access token."""
        return self.world.give(address, **more)

    def push(self) -> int:
        """Call the addresses of watch channels now; how many calls that were. By itself it happens after an answer."""
        return self.calendar.channels.push()

    def asked(self, method: str) -> int:
        """How often a method was called, by a regular expression that is searched in its id."""
        return sum(bool(re.search(method, one.method)) for one in self.requests)

    def app(self) -> Starlette:
        """For uvicorn."""
        batches = [Route(path, self._batch, methods=["POST"]) for path in ("/batch", "/batch/{api:str}/{version:str}")]
        return Starlette(routes=[*self.routes, *batches, Route("/{rest:path}", self._single, methods=_VERBS)])

    # ------------------------------------------------------------ over the wire

    async def _single(self, request: Request) -> Response:
        self.outer += 1
        body, raw = await request.body(), request.scope["raw_path"].decode().partition("?")[0]
        query, headers = request.url.query, _small(request.headers)
        told, fault = await run_in_threadpool(self._answer, request.method, raw, query, headers, body, False)
        return await self._sent(request, told, fault)

    async def _batch(self, request: Request) -> Response:
        self.outer += 1
        body, headers = await request.body(), _small(request.headers)
        common = {"authorization": headers["authorization"]} if "authorization" in headers else {}

        def one(part: batch.Part) -> batch.Told:
            path, _, query = part.target.partition("?")
            return self._answer(part.verb, path, query, {**common, **part.headers}, part.body, True)[0]

        try:
            sort, told = await run_in_threadpool(batch.run, headers.get("content-type", ""), body, one)
        except batch.Unreadable as error:
            refusal = GoogleError(400, "badRequest", str(error)).told("calendar")
            return Response(json.dumps(refusal), 400, media_type="application/json")
        fault = self._befalling("batch", request.url.path, "", False)
        return await self._sent(request, _page(fault) or batch.Told(200, {"Content-Type": sort}, told), fault)

    async def _sent(self, request: Request, told: batch.Told, fault: Fault | None) -> Response:
        if fault and fault.hold:
            await asyncio.sleep(fault.hold)
        headers, content = dict(told.headers), told.body
        if fault and fault.drop:
            request.scope["state"]["transport"].abort()
        if fault and fault.cut:
            headers["Content-Length"], content = str(len(content)), content[: len(content) // 2]
        push = BackgroundTask(self.push) if self.switches.pushes and self.calendar.channels.live else None
        return Response(content, told.status, headers, background=push)

    # ------------------------------------------------------------ one call

    def _answer(
        self, verb: str, path: str, query: str, headers: Headers, body: bytes, inner: bool
    ) -> tuple[batch.Told, Fault | None]:
        """What is told, and the fault that befalls it on its way."""
        verb, query, body = _meant(verb, query, headers, body)
        found = find(verb, path)
        if found is None:
            page = b"<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>"
            return batch.Told(404, {"Content-Type": "text/html; charset=UTF-8"}, page), None
        method, names = found
        grant = self.world.grant(headers.get("authorization", ""))
        address = grant.user.address if grant else ""
        with self._lock:
            self.requests.append(Asked(method.id, path, address, inner))
        fault = self._befalling(method.id, path, address, inner)
        if fault and not fault.after and (page_told := _page(fault) or _refusal(fault, method)):
            return page_told, fault
        if fault and fault.drop and not fault.after:
            return batch.Told(500, {}, b""), fault
        try:
            if grant is None:
                raise unauthorised()
            call = asked_call(method, grant, names, parse_qsl(query, keep_blank_values=True), headers, body)
            call.root, call.inner = self.url, inner
            told = self._told(call, self._done(call))
        except GoogleError as error:
            told = _told(Answer(error.told(method.service), error.status, error.headers))
        if fault and fault.after:
            told = _page(fault) or _refusal(fault, method) or told
        return told, fault

    def _done(self, call: Call) -> Answer:
        """Run it, and count it."""
        key = (call.user.address, f"{call.method.service}.{'write' if call.method.writes else 'read'}")
        with self._lock:
            self._charge(call.user.address)
            self._busy[key] += 1
            self.most_at_once[key] = max(self.most_at_once[key], self._busy[key])
        try:
            if self.switches.gate is not None:
                self.switches.gate.wait(GATE)
            _guard(call)
            with nullcontext() if call.method.id.startswith(self.lock_themselves) else self.world.lock:
                return self._handled(call)
        finally:
            with self._lock:
                self._busy[key] -= 1

    def _handled(self, call: Call) -> Answer:
        handler = self.handlers.get(call.method.id)
        if handler is None:
            raise self._fault_of_ours(501, f"{call.method.id} is not built")
        try:
            return handler(call)
        except GoogleError:
            raise
        except Exception as error:
            raise self._fault_of_ours(500, f"{call.method.id}: {type(error).__name__}: {error}") from error

    def _told(self, call: Call, answer: Answer) -> batch.Told:
        if wrong := answered(call.method, answer):
            raise self._fault_of_ours(500, f"{call.method.id}: {wrong}")
        body = answer.body
        if isinstance(body, dict) and "etag" in body:
            answer.headers.setdefault("ETag", body["etag"])
            if call.method.verb == "GET" and call.if_none_match == body["etag"]:
                return batch.Told(304, {"ETag": body["etag"]}, b"")
        return _told(answer, call.text("fields"))

    def _fault_of_ours(self, status: int, what: str) -> GoogleError:
        self.broken.append(what)
        return GoogleError(status, "backendError", f"The test server is at fault: {what}")

    def _charge(self, address: str) -> None:
        """Each user has so many calls in a minute (C11)."""
        if self.switches.user_quota is None:
            return
        at, taken = self.world.clock(), self._taken[address]
        while taken and taken[0] <= at - MINUTE:
            taken.popleft()
        if len(taken) >= self.switches.user_quota:
            raise GoogleError(403, "userRateLimitExceeded", "User Rate Limit Exceeded", domain="usageLimits")
        taken.append(at)

    def _befalling(self, method: str, path: str, address: str, inner: bool) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                fits = re.search(fault.method, method) and re.search(fault.path, path) and fault.user in {"", address}
                if fits and (inner or not fault.inner) and (method != "batch" or fault.method):
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                    return fault
        return None


def _guard(call: Call) -> None:
    """No request of sync may make Google mail somebody (R10); without the parameter it may, whatever the default."""
    known, given = call.method.parameters, call.params
    quiet = given.get("sendUpdates") == "none" if "sendUpdates" in known else given.get("sendNotifications") is False
    if {"sendUpdates", "sendNotifications"} & set(known) and (not quiet or given.get("sendNotifications") is True):
        could_mail(f"{call.method.id} with sendUpdates={given.get('sendUpdates')}")


def _meant(verb: str, query: str, headers: Headers, body: bytes) -> tuple[str, str, bytes]:
    """A GET with a long query comes as a POST whose body is the query: the library does so from 2048 signs on."""
    if verb == "POST" and headers.get("x-http-method-override", "") == "GET":
        return "GET", "&".join(filter(None, (query, body.decode()))), b""
    return verb, query, body


def _small(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _page(fault: Fault | None) -> batch.Told | None:
    """Something that stands in between answers."""
    if fault is None or not fault.page:
        return None
    return batch.Told(fault.status or 200, {"Content-Type": "text/html", **fault.headers}, fault.page)


def _refusal(fault: Fault, method: Method) -> batch.Told | None:
    if not fault.status:
        return None
    error = GoogleError(fault.status, fault.reason, fault.message, domain=fault.domain, headers=fault.headers)
    return _told(Answer(error.told(method.service), error.status, error.headers))


def _told(answer: Answer, fields: str = "") -> batch.Told:
    if isinstance(answer.body, bytes):
        return batch.Told(answer.code, answer.headers, answer.body)
    if answer.body is None:
        return batch.Told(answer.code, answer.headers, b"")
    headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
    return batch.Told(answer.code, headers, json.dumps(selected(answer.body, fields)).encode())


@contextmanager
def google_workspace(world: World | None = None) -> Iterator[Google]:
    """On a free port. AssertionError at the end if an answer of ours was not as Google's documents say."""
    google = Google(world or World())
    with serving(google.app()) as address:
        google.url = address + "/"
        yield google
    assert not google.broken, google.broken
