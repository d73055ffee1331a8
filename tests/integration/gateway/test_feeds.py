"""Subscribed calendars: made as Apple's programs make them, and read by the server from a real web server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select, update

import config
from agendahub.feed_keeper import FeedKeeper
from agendahub.workspace import Workspace
from storage.tables import collections, items
from tests.servers.gateway import Hub, Phone, running_hub

HOME, FEED = "/dav/calendars/ada/", "/dav/calendars/ada/holidays/"
APPLE = {"User-Agent": "macOS/14.5 (23F79) dataaccessd/1.0"}


def calendar(*events: str, stamp: str = "20260101T000000Z") -> str:
    inner = "".join(
        f"BEGIN:VEVENT\r\nUID:{name}\r\nDTSTAMP:{stamp}\r\nDTSTART;VALUE=DATE:20260501\r\nSUMMARY:{name} day\r\n"
        "END:VEVENT\r\n"
        for name in events
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:Holidays\r\n{inner}END:VCALENDAR\r\n"


@dataclass
class Publisher:
    """A web server with one feed."""

    url: str = ""
    text: str = ""
    status: int = 200
    etag: str = ""
    asked: list[tuple[int, str]] = field(default_factory=list)  # status given, If-None-Match sent


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.headers.get("If-None-Match", "")
            status = 304 if made.etag and sent == made.etag else made.status
            made.asked.append((status, sent))
            body = made.text.encode() if status == 200 else b""
            self.send_response(status)
            if made.etag:
                self.send_header("ETag", made.etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/holidays.ics?secret=1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)


@dataclass
class Reader:
    """The daemon's part, at a clock that tests move."""

    keeper: FeedKeeper
    ahead: timedelta = timedelta(0)

    def read(self, publisher: Publisher, times: int = 1) -> None:
        """Look, and wait until the feed was asked for so many times in all and nothing is under way."""
        self.keeper.look()
        until = time.monotonic() + 10
        while (len(publisher.asked) < times or self.keeper._reading) and time.monotonic() < until:
            time.sleep(0.01)
        assert len(publisher.asked) == times


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user("ada")
        running.user("bob")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


@pytest.fixture
def reader(tmp_path: Path, hub: Hub) -> Iterator[Reader]:
    file = tmp_path / "agendahub.toml"
    address = hub.database.url.render_as_string(hide_password=False)
    file.write_text(f'[store]\nurl = "{address}"\n[server]\noutward_hosts = ["127.0.0.1"]\n')
    workspace = Workspace(config.load(file))
    made = Reader(FeedKeeper(lambda: workspace, lambda: datetime.now(UTC) + made.ahead))
    yield made
    made.keeper.stop(time.monotonic() + 10)
    workspace.database.dispose()


def subscribe(phone: Phone, source: str, path: str = FEED) -> int:
    types = '<D:collection/><CS:subscribed xmlns:CS="http://calendarserver.org/ns/"/>'
    address = f'<CS:source xmlns:CS="http://calendarserver.org/ns/"><D:href>{source}</D:href></CS:source>'
    inner = f"<D:resourcetype>{types}</D:resourcetype><D:displayname>Holidays</D:displayname>{address}"
    body = f'<D:mkcol xmlns:D="DAV:"><D:set><D:prop>{inner}</D:prop></D:set></D:mkcol>'
    return phone.request("MKCOL", path, data=body).status_code


def listing(phone: Phone, path: str = FEED, **headers: str) -> str:
    names = '<resourcetype/><source xmlns="http://calendarserver.org/ns/"/>'
    body = f'<propfind xmlns="DAV:"><prop>{names}</prop></propfind>'
    return phone.request("PROPFIND", path, data=body, headers=headers).text


def held(hub: Hub) -> dict[str, int]:
    """What is in the store: UID to the number of its last change."""
    return {row.uid: row.seq for row in hub.execute(select(items.c.uid, items.c.seq).where(~items.c.deleted))}


