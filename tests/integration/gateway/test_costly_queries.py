"""Queries that are small to ask and long to answer: they end, and say that they did."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import select

from storage.tables import users
from tests.servers.gateway import Hub, Phone, running_hub

SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"'
SERIES = {
    "never": "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\nDURATION:PT1H\r\n",
    "long": "RRULE:FREQ=DAILY\r\nDURATION:P36500D\r\n",  # a hundred years, beginning every day
}
MANY = 12


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(tmp_path_factory.mktemp("costly")) as made:
        ada = made.user("ada")
        made.collection("people", "contact", ada)
        for slug, lines in SERIES.items():
            shelf = made.collection(slug, "event", ada)
            for number in range(MANY):
                made.item(shelf, series(f"{slug}{number}", lines))
        yield made


@pytest.fixture(scope="module")
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def series(uid: str, lines: str) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART:19700101T000000Z\r\n{lines}SUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def query(phone: Phone, slug: str, start: int, end: int, more: str = "") -> requests.Response:
    times = f'<C:time-range start="{start}0101T000000Z" end="{end}0201T000000Z"/>{more}'
    inner = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{times}</C:comp-filter></C:comp-filter>'
    body = f"<C:calendar-query {SPACES}><D:prop><D:getetag/></D:prop><C:filter>{inner}</C:filter></C:calendar-query>"
    return phone.request("REPORT", f"/dav/calendars/ada/{slug}/", data=body, headers={"Depth": "1"})


def test_a_year_of_occurrences_that_all_overlap_is_not_gone_through(phone: Phone) -> None:
    began = time.process_time()
    answer = query(phone, "long", 2026, 2026)
    assert time.process_time() - began < 0.1 * MANY
    assert answer.text.count("<D:response>") == MANY


@pytest.mark.parametrize("more", ["", '<C:prop-filter name="SUMMARY"/>'])
def test_all_items_of_a_query_share_what_may_be_expanded(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    whole = query(phone, "never", 1971, 2099, more)
    assert (whole.status_code, "507" in whole.text) == (207, False)
    monkeypatch.setattr("dav_gateway.steps.MOST", 2_000)
    ended = query(phone, "never", 1971, 2099, more)
    assert ended.status_code == 207
    assert ended.text.count("<D:response>") == 1
    assert "HTTP/1.1 507" in ended.text
    assert "number-of-matches-within-limits" in ended.text


def test_a_long_text_is_not_written_for_every_day_of_many_years(hub: Hub, phone: Phone) -> None:
    shelf = hub.collection("wordy", "event", hub.execute(select(users.c.id)).scalar())
    hub.item(shelf, series("wordy", f"RRULE:FREQ=DAILY\r\nDESCRIPTION:{'x' * 400_000}\r\n"), "wordy.ics")
    hub.item(shelf, series("brief", "RRULE:FREQ=DAILY\r\n"), "brief.ics")
    times = 'start="20260101T000000Z" end="20280101T000000Z"'
    data = f"<D:prop><C:calendar-data><C:expand {times}/></C:calendar-data></D:prop>"
    hrefs = "".join(f"<D:href>/dav/calendars/ada/wordy/{name}.ics</D:href>" for name in ("brief", "wordy"))
    body = f"<C:calendar-multiget {SPACES}>{data}{hrefs}</C:calendar-multiget>"
    answer = phone.request("REPORT", "/dav/calendars/ada/wordy/", data=body)
    assert len(answer.content) < 1_000_000
    assert answer.text.count("BEGIN:VEVENT") == 730
    assert answer.text.count("HTTP/1.1 507") == 1


def test_a_filter_has_so_many_conditions(phone: Phone) -> None:
    one = '<C:prop-filter name="SUMMARY"><C:text-match>x</C:text-match></C:prop-filter>'
    assert query(phone, "never", 2026, 2026, one * 50).status_code == 207
    refused = query(phone, "never", 2026, 2026, one * 1000)
    assert (refused.status_code, "C:supported-filter" in refused.text) == (403, True)
    found = '<A:prop-filter name="NOTE"><A:text-match>x</A:text-match></A:prop-filter>' * 1000
    body = (
        f"<A:addressbook-query {SPACES}><D:prop><D:getetag/></D:prop><A:filter>{found}</A:filter></A:addressbook-query>"
    )
    refused = phone.request("REPORT", "/dav/addressbooks/ada/people/", data=body, headers={"Depth": "1"})
    assert (refused.status_code, "A:supported-filter" in refused.text) == (403, True)


@pytest.mark.parametrize("path", ["/dav/calendars/ada/never/", "/dav/files/ada/", "/dav/calendars/ada/"])
def test_prefixes_are_not_looked_for_by_the_thousand(phone: Phone, path: str) -> None:
    prefixes = " ".join(f'xmlns:p{number}="u:{number}"' for number in range(2000))
    props = "".join(f'<x{number} xmlns="q">y</x{number}>' for number in range(300))
    body = f"<D:propertyupdate {SPACES} {prefixes}><D:set><D:prop>{props}</D:prop></D:set></D:propertyupdate>"
    began = time.process_time()
    assert phone.request("PROPPATCH", path, data=body).status_code == 400
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("path", ["/dav/calendars/ada/never/", "/dav/files/ada/", "/dav/principals/ada/"])
def test_a_request_asks_for_so_many_properties(phone: Phone, path: str) -> None:
    names = "".join(f"<D:a{number}/>" for number in range(20_000))
    body = f"<D:propfind {SPACES}><D:prop>{names}</D:prop></D:propfind>"
    assert phone.request("PROPFIND", path, data=body, headers={"Depth": "1"}).status_code == 400
