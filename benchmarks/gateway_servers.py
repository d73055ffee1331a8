"""The DAV servers that are measured, each filled with the same events and contacts, each in a process of its own.

AgendaHub is the whole daemon. Radicale and Xandikos are filled by writing their folders, for a write through HTTP takes
them longer the more there is; the servers from Debian by PUT.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from dulwich.repo import Repo

from benchmarks.dav_client import Client
from benchmarks.request_store import store_of_kind
from benchmarks.sample_contacts import contacts
from benchmarks.sample_events import events
from storage import admin_people, app_passwords, schema
from storage.database import Database
from storage.dav_store import create_collection
from sync_engine.item import Item
from sync_engine.ports import Origin
from tests.hub_process import Hub
from tests.servers.debian import debian_server, why_not
from tests.servers.processes import Server, free_port, radicale_program, running, xandikos

_AT_ONCE = 500
_MKCALENDAR = ""  # Cyrus ends itself at a body without a property
_MKBOOK = (
    '<D:mkcol xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype>'
    "<D:collection/><A:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A server with a calendar and an address book."""

    name: str
    server: Server
    calendar: str  # path
    book: str
    pid: int = 0  # of its process, where that is one

    def client(self) -> Client:
        """A new connection to it."""
        return Client(self.server.url, self.server.username, self.server.password)


def items(count: int) -> tuple[dict[str, str], dict[str, str]]:
    """Events and contacts, by file name."""
    return (
        {f"{uid.partition('@')[0]}.ics": text for uid, text in events(count)},
        {f"{uid}.vcf": text for uid, text in contacts(count)},
    )


# ---------------------------------------------------------------- ours


@contextmanager
def agendahub(count: int, *, store: str = "sqlite", contact_count: int | None = None) -> Iterator[Filled]:
    """The daemon on a store of its own."""
    with tempfile.TemporaryDirectory(prefix="agendahub-bench-") as name, store_of_kind(store) as url:
        schema.upgrade(url)
        password = fill_ours(url, count, count if contact_count is None else contact_count)
        hub = Hub(Path(name))
        hub.environment["AGENDAHUB_STORE__URL"] = url
        hub.run("init")
        with hub.serving() as process:
            server = Server(hub.url + "/", "ada", password)
            home = ("/dav/calendars/ada/agenda/", "/dav/addressbooks/ada/people/")
            yield Filled("AgendaHub", server, *home, pid=process.pid)


