"""The gateway's whole application, called in this process, over a real SQLite store."""

from __future__ import annotations

import asyncio
import base64
import logging
import tempfile
from collections.abc import MutableMapping
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import quote

from lxml import etree
from sqlalchemy import insert

from connectors.outward_rules import Rules
from dav_gateway.app import gateway
from dav_gateway.push.offer import Offer
from dav_gateway.push.vapid import Keys
from storage import admin_people, app_passwords
from storage.database import Database
from storage.tables import collections, metadata
from tests.fuzz.gateway_requests import SAMPLES, changed_text
from tests.fuzz.mutate import TEXT, XML, mutant
from tests.fuzz.seeds import REQUESTS, Seeds
from tests.fuzz.targets import Wrong

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_SHELVES = {"calendars": "work", "addressbooks": "people"}
_PLACES = 30  # addresses that are written again and again, so that the store stays small
_KEPT = "kept.ics"  # always there, so that questions have something to find


class Served:
    """The gateway as a target. An input is a request's first line, some headers, an empty line and the body."""

    name = "gateway"

    def __init__(self, seeds: Seeds) -> None:
        self._seeds = seeds
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-gateway-")
        self._database = Database(f"sqlite:///{self._folder.name}/hub.db")
        self._sign_in = _fill(self._database)
        keys = Keys(self._database, lambda: bytes(32))
        keys.vapid()
        self._app = gateway(self._database, push=Offer(keys, Rules()))
        self._loop = asyncio.new_event_loop()
        self._errors = _Errors()
        self._headers: dict[str, bytes] = {}  # of the last answer
        for area, samples in (("calendars", seeds.calendars), ("addressbooks", seeds.cards)):
            self._request("PUT", f"/dav/{area}/ada/{_SHELVES[area]}/{_KEPT}", {}, samples[0])
        logging.getLogger("dav_gateway.dispatch").addHandler(self._errors)

    # ------------------------------------------------------------ making

    def make(self, chance: Random) -> bytes:
        """Some write an item, some ask, and some do one of all the other things that can be done."""
        kind = chance.random()
        if kind < 0.35:
            return self._write(chance)
        if kind < 0.7:
            return self._other(chance)
        method, body = chance.choice(REQUESTS)
        area = "addressbooks" if b"addressbook" in body else chance.choice(tuple(_SHELVES))
        path = f"/dav/{area}/ada/{_SHELVES[area]}/"
        if method.startswith("MK"):
            path = f"/dav/{area}/ada/new{chance.randrange(9)}/"
        elif chance.random() < 0.1:
            path += f"{chance.randrange(_PLACES)}.ics"
        depth = chance.choice(("0", "1", "1", "infinity", "x"))
        mutated = mutant(chance, [body], XML, most=3) if chance.random() < 0.9 else body
        return f"{method} {path}\nDepth: {depth}\n\n".encode() + mutated

    def _other(self, chance: Random) -> bytes:
        """One of `SAMPLES`, with its body, its headers or its address changed."""
        sample = chance.choice(SAMPLES)
        path, head, body = sample.path, sample.head.split("\n"), sample.body
        if chance.random() < 0.1:
            path = "/dav/" + quote(changed_text(chance, path[5:]), safe="/%?&=~")
        if chance.random() < 0.3:
            name, _, value = chance.choice(head).partition(": ")
            head = [line for line in head if not line.startswith(name)] + [f"{name}: {changed_text(chance, value)}"]
        if body and chance.random() < 0.8:
            body = mutant(chance, [body], XML if body.startswith(b"<") else TEXT, most=3)
        lines = "".join(f"{line}\n" for line in head if ": " in line and not line.startswith(": "))
        return f"{sample.method} {path}\n{lines}\n".encode("latin-1", "replace") + body

    def _write(self, chance: Random) -> bytes:
        area = chance.choice(tuple(_SHELVES))
        seeds = self._seeds.cards if area == "addressbooks" else self._seeds.calendars
        head = f"PUT /dav/{area}/ada/{_SHELVES[area]}/{chance.randrange(_PLACES)}.ics\n"
        if chance.random() < 0.1:
            head += f"Content-Type: text/calendar; charset={chance.choice(('utf-16', 'zlib', 'utf-7', 'a b', ''))}\n"
        return head.encode() + b"\n" + mutant(chance, seeds, TEXT, most=3)

    # ------------------------------------------------------------ trying

    def try_(self, raw: bytes) -> bool:
        """Send it; after a write, read the item and ask for it by its times."""
        head, _, body = raw.partition(b"\n\n")
        first, *rest = head.decode("latin-1").split("\n")
        method, _, path = first.partition(" ")
        if "/spare/" in raw[:200].decode("latin-1"):
            self._spare()
        headers = dict(line.split(": ", 1) for line in rest if ": " in line)
        status, answer = self._request(method, path, headers, body)
        if method == "PUT" and status in (201, 204):
            changed = "etag" not in self._headers and b"ORGANIZER" in body  # by an invitation that goes out
            got, text = self._request("GET", path, {}, b"")
            if got != 200 or (text != body and _is_utf8(body) and not changed):
                raise Wrong(f"it was stored, and comes back otherwise (HTTP {got})")
            self._ask_and_delete(path)
        if answer.startswith(b"<?xml"):
            etree.fromstring(answer)
        return status < 300

    def _ask_and_delete(self, path: str) -> None:
        """All reports see the item; then it goes: what one input finds does not depend on those before."""
        for asked, query in REQUESTS:
            if asked == "REPORT":
                self._request(asked, path.rpartition("/")[0] + "/", {"Depth": "1"}, query)
        self._request("DELETE", path, {}, b"")

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self._errors.seen.clear()
        status, answer = self._loop.run_until_complete(self._call(method, path, headers, body))
        if self._errors.seen:
            raise self._errors.seen[0]
        if status >= 500 and status not in (502, 507):  # another server's address; a limit
            raise Wrong(f"HTTP {status}: {answer[:200]!r}")
        return status, answer

    async def _call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        path, _, query = path.partition("?")
        sent = {"authorization": self._sign_in, "content-length": str(len(body)), **headers}
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode("latin-1", "replace"), "root_path": "",
            "query_string": query.encode("latin-1", "replace"),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        answers: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            answers.append(message)

        await self._app(scope, receive, send)
        self._headers = {name.decode("latin-1"): value for name, value in answers[0]["headers"]}
        return answers[0]["status"], b"".join(message.get("body", b"") for message in answers[1:])

    def _spare(self) -> None:
        """What may be moved and deleted is there each time."""
        self._request("DELETE", "/dav/calendars/ada/new8/", {}, b"")
        self._request("DELETE", "/dav/calendars/ada/new7/", {}, b"")
        self._request("MKCALENDAR", "/dav/calendars/ada/spare/", {}, b"")
        self._request("PUT", "/dav/calendars/ada/spare/one.ics", {}, self._seeds.calendars[0])

    def close(self) -> None:
        """End it."""
        logging.getLogger("dav_gateway.dispatch").removeHandler(self._errors)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self._database.dispose()
        self._folder.cleanup()


class _Errors(logging.Handler):
    """What the gateway excuses with 500."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            self.seen.append(record.exc_info[1])


def _fill(database: Database) -> str:
    """A user with a device, a calendar and an address book; gives how to sign in."""
    metadata.create_all(database.engine)
    shown, stored = app_passwords.new()
    with database.begin() as unit:
        connection = unit.session.connection
        user = admin_people.add_user(connection, "ada", "Ada", _NOW)
        admin_people.add_user(connection, "grace", "Grace", _NOW)
        for name in ("ada", "grace"):
            admin_people.set_address(connection, name, f"{name}@example.org")
        admin_people.add_device(connection, "ada", "Phone", stored, _NOW)
        for slug, kinds in (("work", "event,task"), ("people", "contact")):
            row = {"slug": slug, "owner_id": user, "kinds": kinds, "name": slug, "epoch": "e1", "created_at": _NOW}
            connection.execute(insert(collections).values(row))
    return "Basic " + base64.b64encode(f"ada:{shown}".encode()).decode()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
