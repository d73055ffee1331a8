"""Graph over an `Exchange`, as a real HTTP server: who may, how many at once, what goes wrong, and where to."""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
from collections import Counter, defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from tests.servers.microsoft import graph_batch, graph_directory
from tests.servers.microsoft.directory import Unknown
from tests.servers.microsoft.graph_contacts import Contacts
from tests.servers.microsoft.graph_delta import Deltas
from tests.servers.microsoft.graph_event_delta import EventDeltas
from tests.servers.microsoft.graph_events import Events
from tests.servers.microsoft.graph_mail import Messages
from tests.servers.microsoft.graph_protocol import Answer, Call, Fault, GraphError, Route, Switches
from tests.servers.microsoft.graph_subscriptions import Subscriptions
from tests.servers.microsoft.graph_tasks import Tasks
from tests.servers.microsoft.mailbox import Exchange, Mailbox, NotThere, Stale
from tests.servers.microsoft.no_mail import could_mail
from tests.servers.microsoft.sign_in import Grant, SignIn

_VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
WINDOW = timedelta(minutes=10)
GATE = 30.0  # seconds that a call waits at most
_MAILING = re.compile(  # whatever is said in the body: sync has nothing to do there
    r"/(sendMail|send|reply|replyAll|forward|accept|decline|tentativelyAccept|cancel)$", re.IGNORECASE
)
_UPLOAD = re.compile(r"/users/[^/]+/uploads/[^/]+")
_OWNER = re.compile(r"/(?:me|users/([^/]+))(/.*)?")


