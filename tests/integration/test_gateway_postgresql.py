"""The gateway over PostgreSQL: what phones do all day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers.cutting_proxy import Loses, cutting_proxy
from tests.servers.gateway import Hub, Phone, running_hub

AGENDA = "/dav/calendars/ada/agenda/"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\nSUMMARY:Übung {1}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def hub(tmp_path: Path, postgres_url: str) -> Iterator[Hub]:
    with running_hub(tmp_path, url=postgres_url) as running:
        running.user("ada")
        running.collection("agenda", "event,task")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def sync(phone: Phone, token: str = "") -> tuple[set[str], set[str], str]:
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level>'
        "<prop><getetag/></prop></sync-collection>"
    )
    text = phone.request("REPORT", AGENDA, data=body).text
    changed = set(re.findall(r"agenda/([^<]+)</D:href><D:propstat>", text))
    removed = set(re.findall(r"agenda/([^<]+)</D:href><D:status>HTTP/1.1 404", text))
    return changed, removed, re.findall("<D:sync-token>(.*?)<", text)[0]


def test_a_day_of_a_phone(phone: Phone) -> None:
    assert "agenda/" in phone.request("PROPFIND", "/dav/calendars/ada/", headers={"Depth": "1"}).text
    body = EVENT.format("a", 1).encode()
    made = phone.put(f"{AGENDA}a.ics", data=body, headers={"If-None-Match": "*"})
    assert made.status_code == 201
    assert phone.get(f"{AGENDA}a.ics").content == body
    changed, _, token = sync(phone)
    assert changed == {"a.ics"}
    assert phone.put(f"{AGENDA}b.ics", data=body).status_code == 409
    new = {"If-Match": made.headers["etag"]}
    assert phone.put(f"{AGENDA}a.ics", data=EVENT.format("a", 2).encode(), headers=new).status_code == 204
    query = (
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-data/></prop>'
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20260301T000000Z" '
        'end="20260302T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>'
    )
    assert "Übung 2" in phone.request("REPORT", AGENDA, data=query).content.decode()
    assert phone.delete(f"{AGENDA}a.ics").status_code == 204
    assert sync(phone, token)[:2] == (set(), {"a.ics"})


def test_collections_and_their_properties(phone: Phone) -> None:
    path = "/dav/calendars/ada/mine/"
    assert phone.request("MKCALENDAR", path).status_code == 201
    assert phone.request("MKCALENDAR", path).status_code == 405
    body = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">1</x></prop></set></propertyupdate>'
    assert phone.request("PROPPATCH", path, data=body).status_code == 207
    assert "urn:x" in phone.request("PROPFIND", path).text
    assert phone.delete(path).status_code == 204


def test_no_change_of_many_writers_is_missed_by_a_reader_that_polls_meanwhile(hub: Hub, phone: Phone) -> None:
    def write(number: int) -> int:
        return int(phones[number % 4].put(f"{AGENDA}{number}.ics", data=EVENT.format(number, 0).encode()).status_code)

    phones = [hub.phone("ada", f"Phone {number}") for number in range(4)]
    seen: set[str] = set()
    token = ""
    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(write, number) for number in range(60)]
        while not all(one.done() for one in writes):
            changed, _, token = sync(phone, token)
            seen |= changed
    assert {one.result() for one in writes} == {201}
    seen |= sync(phone, token)[0]
    assert seen == {f"{number}.ics" for number in range(60)}


def test_of_two_writers_with_the_same_condition_one_wins(hub: Hub, phone: Phone) -> None:
    tag = phone.put(f"{AGENDA}a.ics", data=EVENT.format("a", 0).encode()).headers["etag"]
    phones = [hub.phone("ada", f"Phone {number}") for number in range(4)]

    def write(number: int) -> int:
        body = EVENT.format("a", number + 1).encode()
        return int(phones[number].put(f"{AGENDA}a.ics", data=body, headers={"If-Match": tag}).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, range(4))) == [204, 412, 412, 412]


@pytest.mark.parametrize("loses", list(Loses))
def test_r05_a_phone_whose_edit_is_in_doubt_sends_it_again_and_has_it_once(
    tmp_path: Path, postgres_url: str, loses: Loses
) -> None:
    with cutting_proxy(postgres_url) as proxy, running_hub(tmp_path, url=proxy.url) as hub:
        hub.user("ada")
        hub.collection("agenda", "event,task")
        phone = hub.phone("ada")
        phone.get("/dav/")
        answers = []
        for at_commit in (1, 2, 3):  # one of them is that of the edit; the others are those of reading
            proxy.cut(loses, at_commit)
            answers.append(phone.put(f"{AGENDA}a{at_commit}.ics", data=EVENT.format(f"a{at_commit}", 1).encode()))
            phone.put(f"{AGENDA}a{at_commit}.ics", data=EVENT.format(f"a{at_commit}", 1).encode())
        refused = [answer for answer in answers if answer.status_code == 503]
        assert refused
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
        assert sync(phone)[0] == {"a1.ics", "a2.ics", "a3.ics"}
