"""Requests that are small and ask for much: XML that unfolds or goes deep, series that never end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from connectors.outward_rules import Rules
from dav_gateway.app import gateway
from dav_gateway.elements import cal
from dav_gateway.push.offer import Offer
from dav_gateway.push.vapid import Keys
from tests.foreign_requests import ASKED, POSTS, REPORTS, Row
from tests.servers.gateway import Hub, Phone, running_hub, serving

AGENDA = "/dav/calendars/ada/agenda/"
PEOPLE = "/dav/addressbooks/ada/people/"
PATIENCE = 3.0  # seconds for any one request
WITH_XML = [row for row in ASKED if row.body.startswith("<?xml")]
BOMBS = ("FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;COUNT=999999")
Make = Callable[[str], bytes]
LAUGHS = '<!DOCTYPE x [<!ENTITY a "{}">{}]>'.format(
    "ha" * 50, "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder: Path = tmp_path_factory.mktemp("bombs")
    with running_hub(folder) as bare:
        keys = Keys(bare.database, lambda: bytes(32))
        keys.vapid()
        with serving(gateway(bare.database, push=Offer(keys, Rules()))) as url:
            made = Hub(url, bare.database, bare.clock, bare.phones)
            ada = made.user("ada")
            agenda = made.collection("agenda", "event,task", ada)
            made.collection("people", "contact", ada)
            for number, rule in enumerate(BOMBS):
                made.item(agenda, series(f"bomb{number}", rule))
            made.item(agenda, series("good", "FREQ=DAILY;COUNT=3"), "good.ics")
            yield made


@pytest.fixture(scope="module")
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def series(uid: str, rule: str) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART:19700101T000000Z\r\nRRULE:{rule}\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def within(phone: Phone, row: Row, path: str, body: bytes) -> requests.Response:
    began = time.perf_counter()
    answer = phone.request(row.method, path, data=body, headers=row.headers)
    assert time.perf_counter() - began < PATIENCE, row.name
    return answer


def unfolding(body: str) -> bytes:
    head, end, rest = body.partition("?>")
    return (head + end + LAUGHS + rest.replace("><", ">&i;<", 1)).encode()


def unfolding_in_another_encoding(body: str) -> bytes:
    return unfolding(body).decode().replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16")


def outside(body: str) -> bytes:
    head, end, rest = body.partition("?>")
    entity = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    return (head + end + entity + rest.replace("><", ">&f;<", 1)).encode()


def deep(body: str) -> bytes:
    start, _, end = body.rpartition("</")
    return f"{start}{'<a>' * 10_000}{'</a>' * 10_000}</{end}".encode()


def long(body: str) -> bytes:
    start, _, end = body.rpartition("</")
    return f"{start}{'<a/>' * 300_000}</{end}".encode()


@pytest.mark.parametrize("make", [unfolding, unfolding_in_another_encoding, outside, deep, long])
def test_xml_that_unfolds_or_goes_deep_is_refused_by_every_method_report_and_post(phone: Phone, make: Make) -> None:
    wrong = []
    for row in WITH_XML[::5] if make is long else WITH_XML:
        path = PEOPLE if "addressbook" in row.name else AGENDA
        answer = within(phone, row, path, make(row.body.replace("{path}", path)))
        if answer.status_code not in (400, 405, 413) or "root:" in answer.text:
            wrong.append(f"{row}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


EXPANDED = (
    '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-data>'
    '<C:expand start="{0}" end="{1}"/></C:calendar-data></prop><C:filter><C:comp-filter name="VCALENDAR">'
    '<C:comp-filter name="VEVENT"><C:time-range start="{0}" end="{1}"/></C:comp-filter></C:comp-filter></C:filter>'
    "</C:calendar-query>"
)
RANGES = (("20260201T000000Z", "20260401T000000Z"), ("19700101T000000Z", "20991231T000000Z"))


@pytest.mark.parametrize(("start", "end"), RANGES)
def test_series_that_never_end_stop_no_report_that_counts_them_out(phone: Phone, start: str, end: str) -> None:
    usual = ("20260201T000000Z", "20260401T000000Z")
    free = REPORTS[cal("free-busy-query")].replace(usual[0], start).replace(usual[1], end)
    limited = EXPANDED.replace("C:expand", "C:limit-recurrence-set")
    for name, body in (("expand", EXPANDED), ("limit-recurrence-set", limited), ("free-busy-query", free)):
        row = Row(name, "REPORT", headers={"Depth": "1"})
        answer = within(phone, row, AGENDA, body.format(start, end).encode())
        assert answer.status_code < 500 or answer.status_code == 507, f"{name}: {answer.text[:300]}"
        assert len(answer.content) < 20_000_000, name


def test_series_that_never_end_stop_nobody_who_asks_for_free_times(phone: Phone) -> None:
    row = POSTS["dav_gateway.scheduling.outbox"]
    body = row.body.replace("/grace/", "/ada/").replace("20260401T", "20260901T")
    answer = within(phone, row, "/dav/calendars/ada/~outbox/", body.encode())
    assert answer.status_code < 500, answer.text[:300]
