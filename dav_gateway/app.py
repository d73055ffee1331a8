"""The gateway as an ASGI application: signs in, reads the request under bounds, and sends what a handler answers.

Handlers are plain functions that run in worker threads; nothing here waits for the database on the event loop. The body
of an answer is made in parts while it is sent; no transaction is open between two parts: a slow client holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, TypeVar, TypeVarTuple, cast
from urllib.parse import quote, urlsplit

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from dav_gateway.answers import Answer, not_found
from dav_gateway.auth import Doorkeeper
from dav_gateway.compression import compressed
from dav_gateway.dispatch import answer_to, excuse, oversized, refusal
from dav_gateway.first_look import FirstLook
from dav_gateway.incoming import TooLargeError, announced, read_body, spool_body
from dav_gateway.options import CLASSES
from dav_gateway.paths import ROOT, place_at
from dav_gateway.push.offer import Offer
from dav_gateway.scheduling.outsiders import Outsiders
from dav_gateway.site import Call, Limits, Site
from dav_gateway.uploads import MEMORY, brings_file, file_too_large
from storage.database import Database
from storage.dav_store import SignedIn
from sync_engine.ports import Clock

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

_WELL_KNOWN = ("/.well-known/caldav", "/.well-known/carddav")
_THREADS = 16
_SMALL = 64 * 1024  # octets of a request that are read before its sender has signed in: one hop to a thread less


def utc_now() -> datetime:
    """The present time."""
    return datetime.now(UTC)


def gateway(
    database: Database,
    *,
    clock: Clock = utc_now,
    limits: Limits | None = None,
    prefix: str = "",
    push: Offer | None = None,
    outsiders: Outsiders | None = None,
) -> Starlette:
    """The application. `prefix`: what a proxy puts before every path, such as ``/hub``; `push`: to offer it."""
    return Starlette(routes=routes(database, clock=clock, limits=limits, prefix=prefix, push=push, outsiders=outsiders))


def routes(
    database: Database,
    *,
    clock: Clock = utc_now,
    limits: Limits | None = None,
    prefix: str = "",
    push: Offer | None = None,
    outsiders: Outsiders | None = None,
    base_url: str = "",
    birthdays: bool = True,
) -> list[BaseRoute]:
    """The routes, to be put beside others: discovery, all below /dav/, and discovery at / (Thunderbird's last try).

    `base_url`: under which clients know the server, with the prefix; attachments carry it in their addresses.
    `birthdays`: whether each user has a calendar of those of his contacts.
    """
    prefix = f"/{prefix.strip('/')}" if prefix.strip("/") else ""
    site = Site(database, clock, limits or Limits(), prefix, base_url=base_url, push=push, birthdays=birthdays)
    dav = Gateway(replace(site, outsiders=outsiders) if outsiders else site)
    redirect = Redirect(prefix + ROOT)
    found: list[BaseRoute] = [Route(path + slash, redirect) for path in _WELL_KNOWN for slash in ("", "/")]
    found.append(Route("/", dav, methods=["PROPFIND", "OPTIONS"]))
    found += [Route(f"{start}/dav{{rest:path}}", dav) for start in dict.fromkeys(("", prefix))]
    return found


class Redirect:
    """Sends every method elsewhere. 301: clients keep the method, which they do not with 302."""

    def __init__(self, location: str) -> None:
        self._location = location

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        await _start(send, 301, {"location": self._location, "content-length": "0"})
        await send({"type": "http.response.body"})


class Incoming:
    """The head of a request."""

    def __init__(self, scope: Scope, prefix: str) -> None:
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        self.method: str = scope["method"]
        self.scheme: str = scope.get("scheme", "http")
        self.path = urlsplit(raw.decode("latin-1")).path if not raw.startswith(b"/") else raw.decode("latin-1")
        self.place = place_at(self.path, prefix)
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.client: str = (scope.get("client") or ("",))[0]


class Gateway:
    """The ASGI application of everything below /dav/."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._door = Doorkeeper(site.database, site.clock)
        self._threads = CapacityLimiter(_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        incoming = Incoming(scope, self._site.prefix)
        try:
            answer = await self._answer(incoming, receive)
        except Exception as err:
            answer = excuse(err)
        await self._send(answer, incoming, send)

    async def _answer(self, incoming: Incoming, receive: Receive) -> Answer:
        length = announced(incoming.headers)
        if length is None or length > _SMALL:
            await self._in_thread(self._sign_in, incoming)
        if brings_file(incoming.method, incoming.place, incoming.query):
            return await self._take_file(incoming, receive)
        try:
            body = await read_body(receive, incoming.headers, self._site.limits.body)
        except TooLargeError:
            return oversized(incoming.method, incoming.place, self._site.limits)
        return await self._in_thread(self._work, incoming, body)

    async def _take_file(self, incoming: Incoming, receive: Receive) -> Answer:
        limits = self._site.limits.files
        with SpooledTemporaryFile(max_size=MEMORY) as spooled:
            file = cast("BinaryIO", spooled)
            try:
                await spool_body(receive, incoming.headers, limits.file, file)
            except TooLargeError:
                return refusal(file_too_large(incoming.place, limits))
            return await self._in_thread(self._work, incoming, b"", file)

    def _sign_in(self, incoming: Incoming, first: FirstLook | None = None) -> SignedIn:
        return self._door.admit(incoming.headers.get("authorization", ""), incoming.client, first)

    def _work(self, incoming: Incoming, body: bytes, file: BinaryIO | None = None) -> Answer:
        """The whole work of one request, in a worker thread; of a streamed answer, up to its first part."""
        with FirstLook(self._site.database) as first:
            who = self._sign_in(incoming, first)  # again, where the body took its time: a device may be revoked by now
            if incoming.place is None:
                raise not_found()
            asked = (incoming.method, incoming.path, incoming.place, incoming.headers, body, incoming.query, file)
            call = Call(self._site, who, *asked, scheme=incoming.scheme, first=first)
            return compressed(answer_to(call), incoming.headers)

    async def _in_thread(self, work: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        return await anyio.to_thread.run_sync(work, *arguments, limiter=self._threads)

    async def _send(self, answer: Answer, incoming: Incoming, send: Send) -> None:
        headers = dict(answer.headers)
        headers.setdefault("dav", CLASSES)
        body = answer.body
        if isinstance(body, bytes):
            if answer.status not in (204, 304):
                headers.setdefault("content-length", str(len(body)))  # of HEAD: what the body would have
            await _start(send, answer.status, headers)
            await send({"type": "http.response.body", "body": b"" if incoming.method == "HEAD" else body})
            return
        await _start(send, answer.status, headers)
        while part := await self._in_thread(next, body, b""):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})


async def _start(send: Send, status: int, headers: dict[str, str]) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