@dataclass
class Graph:
    """The front, with everything a test wants to look at or to switch."""

    server: Exchange
    switches: Switches = field(default_factory=Switches)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)  # method, path; those in a $batch too
    outer: int = 0  # requests over the wire
    most_at_once: Counter[str] = field(default_factory=Counter)  # by mailbox
    url: str = ""  # http://127.0.0.1:PORT

    def __post_init__(self) -> None:
        self.deltas = Deltas(self.switches)
        self.sign_in = SignIn(self.server.clock)
        self.subscriptions = Subscriptions(self.server, self.switches)
        self._routes: list[Route] = [*Contacts(self.deltas).routes(), *EventDeltas(self.deltas).routes()]
        self._routes += Events(self.server, self.switches).routes()
        self._routes += [*Tasks(self.deltas).routes(), *Messages(self.deltas).routes()]
        self._routes.sort(key=lambda route: "/delta" not in route[1])  # "delta" is no id
        self._lock, self._busy = threading.Lock(), Counter[str]()
        self._taken: defaultdict[str, deque[datetime]] = defaultdict(deque)  # by mailbox: when calls came

    def app(self) -> Starlette:
        """For uvicorn."""
        routes = [
            HttpRoute("/{tenant}/oauth2/v2.0/{what}", self.sign_in.endpoint, methods=["GET", "POST"]),
            HttpRoute("/{tenant}/v2.0/.well-known/openid-configuration", self.sign_in.about),
            HttpRoute("/{version}/{rest:path}", self._endpoint, methods=_VERBS),
        ]
        return Starlette(routes=routes)

    async def _endpoint(self, request: Request) -> Response:
        body: Any = await request.body()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if "json" in headers.get("content-type", "") and body:
            try:
                body = json.loads(body)
            except ValueError:
                body = None
        path = "/" + str(request.path_params["rest"])
        version = str(request.path_params["version"])
        self.outer += 1
        answer, hold = await run_in_threadpool(
            self._outer, request.method, path, dict(request.query_params), headers, body, version
        )
        if hold:
            await asyncio.sleep(hold)
        return _response(answer)

    def _outer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any, version: str
    ) -> tuple[Answer, float]:
        if path == "/$batch":
            if not self.sign_in.grant(headers.get("authorization", "")):
                return _refusal(_unknown_token()), 0.0
            common = {"authorization": headers["authorization"]}

            def one(verb: str, where: str, what: dict[str, str], own: dict[str, str], inner: Any) -> Answer:
                return self._answer(verb, where, what, own | common, inner, version, True)[0]

            try:
                return graph_batch.run(body, one, plain=self.switches.plain_batches), 0.0
            except GraphError as error:
                return _refusal(error), 0.0
        return self._answer(method, path, query, headers, body, version, False)

    def _answer(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        headers: dict[str, str],
        body: Any,
        version: str,
        inner: bool,
    ) -> tuple[Answer, float]:
        self.requests.append((method, path))
        if method == "POST" and _MAILING.search(path):
            could_mail(f"{method} {path}", answer=(isinstance(body, bytes) and bool(body)) or "/messages/" in path)
        fault = self._befall(method, path, inner)
        hold = fault.hold if fault else 0.0
        try:
            if fault and fault.page:
                return Answer(fault.status, fault.page, {"Content-Type": "text/html"}), hold
            if fault and fault.status:
                raise GraphError(fault.status, fault.code, "As the test asked for.", fault.headers)
            return self._dispatch(method, path, query, headers, body, version), hold
        except GraphError as error:
            return _refusal(error), hold
        except NotThere:
            return _refusal(GraphError(404, "ErrorItemNotFound", "The specified object was not found.")), hold
        except Stale:
            return _refusal(GraphError(412, "ErrorIrresolvableConflict", "The change key is not the current.")), hold

    def _dispatch(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any, version: str
    ) -> Answer:
        grant = self.sign_in.grant(headers.get("authorization", ""))
        if method == "PUT" and _UPLOAD.fullmatch(path):
            grant = None if grant else Grant("", self.server.clock())  # its address is the key: no token goes there
        if grant is None:
            raise _unknown_token()
        immutable = "immutableid" in headers.get("prefer", "").lower()
        if path.startswith("/subscriptions"):
            return self._subscription(method, path.removeprefix("/subscriptions").strip("/"), body, grant, immutable)
        if path == "/me" and grant.address:
            path = f"/users/{grant.address}"
        if method == "GET" and (where := graph_directory.answers(path)):
            if not self.switches.directory:
                raise GraphError(
                    403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
                )
            url = f"{self.url}/{version}{path}"
            return graph_directory.answer(self.server.directory, where, url, query, headers)
        found = _OWNER.fullmatch(path)
        if found is None:
            raise GraphError(400, "BadRequest", f"Resource not found for the segment '{path}'.")
        who = unquote(found[1] or "") or grant.address
        if not who:
            raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        mailbox, rest = self._mailbox(grant, who), found[2] or ""
        prefix = f"{self.url}/{version}{path.removesuffix(rest)}"
        guest = "" if grant.may(mailbox.address) else grant.address
        call = self._where_it_is(Call(method, rest, query, headers, body, prefix, mailbox, guest=guest))
        return self._one_of_four(mailbox, call)

    def _mailbox(self, grant: Grant, who: str) -> Mailbox:
        """By address or the person's id; GraphError if there is none, or it is closed to whoever asks."""
        denied = GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        with suppress(Unknown):
            who = self.server.directory.find(who).address
        try:
            mailbox = self.server.mailbox(who)
        except NotThere as error:
            if not grant.may(who):
                raise denied from None
            with suppress(Unknown):
                self.server.directory.find(who)
                text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
                raise GraphError(404, "MailboxNotEnabledForRESTAPI", text) from error
            raise GraphError(404, "ErrorInvalidUser", f"The requested user '{who}' is invalid.") from error
        open_ones = {where for person, where in self.server.directory.shares if person == grant.address.lower()}
        if grant.may(who) or (grant.address and open_ones & set(mailbox.collections)):
            return mailbox
        raise denied

    def _where_it_is(self, call: Call) -> Call:
        """A calendar that somebody shared is called by its id in the own mailbox too."""
        found = re.match(r"/calendars/([^/]+)", call.path)
        if found and not call.guest and unquote(found[1]) not in call.mailbox.collections:
            for box in self.server.mailboxes.values():
                if (
                    self.server.directory.may(call.mailbox.address, unquote(found[1]))
                    and unquote(found[1]) in box.collections
                ):
                    call.guest, call.mailbox = call.mailbox.address, box
        return call

    def _one_of_four(self, mailbox: Mailbox, call: Call) -> Answer:
        """Run it, unless too many of this mailbox run."""
        with self._lock:
            self._charge(mailbox)
            if self._busy[mailbox.address] >= self.switches.concurrent:
                message = "Application is over its MailboxConcurrency limit."
                raise GraphError(429, "ApplicationThrottled", message, {"Retry-After": "1"})
            self._busy[mailbox.address] += 1
            self.most_at_once[mailbox.address] = max(self.most_at_once[mailbox.address], self._busy[mailbox.address])
        try:
            if self.switches.gate is not None:
                self.switches.gate.wait(GATE)
            return self._run(call)
        finally:
            with self._lock:
                self._busy[mailbox.address] -= 1

    def _charge(self, mailbox: Mailbox) -> None:
        """One more call of ten minutes' quota."""
        if self.switches.quota is None:
            return
        now, taken = self.server.clock(), self._taken[mailbox.address]
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
        if len(taken) >= self.switches.quota:
            wait = math.ceil((taken[0] + WINDOW - now).total_seconds())
            raise GraphError(429, "ApplicationThrottled", "Too many requests.", {"Retry-After": str(wait)})
        taken.append(now)

    def _run(self, call: Call) -> Answer:
        for method, pattern, handler in self._routes:
            found = re.fullmatch(pattern, call.path)
            if found and method == call.method:
                call.args = tuple(unquote(one or "") for one in found.groups())
                with self.server.lock:  # looking and writing are one step
                    return handler(call)
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{call.path}'.")

    def _subscription(self, method: str, name: str, body: Any, grant: Grant, immutable: bool) -> Answer:
        if method == "POST" and not name:
            found = _OWNER.match("/" + str(body.get("resource", "")).lstrip("/"))
            who = unquote((found[1] if found else "") or "") or grant.address
            return self.subscriptions.create(body, self._mailbox(grant, who), immutable)
        if method == "GET" and not name:
            return self.subscriptions.listed(self._mailbox(grant, grant.address) if grant.address else None)
        if method == "PATCH":
            return self.subscriptions.renew(name, body)
        return self.subscriptions.remove(name) if method == "DELETE" else self.subscriptions.get(name)

    def _befall(self, method: str, path: str, inner: bool) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.method in {"", method} and re.search(fault.path, path) and (inner or not fault.inner):
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                    return fault
        return None


def _unknown_token() -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")


def _refusal(error: GraphError) -> Answer:
    body = {"error": {"code": error.code, "message": str(error), "innerError": {"code": error.code}}}
    return Answer(error.status, body, dict(error.headers))


def _response(answer: Answer) -> Response:
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, answer.headers)
    content = b"" if answer.body is None else json.dumps(answer.body).encode()
    return Response(content, answer.status, {"Content-Type": "application/json", **answer.headers})
