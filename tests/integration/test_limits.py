"""Each limit of size, count and nesting at each entrance: refused before any parser, said clearly, the others go on."""

from __future__ import annotations

import gzip
import io
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from agendahub.importing import read_items
from connectors.dav.connector import DavConnector
from connectors.dav.questions import Questions
from connectors.dav.reading import Reading
from connectors.dav.transport import Transport
from connectors.dav.xml_bodies import CALENDAR as FLAVOUR
from connectors.dav.xml_reader import MOST_RESOURCES, MultistatusReader
from connectors.settings import ConnectorSettings
from storage.admin_lists import quarantine
from sync_engine.errors import SuspectListing
from sync_engine.ports import Broken, Changed
from tests.servers.gateway import Phone, running_hub
from tests.servers.three_events import opened, with_three_events
from tests.servers.unkind_dav import BOOK, CALENDAR, UnkindDav
from tests.world import World

MEMORY = 40 << 20  # octets that refusing a giant may take


def event(inside: str = "", uid: str = "big") -> str:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n"
    return f"{head}UID:{uid}\r\nDTSTART:20260301T090000Z\r\nSUMMARY:Big\r\n{inside}END:VEVENT\r\nEND:VCALENDAR\r\n"


def card(inside: str = "", uid: str = "big") -> str:
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:Big\r\nN:Big;;;;\r\n{inside}END:VCARD\r\n"


def nested(depth: int, begin: str = "BEGIN", end: str = "END") -> str:
    return f"{begin}:X-A\r\n" * depth + f"{end}:X-A\r\n" * depth


LIMITS = {
    "size of an event": (event("DESCRIPTION:" + "x" * (513 << 10) + "\r\n"), "512 KiB"),
    "size of an event that mentions a card": (
        event("DESCRIPTION:BEGIN:VCARD" + "x" * (513 << 10) + "\r\n"),
        "512 KiB",
    ),
    "size in octets, not characters": (event("DESCRIPTION:" + "ß" * (257 << 10) + "\r\n"), "512 KiB"),
    "size of a card": (card("NOTE:" + "x" * (2049 << 10) + "\r\n"), "2048 KiB"),
    "attendees": (event("".join(f"ATTENDEE:mailto:{n}@example.org\r\n" for n in range(501))), "500 attendees"),
    "attendees whose name is folded": (
        event("".join(f"ATTEND\r\n EE:mailto:{n}@example.org\r\n" for n in range(501))),
        "500 attendees",
    ),
    "properties of an event": (event("".join(f"X-{n}:1\r\n" for n in range(2001))), "2000 properties"),
    "properties of a card": (card("".join(f"X-{n}:1\r\n" for n in range(2001))), "2000 properties"),
    "nesting": (event(nested(7)), "nested 8 deep"),
    "nesting, folded": (event(nested(7, "BE\r\n GIN")), "nested 8 deep"),
    "nesting, in odd letters": (event(nested(7, "bEgIn ", "eNd ")), "nested 8 deep"),
}
WITHIN = {
    "event": event("DESCRIPTION:" + "x" * (500 << 10) + "\r\n"),
    "card": card("NOTE:" + "x" * (2000 << 10) + "\r\n"),
    "attendees": event("".join(f"ATTENDEE:mailto:{n}@example.org\r\n" for n in range(500))),
    "properties": event("".join(f"X-{n}:1\r\n" for n in range(1990))),
    "nesting": event(nested(6)),
    "line separators that are text": event("DESCRIPTION:" + "a\u2028b\x85" * 3000 + "\r\n"),
}
EACH = pytest.mark.parametrize("limit", LIMITS)


def is_card(text: str) -> bool:
    return text.startswith("BEGIN:VCARD")


# ---------------------------------------------------------------- import


@EACH
def test_import_tells_what_is_above_a_limit_and_takes_the_others(limit: str) -> None:
    text, words = LIMITS[limit]
    good = card(uid="good") if is_card(text) else event(uid="good")
    found = list(read_items((good + text).encode()))
    refused = [one for one in found if isinstance(one, str)]
    assert [one.uid for one in found if not isinstance(one, str)] == ["good"]
    assert len(refused) == 1
    assert words in refused[0]
    assert "make it smaller" in refused[0]


@pytest.mark.parametrize("what", WITHIN)
def test_what_is_just_within_the_limits_is_taken(what: str) -> None:
    (item,) = read_items(WITHIN[what].encode())
    assert not isinstance(item, str)


def test_an_endless_file_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agendahub.commands.data.FILE_OCTETS", 1 << 20)
    run = CliRunner()
    config = ["--config", str(tmp_path / "hub.toml")]
    assert run.invoke(app, [*config, "init"]).exit_code == 0
    told = run.invoke(app, [*config, "import", "/dev/zero", "--collection", "X"])
    assert told.exit_code != 0
    assert "split it into smaller files" in f"{told.output}{told.exception}"


# ---------------------------------------------------------------- the DAV connector


@pytest.fixture
def server(unkind_server: UnkindDav) -> UnkindDav:
    return with_three_events(unkind_server)


@pytest.fixture
def dav(server: UnkindDav) -> Iterator[DavConnector]:
    yield from opened(server, timeout=30.0)