def fill_ours(url: str, event_count: int, contact_count: int, users: int = 0) -> str:
    """A calendar and an address book of ada; gives her app password. `users`: more people, who see both."""
    database = Database(url, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    shown, hashed = app_passwords.new()
    now = datetime(2026, 3, 1, tzinfo=UTC)
    try:
        with database.begin() as unit:
            connection = unit.session.connection
            ada = admin_people.add_user(connection, "ada", "Ada", now)
            admin_people.add_device(connection, "ada", "Bench", hashed, now)
            values = {"epoch": "e" * 32, "created_at": now}
            agenda = create_collection(connection, ada, "agenda", frozenset(("event",)), {**values, "name": "Agenda"})
            people = create_collection(connection, ada, "people", frozenset(("contact",)), {**values, "name": "People"})
            for number in range(users):
                admin_people.add_user(connection, f"u{number}", "", now)
        cards, calendar = items(contact_count)[1], items(event_count)[0]
        for collection, texts in ((agenda, calendar), (people, cards)):
            write_items(database, collection, texts)
    finally:
        database.dispose()
    return shown


def write_items(database: Database, collection: int, texts: Mapping[str, str]) -> None:
    """Write items by name, as a binding would."""
    rest = iter(texts.items())
    while part := list(islice(rest, _AT_ONCE)):
        with database.begin() as unit:
            for href, text in part:
                unit.create_item(collection, Item.read(text), Origin("benchmark"), href=href)


# ---------------------------------------------------------------- peers from PyPI


@contextmanager
def radicale(count: int) -> Iterator[Filled]:
    """Radicale as it comes, on files."""
    with tempfile.TemporaryDirectory(prefix="radicale-bench-") as name:
        folder = Path(name)
        root = folder / "collections" / "collection-root" / "ada"
        for collection, tag, texts in zip(
            ("agenda", "people"), ("VCALENDAR", "VADDRESSBOOK"), items(count), strict=True
        ):
            place = root / collection
            place.mkdir(parents=True)
            (place / ".Radicale.props").write_text(json.dumps({"tag": tag}))
            for href, text in texts.items():
                (place / href).write_bytes(text.encode())
        program = radicale_program(folder, free_port())
        with running(program.command, program.port, folder):
            server = Server(f"http://127.0.0.1:{program.port}/", "ada", "secret")
            yield Filled("Radicale", server, "/ada/agenda/", "/ada/people/")


@contextmanager
def xandikos_filled(count: int) -> Iterator[Filled]:
    """Xandikos, on a Git repository for each collection."""
    with tempfile.TemporaryDirectory(prefix="xandikos-bench-") as name, xandikos(Path(name)) as server:
        filled = Filled("Xandikos", server, "/ada/calendars/agenda/", "/ada/contacts/people/")
        _make(filled)
        for path, texts in zip((filled.calendar, filled.book), items(count), strict=True):
            target = Path(name) / "data" / path.strip("/")
            for href, text in texts.items():
                (target / href).write_bytes(text.encode())
            with Repo(str(target)) as repository:
                work = repository.get_worktree()
                work.stage(list(texts))
                work.commit(message=b"filled", committer=b"b <b@example.org>", author=b"b <b@example.org>")
        yield filled


# ---------------------------------------------------------------- peers from Debian

_DEBIAN = {
    "cyrus": ("/dav/calendars/user/ada/agenda/", "/dav/addressbooks/user/ada/people/"),
    "sogo": ("/SOGo/dav/ada/Calendar/agenda/", "/SOGo/dav/ada/Contacts/people/"),
    "davical": ("/caldav.php/ada/agenda/", "/caldav.php/ada/people/"),
}
_NAMES = {"cyrus": "Cyrus", "sogo": "SOGo", "davical": "DAViCal"}


@contextmanager
def debian(name: str, count: int) -> Iterator[Filled]:
    """Cyrus, SOGo or DAViCal."""
    with debian_server(name) as server:
        origin = "/".join(server.url.split("/")[:3]) + "/"
        filled = Filled(_NAMES[name], replace(server, url=origin), *_DEBIAN[name])
        _make(filled)
        for path, kind, texts in zip(
            (filled.calendar, filled.book), ("text/calendar", "text/vcard"), items(count), strict=True
        ):
            _put_all(filled, path, kind, texts)
        yield filled


def _make(filled: Filled) -> None:
    client = filled.client()
    for method, path, body in (("MKCALENDAR", filled.calendar, _MKCALENDAR), ("MKCOL", filled.book, _MKBOOK)):
        status, answer = client.ask(method, path, body)
        if status not in (200, 201, 207, 405):
            raise RuntimeError(f"{filled.name}: {method} {path} gave {status}: {answer[:300]!r}")


def _put_all(filled: Filled, path: str, kind: str, texts: Mapping[str, str]) -> None:
    def put(part: list[tuple[str, str]]) -> None:
        client = filled.client()
        for href, text in part:
            status, answer = client.ask("PUT", path + href, text, content_type=kind)
            if status not in (200, 201, 204):
                raise RuntimeError(f"{filled.name}: PUT {path}{href} gave {status}: {answer[:300]!r}")

    every, threads = list(texts.items()), 1 if filled.name == "DAViCal" else 4  # it gives up when writes meet
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(put, [every[n::threads] for n in range(threads)]))


PEERS: Mapping[str, Callable[[int], AbstractContextManager[Filled]]] = MappingProxyType(
    {
        "radicale": radicale,
        "xandikos": xandikos_filled,
        **{name: (lambda count, name=name: debian(name, count)) for name in _DEBIAN},  # type: ignore[misc]
    }
)


def why_not_here(name: str) -> str:
    """The reason why a peer cannot be measured here; "" when it can."""
    return why_not(name) if name in _DEBIAN else ""
