"""Clients that send slowly or read slowly hold no transaction and stop nobody, on SQLite and PostgreSQL."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.foreign_objects import EVENT
from tests.servers.gateway import Hub, Phone, running_hub

AGENDA = "/dav/calendars/ada/agenda/"
ANSWER = 8_000_000  # octets: more than all buffers between us and the gateway
MANY = 20  # more than the gateway has threads, and the store connections
QUERY = (
    '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-data/></prop>'
    '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
)


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with running_hub(tmp_path, url=url) as running:
        running.user("ada")
        agenda = running.collection("agenda", "event")
        for number in range(ANSWER // 200_000):
            running.item(agenda, EVENT.format(f"{number}", "x" * 200_000))
        yield running


@contextmanager
def line_to(hub: Hub, phone: Phone, method: str, path: str, length: int, sent: bytes) -> Iterator[socket.socket]:
    """A connection on which a request of `length` octets was begun; of its answer nothing is read."""
    host, port = hub.url.removeprefix("http://").split(":")
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(10)
        line.connect((host, int(port)))
        signed = f"Host: x\r\nAuthorization: {phone.headers['x']!s}\r\nContent-Length: {length}"
        head = f"{method} {path} HTTP/1.1\r\n{signed}"
        line.sendall(f"{head}\r\n\r\n".encode() + sent)
        yield line


def transactions(hub: Hub) -> int:
    """How many transactions are open at the store, but for the one that asks."""
    if hub.database.engine.dialect.name == "sqlite":
        return int(hub.database.engine.pool.checkedout())  # type: ignore[attr-defined]
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND xact_start IS NOT NULL"
    )
    return int(hub.execute(asked).scalar())


def settled(hub: Hub) -> int:
    """The same, once nothing more is begun."""
    until = time.monotonic() + 5
    while transactions(hub) and time.monotonic() < until:
        time.sleep(0.05)
    return transactions(hub)


def others_are_served(hub: Hub, phone: Phone) -> None:
    began = time.monotonic()
    assert phone.put(f"{AGENDA}new.ics", data=EVENT.format("new", "x")).status_code == 201
    assert phone.get(f"{AGENDA}new.ics").status_code == 200
    assert time.monotonic() - began < 3
    if hub.database.engine.dialect.name == "sqlite":  # whoever reads still would keep the log from being emptied
        with hub.database.engine.connect() as connection:
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        assert busy == 0


def with_sign_in(hub: Hub) -> Phone:
    phone = hub.phone("ada")
    phone.headers["x"] = phone.get("/dav/").request.headers["Authorization"]
    return phone


def test_who_reads_slowly_holds_no_transaction_and_stops_nobody(hub: Hub) -> None:
    phone = with_sign_in(hub)
    with ExitStack() as lines:
        for _ in range(MANY):
            line = lines.enter_context(line_to(hub, phone, "REPORT", AGENDA, len(QUERY), QUERY.encode()))
            assert line.recv(12) == b"HTTP/1.1 207"
        assert settled(hub) == 0
        others_are_served(hub, phone)


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", f"{AGENDA}slow.ics"), ("PUT", "/dav/files/ada/slow.txt"), ("REPORT", AGENDA)]
)
def test_who_sends_slowly_holds_no_transaction_and_stops_nobody(hub: Hub, method: str, path: str) -> None:
    phone = with_sign_in(hub)
    with ExitStack() as lines:
        for _ in range(MANY):
            lines.enter_context(line_to(hub, phone, method, path, 300_000, b"x" * 1000))
        time.sleep(0.3)
        assert settled(hub) == 0
        others_are_served(hub, phone)