@pytest.mark.parametrize("multiget", [True, False], ids=["multiget", "one by one"])
@EACH
def test_a_download_above_a_limit_is_left_out_and_the_others_arrive(
    server: UnkindDav, dav: DavConnector, limit: str, multiget: bool
) -> None:
    text, words = LIMITS[limit]
    server.mood.multiget = multiget
    folder, good = (BOOK, card(uid="good")) if is_card(text) else (CALENDAR, event(uid="good"))
    server.put(folder, "good", good)
    server.put(folder, "big", text)
    changes = [c for page in dav.changes(folder, None, lambda _ids: {}) for c in page.changes]
    (broken,) = (c for c in changes if isinstance(c, Broken))
    assert broken.ref.id == f"{folder}big"
    assert words in str(broken.error)
    assert "make it smaller" in str(broken.error)
    assert len(broken.raw) <= (2 << 20)
    assert f"{folder}good" in [c.ref.id for c in changes if isinstance(c, Changed)]


@pytest.mark.parametrize("limit", ["size of an event", "attendees", "properties of an event", "nesting"])
def test_r26_the_quarantine_names_account_item_operation_limit_and_what_to_do(
    server: UnkindDav, dav: DavConnector, tmp_path: Path, limit: str
) -> None:
    text, words = LIMITS[limit]
    server.put(CALENDAR, "big.ics", text)
    world = World.new(tmp_path)
    side = world.bind("work")
    with world.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE bindings SET remote_id = '{CALENDAR}'")
    for _ in range(2):
        counts = world.cycle("work", dav)
        assert counts.pulled_changed == 0
    with world.database.read() as unit:
        (entry,) = quarantine(unit.session.connection)
    assert (entry.binding, entry.account.partition("-")[0]) == (side.name, "work")
    assert entry.remote_id == f"{CALENDAR}big.ics"
    assert entry.operation == "read"
    assert words in entry.message
    assert "make it smaller" in entry.message


@contextmanager
def answering(head: bytes, body: Iterator[bytes]) -> Iterator[str]:
    """A server that says the same to the first request, for as long as anybody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, head, body), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    thread.join(10)
    assert not thread.is_alive()


def _answer(listener: socket.socket, head: bytes, body: Iterator[bytes]) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/vcard\r\nConnection: close\r\n" + head + b"\r\n")
            for piece in body:
                connection.sendall(piece)
        except OSError:
            return  # nobody listens any more


def endless() -> Iterator[bytes]:
    yield b"BEGIN:VCALENDAR\r\n"
    while True:
        yield b"X" * 65536


def bomb() -> Iterator[bytes]:
    """300 MiB in 300 KiB."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(300):
            file.write(b"x" * (1 << 20))
    yield packed.getvalue()


@pytest.mark.parametrize(("head", "body"), [(b"", endless), (b"Content-Encoding: gzip\r\n", bomb)])
def test_an_endless_download_and_a_bomb_are_not_read_into_memory(
    head: bytes, body: Callable[[], Iterator[bytes]]
) -> None:
    with answering(head, body()) as url:
        transport = Transport(ConnectorSettings(url=url, username="ada", secret="x", timeout=10))
        tracemalloc.start()
        try:
            broken = Reading(Questions(transport)).get("/cal/1.ics", FLAVOUR)
            used = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            transport.close()
    assert isinstance(broken, Broken)
    assert "512 KiB" in str(broken.error)
    assert used < MEMORY


def test_a_listing_without_end_is_refused() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'<d:multistatus xmlns:d="DAV:">'
        for _ in range(MOST_RESOURCES // 1000 + 1):
            yield b"<d:response/>" * 1000

    reader = MultistatusReader()
    with pytest.raises(SuspectListing, match="500,000 items"):
        reader(pieces())


# ---------------------------------------------------------------- the gateway


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    with running_hub(tmp_path_factory.mktemp("limits")) as hub:
        hub.user("ada")
        hub.collection("agenda", "event")
        hub.collection("people", "contact")
        yield hub.phone("ada")


@EACH
def test_a_phone_is_told_which_limit_its_item_is_above(phone: Phone, limit: str) -> None:
    text, _ = LIMITS[limit]
    folder = "/dav/addressbooks/ada/people/" if is_card(text) else "/dav/calendars/ada/agenda/"
    refused = phone.put(f"{folder}big", data=text.encode())
    assert refused.status_code == 403
    named = {"size": "max-resource-size", "attendees": "max-attendees-per-instance"}.get(limit.split(maxsplit=1)[0])
    assert (named or ("valid-address-data" if is_card(text) else "valid-calendar-data")) in refused.text
    assert phone.get(f"{folder}big").status_code == 404


@pytest.mark.parametrize("what", WITHIN)
def test_what_is_just_within_the_limits_is_stored(phone: Phone, what: str) -> None:
    text = WITHIN[what]
    folder = "/dav/addressbooks/ada/people/" if is_card(text) else "/dav/calendars/ada/agenda/"
    assert phone.put(f"{folder}{what}".replace(" ", "-"), data=text.encode()).status_code == 201
    assert phone.delete(f"{folder}{what}".replace(" ", "-")).status_code == 204
