"""A request holds one connection to the store at a time, and none afterwards: else a full pool waits for itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import event, select, update

from storage.tables import devices
from tests.foreign_objects import EVENT
from tests.servers.gateway import Hub, Phone, running_hub

SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
PEOPLE = "<D:acl/><D:owner/><D:group-membership/><CS:calendar-proxy-read-for/><CS:calendar-proxy-write-for/>"
ASKED = (
    ("GET", "/dav/", ""),
    ("PROPFIND", "/dav/calendars/ada/agenda/", f"<D:propfind {SPACES}><D:prop>{PEOPLE}</D:prop></D:propfind>"),
    ("PROPFIND", "/dav/calendars/ada/", f"<D:propfind {SPACES}><D:prop>{PEOPLE}</D:prop></D:propfind>"),
    ("PROPFIND", "/dav/principals/ada/", f"<D:propfind {SPACES}><D:prop>{PEOPLE}</D:prop></D:propfind>"),
    ("PROPFIND", "/dav/calendars/ada/", f"<D:propfind {SPACES}><D:allprop/></D:propfind>"),
    (
        "REPORT",
        "/dav/calendars/ada/agenda/",
        f"<D:acl-principal-prop-set {SPACES}><D:prop/></D:acl-principal-prop-set>",
    ),
    ("PUT", "/dav/calendars/ada/agenda/one.ics", EVENT.format("one", "x")),
    ("PUT", "/dav/files/ada/a.txt", "x" * 100_000),
    ("DELETE", "/dav/calendars/ada/agenda/one.ics", ""),
    ("DELETE", "/dav/calendars/ada/none/", ""),
    ("REPORT", "/dav/calendars/ada/agenda/", "<x"),
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as made:
        made.collection("agenda", "event", made.user("ada"))
        yield made


@contextmanager
def connections(hub: Hub) -> Iterator[list[int]]:
    """How many were in use each time that one was taken."""
    found: list[int] = []

    def taken(*_: object) -> None:
        found.append(hub.database.engine.pool.checkedout())  # type: ignore[attr-defined]

    event.listen(hub.database.engine, "checkout", taken)
    yield found
    event.remove(hub.database.engine, "checkout", taken)


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_a_request_never_holds_two_connections(hub: Hub, method: str, path: str, body: str) -> None:
    phone = hub.phone("ada")  # a new one: that it was here is written down, too
    with connections(hub) as found:
        assert phone.request(method, path, data=body, headers={"Depth": "1"}).status_code < 500
        assert set(found) == {1}
    time.sleep(0.05)
    assert hub.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert hub.execute(select(devices.c.last_used_at)).scalar() is not None


def test_a_device_that_is_revoked_while_it_sends_is_not_let_in(hub: Hub) -> None:
    phone, size = hub.phone("ada"), 100_000
    for path in ("/dav/files/ada/late.txt", "/dav/calendars/ada/agenda/late.ics"):
        hub.execute(update(devices).values(revoked_at=None))
        assert sent_late(hub, phone, path, size) == b"HTTP/1.1 401 Unauthorized"
        hub.execute(update(devices).values(revoked_at=None))
        assert phone.get(path).status_code == 404


def sent_late(hub: Hub, phone: Phone, path: str, size: int) -> bytes:
    """The first line of the answer to a PUT whose sender is revoked before he has sent all of it."""
    prepared = requests.Request("PUT", hub.url + path, auth=phone.auth).prepare()
    where = urlsplit(hub.url)
    assert where.hostname is not None
    with create_connection((where.hostname, where.port or 80), timeout=10) as line, connections(hub) as found:
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {prepared.headers['Authorization']}\r\n"
        line.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode() + b"x" * (size - 1))
        until = time.monotonic() + 5
        while not found and time.monotonic() < until:  # until it was let in
            time.sleep(0.01)
        time.sleep(0.1)
        hub.execute(update(devices).values(revoked_at=hub.clock()))
        line.sendall(b"x")
        return line.recv(65536).partition(b"\r\n")[0]
