"""The samples of docs/proxy.md in the real programs: people sign in, phones find the gateway."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import select

from storage.tables import web_sessions
from tests.servers.certificates import certificates
from tests.servers.pages import Browser, running_site
from tests.servers.proxies import proxy, samples

KINDS = {"nginx": "nginx", "caddy": "caddy"}


class FromElsewhere(HTTPAdapter):
    """As another machine would: from another address."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=("127.0.0.9", 0))


def test_the_samples_are_there() -> None:
    assert [len(samples(kind)) for kind in KINDS] == [2, 2]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_people_and_phones_come_through(tmp_path: Path, kind: str, number: int) -> None:
    program = shutil.which(KINDS[kind]) or shutil.which(KINDS[kind], path="/usr/sbin")
    if program is None:
        pytest.skip(f"{kind} is not installed")
    pair, ca = certificates(tmp_path)
    prefix = ("", "/hub")[number]
    server = f'base_url = "https://hub.example.org{prefix}"'
    with running_site(tmp_path, server, proxies="127.0.0.1") as site:
        site.user("ada")
        hub = urlsplit(site.url).port
        assert hub
        with proxy(kind, samples(kind)[number], tmp_path, hub, pair) as port:
            browser = Browser(f"https://127.0.0.1:{port}{prefix}/", ca)
            site.browsers.append(browser)
            browser.http.mount("https://", FromElsewhere())
            browser.open(f"{prefix}/sign-in").send("/sign-in", user="ada", password="a few long words")
            assert browser.path == f"{prefix}/devices"
            assert set(browser.cookies) == {"__Host-agendahub"}
            browser.open(f"{prefix}/devices/add").send("/devices/add", name="Phone", client="thunderbird")
            password = browser.page.xpath("//dt[.='Password']/following-sibling::dd[1]/code/text()")[0]
            with site.database.read() as unit:
                [client] = unit.session.connection.execute(select(web_sessions.c.client)).scalars()
            assert client == "127.0.0.9"  # not the proxy's
            _a_phone(f"https://127.0.0.1:{port}", prefix, ca, password)
            browser.close()


def _a_phone(base: str, prefix: str, ca: Path, password: str) -> None:
    """Finds the gateway, makes a calendar with odd letters in its address, and an event."""
    with requests.Session() as phone:
        phone.trust_env, phone.verify, phone.auth = False, str(ca), ("ada", password)
        found = phone.request("PROPFIND", f"{base}/.well-known/caldav", allow_redirects=False, timeout=20)
        assert found.status_code == 301
        assert urlsplit(found.headers["location"]).path == f"{prefix}/dav/"
        home = f"{base}{prefix}/dav/calendars/ada"
        odd = f"{home}/a%2Bb%20c@d"
        assert phone.request("MKCALENDAR", f"{odd}/", timeout=20).status_code == 201
        event = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART:20260105T100000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        headers = {"Content-Type": "text/calendar; charset=utf-8", "If-None-Match": "*"}
        made = phone.put(f"{odd}/u%401.ics", event.encode(), headers=headers, timeout=20)
        assert made.status_code == 201
        assert phone.get(f"{odd}/u%401.ics", timeout=20).text == event
        headers = {"Destination": f"{odd}/moved.ics"}
        moved = phone.request("MOVE", f"{odd}/u%401.ics", headers=headers, timeout=20)
        assert moved.status_code in {201, 204}, moved.text
        listed = phone.request("PROPFIND", f"{odd}/", headers={"Depth": "1"}, timeout=20)
        assert listed.status_code == 207
        assert "moved.ics" in listed.text
