"""The calendar of birthdays that every user's contacts make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dav_gateway.app import routes
from tests.servers.gateway import Hub, Phone, running_hub, serving

HOME, BIRTHDAYS = "/dav/calendars/ada/", "/dav/calendars/ada/~birthdays/"
BOOK = "/dav/addressbooks/ada/people/"
ABOUT = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


def card(uid: str, born: str, name: str = "Grace", more: str = "") -> bytes:
    day = f"BDAY:{born}\r\n" if born else ""
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:;{name};;;\r\n{day}{more}END:VCARD\r\n".encode()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user("ada")
        running.user("bob")
        running.collection("people", "contact", owner=1)
        running.collection("company", "contact")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def sync(phone: Phone, token: str = "", limit: str = "") -> tuple[dict[str, str], set[str], str]:
    body = (
        f"<sync-collection {ABOUT}><sync-token>{token}</sync-token><sync-level>1</sync-level>{limit}"
        "<prop><getetag/></prop></sync-collection>"
    )
    answer = phone.request("REPORT", BIRTHDAYS, data=body)
    assert answer.status_code == 207, answer.text
    changed = dict(re.findall(r"birthdays/([^<]+)</D:href><D:propstat><D:prop><D:getetag>([^<]+)<", answer.text))
    removed = set(re.findall(r"birthdays/([^<]+)</D:href><D:status>HTTP/1.1 404", answer.text))
    return changed, removed, re.findall("<D:sync-token>(.*?)<", answer.text)[0]


def query(phone: Phone, start: str, end: str) -> list[str]:
    body = (
        f"<C:calendar-query {ABOUT}><prop><C:calendar-data/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
        f"<C:comp-filter name='VEVENT'><C:time-range start='{start}T000000Z' end='{end}T000000Z'/></C:comp-filter>"
        "</C:comp-filter></C:filter></C:calendar-query>"
    )
    return re.findall("SUMMARY:(.*?)[&\r]", phone.request("REPORT", BIRTHDAYS, data=body).text)


def test_the_calendar_is_there_once_there_are_contacts_and_follows_them(phone: Phone) -> None:
    assert "~birthdays" not in phone.request("PROPFIND", HOME, headers={"Depth": "1"}).text
    assert phone.request("PROPFIND", BIRTHDAYS).status_code == 404
    phone.put(f"{BOOK}a.vcf", data=card("a", "1985-04-12"))
    phone.put(f"{BOOK}b.vcf", data=card("b", "", "Nobody"))
    assert BIRTHDAYS in phone.request("PROPFIND", HOME, headers={"Depth": "1"}).text
    first, removed, token = sync(phone)
    assert (len(first), removed) == (1, set())
    (name,) = first
    got = phone.get(BIRTHDAYS + name)
    assert "SUMMARY:Grace (1985)\r\n" in got.text
    assert got.headers["etag"] == first[name]
    assert sync(phone, token)[:2] == ({}, set())
    phone.put(f"{BOOK}a.vcf", data=card("a", "1985-04-13"))
    second, _, token = sync(phone, token)
    assert second.keys() == first.keys()
    assert second != first
    phone.put(f"{BOOK}b.vcf", data=card("b", "--0229", "Somebody"))
    third, _, token = sync(phone, token)
    assert len(third) == 1
    assert phone.delete(f"{BOOK}a.vcf").status_code == 204
    assert name in sync(phone, token)[1]
    assert phone.get(BIRTHDAYS + name).status_code == 404
    phone.put(f"{BOOK}b.vcf", data=card("b", "", "Somebody"))
    changed, removed, _ = sync(phone, token)
    assert (changed, removed) == ({}, first.keys() | third.keys())


def test_what_comes_from_several_books_is_told_of_and_nothing_is_missed(hub: Hub, phone: Phone) -> None:
    bob = hub.phone("bob")
    known: dict[str, str] = {}
    token = ""
    for number in range(12):
        where = BOOK if number % 3 else "/dav/addressbooks/ada/company/"
        phone.put(f"{where}{number % 5}.vcf", data=card(f"u{number % 5}", f"19{80 + number}-01-01", f"N{number}"))
        if number % 4 == 0:
            bob.put("/dav/addressbooks/bob/company/bobs.vcf", data=card("bobs", f"19{60 + number}-02-02", "Bob"))
        if number % 2:
            changed, removed, token = sync(phone, token, "<limit><nresults>1</nresults></limit>")
            known = {name: tag for name, tag in {**known, **changed}.items() if name not in removed}
            assert known == sync(phone)[0]


def test_a_birthday_is_found_by_its_uid_and_by_its_words(phone: Phone) -> None:
    for number in range(3):
        phone.put(f"{BOOK}{number}.vcf", data=card(f"c{number}", "1985-04-12", f"N{number}"))
    uid = re.findall("UID:(\\S+)", phone.get(BIRTHDAYS + min(sync(phone)[0])).text)[0]
    for name, words in (("UID", uid), ("SUMMARY", "n0")):
        body = (
            f"<C:calendar-query {ABOUT}><prop><C:calendar-data/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
            f"<C:comp-filter name='VEVENT'><C:prop-filter name='{name}'><C:text-match>{words}</C:text-match>"
            "</C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        assert re.findall("SUMMARY:(..)", phone.request("REPORT", BIRTHDAYS, data=body).text) == ["N0"]


def test_a_month_of_birthdays(phone: Phone) -> None:
    for number, born in enumerate(("1985-04-12", "1990-05-01", "--0430", "1996-02-29", "2030-04-20")):
        phone.put(f"{BOOK}{number}.vcf", data=card(f"c{number}", born, f"N{number}"))
    assert query(phone, "20260401", "20260501") == ["N0 (1985)", "N2"]
    assert query(phone, "20270215", "20270301") == ["N3 (1996)"]
    assert query(phone, "20300401", "20300501") == ["N0 (1985)", "N2", "N4 (2030)"]


def test_nobody_writes_it_and_it_is_nobody_elses(hub: Hub, phone: Phone) -> None:
    phone.put(f"{BOOK}a.vcf", data=card("a", "1985-04-12"))
    (name,) = sync(phone)[0]
    event = phone.get(BIRTHDAYS + name).content
    for method, path in (("PUT", BIRTHDAYS + name), ("PUT", f"{BIRTHDAYS}x.ics"), ("DELETE", BIRTHDAYS + name)):
        assert phone.request(method, path, data=event).status_code == 403
    assert phone.delete(BIRTHDAYS).status_code == 403
    color = '<I:calendar-color xmlns:I="http://apple.com/ns/ical/">#FF0000</I:calendar-color>'
    patch = f"<propertyupdate {ABOUT}><set><prop>{color}</prop></set></propertyupdate>"
    assert " 403 " in phone.request("PROPPATCH", BIRTHDAYS, data=patch).text
    assert phone.request("MOVE", BIRTHDAYS + name, headers={"Destination": f"{HOME}x/a.ics"}).status_code == 403
    assert phone.request("MKCALENDAR", BIRTHDAYS).status_code in (403, 405)
    bob = hub.phone("bob")
    assert bob.request("PROPFIND", BIRTHDAYS).status_code == 404
    assert bob.request("PROPFIND", "/dav/calendars/bob/~birthdays/").status_code == 404
    push = f'<propfind {ABOUT}><prop><getctag xmlns="http://calendarserver.org/ns/"/><resourcetype/></prop></propfind>'
    assert "<C:calendar/>" in phone.request("PROPFIND", BIRTHDAYS, data=push).text


def test_an_admin_can_do_without_it(hub: Hub, phone: Phone) -> None:
    phone.put(f"{BOOK}a.vcf", data=card("a", "1985-04-12"))
    with serving(Starlette(routes=routes(hub.database, birthdays=False))) as url:
        plain = Phone(url, "ada", phone.password)
        assert "~birthdays" not in plain.request("PROPFIND", HOME, headers={"Depth": "1"}).text
        assert plain.request("PROPFIND", BIRTHDAYS).status_code == 404
        plain.close()


def test_private_cards_of_others_have_no_birthday(hub: Hub, phone: Phone) -> None:
    bob = hub.phone("bob")
    bob.put("/dav/addressbooks/bob/company/a.vcf", data=card("a", "1985-04-12", "Secret", "CLASS:PRIVATE\r\n"))
    bob.put("/dav/addressbooks/bob/company/b.vcf", data=card("b", "1985-04-12", "Open"))
    listed = phone.request("PROPFIND", BIRTHDAYS, headers={"Depth": "1"}).text
    assert listed.count(".ics</D:href>") == 1
    token = sync(phone)[2]
    bob.put("/dav/addressbooks/bob/company/b.vcf", data=card("b", "1985-04-12", "Open", "CLASS:PRIVATE\r\n"))
    changed, removed, _ = sync(phone, token)
    assert (changed, len(removed)) == ({}, 1)
    mine = "/dav/calendars/bob/~birthdays/"
    assert bob.request("PROPFIND", mine, headers={"Depth": "1"}).text.count(".ics</D:href>") == 2


def test_a_contact_that_is_carried_out_of_sight_takes_its_birthday_along(hub: Hub, phone: Phone) -> None:
    bob = hub.phone("bob")
    phone.put("/dav/addressbooks/ada/company/g.vcf", data=card("g", "19061209"), headers={"Content-Type": "text/vcard"})
    address = BIRTHDAYS.replace("ada", "bob")
    listing = bob.request("PROPFIND", address, headers={"Depth": "1"}).text
    (name,) = re.findall("birthdays/([^<]+)<", listing)
    body = f"<sync-collection {ABOUT}><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    (token,) = re.findall("<D:sync-token>(.*?)<", bob.request("REPORT", address, data=body).text)
    moved = phone.request("MOVE", "/dav/addressbooks/ada/company/g.vcf", headers={"Destination": f"{BOOK}g.vcf"})
    assert moved.status_code == 201
    again = body.replace("<sync-token/>", f"<sync-token>{token}</sync-token>")
    assert f"birthdays/{name}</D:href><D:status>HTTP/1.1 404" in bob.request("REPORT", address, data=again).text
    changed, _removed, _token = sync(phone)
    assert name in changed
