"""The two servers of the benchmarks, their collections, and somebody else who edits there.

A is Xandikos, filled by writing its folder: a write through HTTP takes it longer the more there is (200 ms with 5,000
items). B is Radicale, which starts empty. It neither waits for its disk here nor reads all items for each new one (to
find its UID twice), so that the figures tell of the clients and 5,000 events take minutes and not hours.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from dulwich.repo import Repo
from lxml import etree

from benchmarks.counting_relay import Relay, relays
from tests.servers.processes import Server, free_port, running, xandikos

_LIST = '<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop></d:propfind>'
_ALL = (
    '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop>'
    '<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
_CALENDAR_HOMES = {"A": "/ada/calendars/", "B": "/ada/"}
_RADICALE = """[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""
_QUICK_RADICALE = """
import sys
from radicale import config, server, storage
storage.BaseCollection.has_uid = lambda self, uid: False
settings = config.load([(sys.argv[1], False)])
settings.update({"storage": {"_filesystem_fsync": "False"}}, "benchmark", privileged=True)
server.serve(settings)
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One server, with the relay that counts what clients ask it."""

    name: str  # A or B
    server: Server
    relay: Relay

    @property
    def counted_url(self) -> str:
        """Its address for the clients that are measured."""
        return f"http://127.0.0.1:{self.relay.port}/"

    def path(self, collection: str) -> str:
        """The path of a collection with this name."""
        return f"{_CALENDAR_HOMES[self.name]}{collection}/"

    def make(self, collection: str) -> None:
        """An empty calendar."""
        self._ask("MKCALENDAR", self.path(collection))

    def names(self, collection: str) -> list[str]:
        """The names of all items there."""
        answer = self._ask("PROPFIND", self.path(collection), _LIST, {"Depth": "1", **_XML})
        hrefs = re.findall(r"<(?:\w+:)?href>([^<]*)</(?:\w+:)?href>", answer)
        return [unquote(h.rpartition("/")[2]) for h in hrefs if not h.endswith("/")]

    def texts(self, collection: str) -> dict[str, str]:
        """The text of every item, by name."""
        answer = etree.fromstring(self._ask("REPORT", self.path(collection), _ALL, {"Depth": "1", **_XML}).encode())
        found = {r.findtext("{DAV:}href") or "": r.findtext(f".//{_DATA}") for r in answer}
        return {unquote(href.rpartition("/")[2]): text for href, text in found.items() if text}

    def names_by_uid(self, collection: str) -> dict[str, str]:
        """Every client gives names of its own to what it makes."""
        return {_line("UID", text)[0]: name for name, text in self.texts(collection).items()}

    def titles(self, collection: str) -> dict[str, str]:
        """What is there, by UID, in a form that does not depend on how a server writes it."""
        texts = self.texts(collection).values()
        return {_line("UID", text)[0]: " | ".join(sorted(_line("SUMMARY", text))) for text in texts}

    def get(self, collection: str, name: str) -> str:
        """The text of an item."""
        return self._ask("GET", self.path(collection) + name)

    def put(self, collection: str, name: str, text: str) -> None:
        """Somebody writes an item."""
        self._ask("PUT", self.path(collection) + name, text, {"Content-Type": "text/calendar; charset=utf-8"})

    def delete(self, collection: str, name: str) -> None:
        """Somebody deletes an item."""
        self._ask("DELETE", self.path(collection) + name)

    def _ask(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> str:
        sign_in = (self.server.username, self.server.password)
        url = self.server.url.rstrip("/") + path
        answer = requests.request(method, url, data=body.encode(), headers=headers, auth=sign_in, timeout=600)
        answer.raise_for_status()
        answer.encoding = "utf-8"
        return answer.text


@contextmanager
def two_servers(folder: Path) -> Iterator[tuple[Side, Side]]:
    """Both run in `folder` for as long as the context lasts."""
    for name in ("a", "b"):
        (folder / name).mkdir()
    with (
        xandikos(folder / "a") as first,
        _radicale(folder / "b") as second,
        relays(_port(first), _port(second)) as ways,
    ):
        yield Side("A", first, ways[0]), Side("B", second, ways[1])


@contextmanager
def _radicale(folder: Path) -> Iterator[Server]:
    port = free_port()
    (folder / "users").write_text("ada:secret\n")
    (folder / "config").write_text(_RADICALE.format(port=port, folder=folder))
    command = [sys.executable, "-c", _QUICK_RADICALE, str(folder / "config")]
    with running(command, port, folder):
        yield Server(f"http://127.0.0.1:{port}/", "ada", "secret")


def fill(folder: Path, side: Side, collection: str, texts: Mapping[str, str]) -> None:
    """Make a calendar at A with these items (by name), and let the server see them before anything is measured."""
    side.make(collection)
    target = folder / "a" / "data" / side.path(collection).strip("/")
    for name, text in texts.items():
        (target / name).write_bytes(text.encode())
    with Repo(str(target)) as repository:
        work = repository.get_worktree()
        work.stage(list(texts))
        work.commit(message=b"filled", committer=b"bench <bench@example.org>", author=b"bench <bench@example.org>")
    if len(side.texts(collection)) != len(texts):
        raise RuntimeError(f"the server at A does not show all of {collection}")


def _line(name: str, text: str) -> list[str]:
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    return [line.rstrip("\r") for line in re.findall(rf"(?m)^{name}[:;](.*)$", unfolded)]


def _port(server: Server) -> int:
    port = urlsplit(server.url).port
    assert port is not None
    return port
