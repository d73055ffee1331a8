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

from lxml import etree
from sqlalchemy import insert

from dav_gateway.app import gateway
from storage import admin_people, app_passwords
from storage.database import Database
from storage.tables import collections, metadata
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
        self._app = gateway(self._database)
        self._loop = asyncio.new_event_loop()
        self._errors = _Errors()
        for area, samples in (("calendars", seeds.calendars), ("addressbooks", seeds.cards)):
            self._request("PUT", f"/dav/{area}/ada/{_SHELVES[area]}/{_KEPT}", {}, samples[0])
        logging.getLogger("dav_gateway.dispatch").addHandler(self._errors)

    # ------------------------------------------------------------ making

    def make(self, chance: Random) -> bytes:
        """Half of them write an item, half of them ask."""
        if chance.random() < 0.5:
            return self._write(chance)
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
        headers = dict(line.split(": ", 1) for line in rest if ": " in line)
        status, answer = self._request(method, path, headers, body)
        if method == "PUT" and status in (201, 204):
            got, text = self._request("GET", path, {}, b"")
            if got != 200 or (text != body and _is_utf8(body)):
                raise Wrong(f"it was stored, and comes back otherwise (HTTP {got})")
            self._ask_and_delete(path)
        if status == 207:
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
        if status >= 500:
            raise Wrong(f"HTTP {status}: {answer[:200]!r}")
        return status, answer

    async def _call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        sent = {"authorization": self._sign_in, "content-length": str(len(body)), **headers}
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode("latin-1", "replace"), "query_string": b"", "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        answers: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            answers.append(message)

        await self._app(scope, receive, send)
        return answers[0]["status"], b"".join(message.get("body", b"") for message in answers[1:])

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