def test_a_subscription_is_a_feed_for_apple_and_a_calendar_to_read_for_others(hub: Hub, phone: Phone) -> None:
    assert subscribe(phone, "webcal://feeds.example.org/a.ics?x=1&amp;y=2") == 201
    seen = listing(phone, **APPLE)
    assert "<CS:subscribed/>" in seen
    assert "<C:calendar/>" not in seen
    assert "<D:href>webcal://feeds.example.org/a.ics?x=1&amp;y=2</D:href>" in seen
    others = listing(phone)
    assert "<C:calendar/>" in others
    assert "subscribed" not in others
    assert phone.put(f"{FEED}a.ics", data=calendar("a")).status_code == 403
    share = '<CS:share xmlns:CS="http://calendarserver.org/ns/" xmlns:D="DAV:"><CS:set><D:href>/dav/principals/bob/'
    assert phone.post(FEED, data=f"{share}</D:href><CS:read-write/></CS:set></CS:share>").status_code == 200
    bob = listing(hub.phone("bob"), "/dav/calendars/bob/holidays~ada/", **APPLE)
    assert "<C:calendar/>" in bob
    assert "feeds.example.org" not in bob  # the address may be a secret
    assert phone.delete(FEED).status_code == 204


@pytest.mark.parametrize("source", ["file:///etc/passwd", "ftp://a.example/x", "a.ics", "", "https://a b/", "http://"])
def test_what_is_no_address_of_a_feed_is_refused(phone: Phone, source: str) -> None:
    assert subscribe(phone, source) == 403
    assert phone.request("PROPFIND", FEED).status_code == 404


def test_a_calendar_with_events_of_its_own_does_not_become_a_feed(hub: Hub, phone: Phone) -> None:
    phone.request("MKCALENDAR", f"{HOME}own/")
    source = '<CS:source xmlns:CS="http://calendarserver.org/ns/"><href>https://x.example/a.ics</href></CS:source>'
    body = f'<propertyupdate xmlns="DAV:"><set><prop>{source}</prop></set></propertyupdate>'
    assert " 403 " in phone.request("PROPPATCH", f"{HOME}own/", data=body).text
    assert subscribe(phone, "https://y.example/b.ics") == 201
    assert " 200 " in phone.request("PROPPATCH", FEED, data=body).text
    assert hub.execute(select(collections.c.source).order_by(collections.c.id)).scalars().all() == [
        "",
        "https://x.example/a.ics",
    ]
    assert hub.execute(select(collections.c.transparent).order_by(collections.c.id)).scalars().all() == [False, True]


def test_a_feed_is_read_kept_in_step_and_what_says_the_same_is_left_alone(
    hub: Hub, phone: Phone, publisher: Publisher, reader: Reader
) -> None:
    assert subscribe(phone, publisher.url) == 201
    publisher.text = calendar("easter", "may")
    reader.read(publisher)
    first = held(hub)
    assert first.keys() == {"easter", "may"}
    assert "easter day" in phone.get(f"{FEED}easter.ics").text
    reader.keeper.look()
    assert len(publisher.asked) == 1  # not before an hour is over
    reader.ahead = timedelta(hours=1, minutes=1)
    publisher.text = calendar("easter", "may", stamp="20260606T000000Z")
    reader.read(publisher, 2)
    assert held(hub) == first
    reader.ahead *= 2
    publisher.text, publisher.etag = calendar("may", "june").replace("may day", "labour day"), '"1"'
    reader.read(publisher, 3)
    second = held(hub)
    assert second.keys() == {"may", "june"}
    assert second["may"] > first["may"]
    reader.ahead *= 2
    reader.read(publisher, 4)
    assert publisher.asked[3] == (304, '"1"')
    assert held(hub) == second


@pytest.mark.parametrize("broken", ["<html>Sorry</html>", "", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"])
def test_a_broken_or_empty_feed_takes_nothing_away(
    hub: Hub, phone: Phone, publisher: Publisher, reader: Reader, broken: str
) -> None:
    subscribe(phone, publisher.url)
    publisher.text = calendar("easter")
    reader.read(publisher)
    publisher.text = broken
    reader.ahead = timedelta(hours=2)
    reader.read(publisher, 2)
    publisher.status = 500
    hub.execute(update(collections).values(refreshed_at=None))
    reader.keeper._not_before.clear()
    reader.read(publisher, 3)
    assert held(hub).keys() == {"easter"}


def test_a_feed_inside_that_no_admin_allowed_is_never_asked(
    hub: Hub, phone: Phone, publisher: Publisher, tmp_path: Path
) -> None:
    file = tmp_path / "agendahub.toml"
    file.write_text(f'[store]\nurl = "{hub.database.url.render_as_string(hide_password=False)}"\n')
    workspace = Workspace(config.load(file))
    keeper = FeedKeeper(lambda: workspace)
    subscribe(phone, publisher.url)
    keeper.look()
    until = time.monotonic() + 10
    while keeper._reading and time.monotonic() < until:
        time.sleep(0.01)
    assert keeper._not_before
    assert keeper.stop(until)
    assert publisher.asked == []
    workspace.database.dispose()
