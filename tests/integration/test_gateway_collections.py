"""Making, changing and deleting collections; bad input; a store in trouble; slow clients."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import event

from storage.tables import accounts, bindings
from tests.servers.gateway import Hub, Phone, running_hub
from tests.stores import only_on, store_of

AGENDA, HOME = "/dav/calendars/ada/agenda/", "/dav/calendars/ada/"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nSUMMARY:{0}\r\nDESCRIPTION:{1}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user("ada")
        running.collection("agenda", "event")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def proppatch(phone: Phone, path: str, inner: str, operation: str = "set") -> etree._Element:
    body = f'<propertyupdate xmlns="DAV:"><{operation}><prop>{inner}</prop></{operation}></propertyupdate>'
    answer = phone.request("PROPPATCH", path, data=body.encode())
    assert answer.status_code == 207, answer.text
    return etree.fromstring(answer.content)


def statuses(root: etree._Element) -> dict[str, str]:
    found = {}
    for propstat in root.iter("{DAV:}propstat"):
        status = str(propstat.findtext("{DAV:}status")).split()[1]
        found.update({str(element.tag): status for element in propstat.iterfind("{DAV:}prop/*")})
    return found


def read(phone: Phone, path: str, element: str) -> etree._Element | None:
    body = f'<propfind xmlns="DAV:"><prop>{element}</prop></propfind>'
    root = etree.fromstring(phone.request("PROPFIND", path, data=body).content)
    return root.find(f".//{etree.fromstring(element).tag}")


# ---------------------------------------------------------------- properties


def test_unknown_properties_are_kept_as_xml_and_given_back(phone: Phone) -> None:
    kept = '<z:thing xmlns:z="urn:z" a="1"><z:inner>é &amp; &lt;</z:inner><other xmlns="urn:o"/></z:thing>'
    assert statuses(proppatch(phone, AGENDA, kept)) == {"{urn:z}thing": "200"}
    found = read(phone, AGENDA, '<thing xmlns="urn:z"/>')
    assert found is not None
    found.tail = None
    assert etree.tostring(found, method="c14n", exclusive=True) == etree.tostring(
        etree.fromstring(kept), method="c14n", exclusive=True
    )
    assert "thing" in phone.request("PROPFIND", AGENDA, data='<propfind xmlns="DAV:"><allprop/></propfind>').text
    proppatch(phone, AGENDA, '<thing xmlns="urn:z"/>', "remove")
    found = read(phone, AGENDA, '<thing xmlns="urn:z"/>')
    assert found is not None
    assert len(found) == 0


def test_known_properties_change_and_fall_back(phone: Phone) -> None:
    own = f"{HOME}own/"
    phone.request("MKCALENDAR", own)
    proppatch(phone, own, "<displayname>Büro</displayname>")
    assert "Büro" in phone.request("PROPFIND", HOME, headers={"Depth": "1"}).content.decode()
    proppatch(phone, own, "<displayname/>", "remove")
    assert "<D:displayname>own<" in phone.request("PROPFIND", HOME, headers={"Depth": "1"}).text


def test_a_phone_renames_what_others_know_by_its_name_for_its_user_alone(hub: Hub, phone: Phone) -> None:
    assert statuses(proppatch(phone, AGENDA, "<displayname>Mine</displayname>")) == {"{DAV:}displayname": "200"}
    assert "<D:displayname>Agenda<" not in phone.request("PROPFIND", HOME, headers={"Depth": "1"}).text
    hub.user("bob")
    others = hub.phone("bob").request("PROPFIND", "/dav/calendars/bob/", headers={"Depth": "1"})
    assert "<D:displayname>Agenda<" in others.text


def test_an_odd_color_is_kept_as_it_is(phone: Phone) -> None:
    color = '<calendar-color xmlns="http://apple.com/ns/ical/">{}</calendar-color>'
    for value in ("tomato", "#123456", "rgb(1,2,3)"):
        proppatch(phone, AGENDA, color.format(value))
        found = read(phone, AGENDA, color.format(""))
        assert found is not None
        assert found.text == value


def test_a_protected_property_stops_the_others_too(phone: Phone) -> None:
    color = '<calendar-color xmlns="http://apple.com/ns/ical/">#123456</calendar-color>'
    found = statuses(proppatch(phone, AGENDA, f"{color}<sync-token>1</sync-token>"))
    assert found == {"{http://apple.com/ns/ical/}calendar-color": "424", "{DAV:}sync-token": "403"}
    assert "#123456" not in phone.request("PROPFIND", HOME, headers={"Depth": "1"}).text


def test_a_giant_property_and_a_flood_of_properties_are_refused(phone: Phone) -> None:
    assert set(statuses(proppatch(phone, AGENDA, f'<x xmlns="urn:x">{"y" * 70_000}</x>')).values()) == {"507"}
    flood = "".join(f'<x{n} xmlns="urn:x">y</x{n}>' for n in range(250))
    assert set(statuses(proppatch(phone, AGENDA, flood)).values()) == {"507"}


def test_items_and_homes_take_no_property_changes(phone: Phone) -> None:
    phone.put(f"{AGENDA}a.ics", data=EVENT.format("a", ""))
    for path in (f"{AGENDA}a.ics", HOME):
        assert set(statuses(proppatch(phone, path, "<displayname>x</displayname>")).values()) == {"403"}


# ---------------------------------------------------------------- making and deleting


def test_extended_mkcol_makes_calendars_and_address_books(phone: Phone) -> None:
    body = (
        '<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/>{}</resourcetype><displayname>New</displayname>'
        "</prop></set></mkcol>"
    )
    calendar = '<C:calendar xmlns:C="urn:ietf:params:xml:ns:caldav"/>'
    book = '<A:addressbook xmlns:A="urn:ietf:params:xml:ns:carddav"/>'
    books = "/dav/addressbooks/ada/new/"
    assert phone.request("MKCOL", f"{HOME}new/", data=body.format(calendar)).status_code == 201
    assert phone.request("MKCOL", books, data=body.format(book)).status_code == 201
    wrong = phone.request("MKCOL", f"{HOME}other/", data=body.format(book))
    assert (wrong.status_code, "<D:valid-resourcetype/>" in wrong.text) == (403, True)
    assert "<D:displayname>New<" in phone.request("PROPFIND", books).text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("MKCALENDAR", AGENDA, 405),
        ("MKCALENDAR", f"{AGENDA}inner/", 403),
        ("MKCALENDAR", "/dav/addressbooks/ada/x/", 403),
        ("MKCALENDAR", HOME, 405),
        ("MKCOL", "/dav/", 405),
        ("MKCOL", f"{HOME}a~b/", 403),
    ],
)
def test_where_collections_cannot_be_made(phone: Phone, method: str, path: str, status: int) -> None:
    assert phone.request(method, path).status_code == status


def test_a_calendar_of_something_else_is_refused(phone: Phone) -> None:
    body = (
        '<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
        '<C:supported-calendar-component-set><C:comp name="VJOURNAL"/></C:supported-calendar-component-set>'
        "</prop></set></C:mkcalendar>"
    )
    answer = phone.request("MKCALENDAR", f"{HOME}x/", data=body)
    assert (answer.status_code, "<C:supported-calendar-component/>" in answer.text) == (403, True)


def test_only_own_and_unbound_collections_can_be_deleted(hub: Hub, phone: Phone) -> None:
    refused = phone.delete(AGENDA)
    assert (refused.status_code, "<D:need-privileges>" in refused.text) == (403, True)
    assert phone.request("MKCALENDAR", f"{HOME}mine/").status_code == 201
    now = hub.clock()
    hub.execute(accounts.insert().values(name="work", since=now))
    hub.execute(bindings.insert().values(name="b", account_id=1, collection_id=2, remote_id="x"))
    assert phone.delete(f"{HOME}mine/").status_code == 403
    hub.execute(bindings.delete())
    assert phone.delete(f"{HOME}mine/").status_code == 204
    assert phone.request("PROPFIND", f"{HOME}mine/").status_code == 404
    assert phone.delete(f"{HOME}mine/").status_code == 404


# ---------------------------------------------------------------- bad input and bad times


BAD = [
    b'<!DOCTYPE x [<!ENTITY a "b">]><propfind xmlns="DAV:"><prop>&a;</prop></propfind>',
    b"<propfind",
    b"<a>" * 10_000,
    b"\0\1\2",
    b'<other xmlns="DAV:"/>',
]


@pytest.mark.parametrize("body", BAD)
@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR"])
def test_bad_xml_is_refused_without_a_traceback(phone: Phone, method: str, body: bytes) -> None:
    path = f"{HOME}new/" if method == "MKCALENDAR" else AGENDA
    answer = phone.request(method, path, data=body)
    assert answer.status_code in (400, 403)
    assert "Traceback" not in answer.text
    assert phone.request("PROPFIND", f"{HOME}new/").status_code == 404


def test_a_giant_report_is_refused(phone: Phone) -> None:
    assert phone.request("REPORT", AGENDA, data=b"<a>" + b" " * 5_000_000).status_code == 413


@only_on("sqlite")
def test_a_store_that_is_locked_gives_503_with_retry_after(hub: Hub, phone: Phone, tmp_path: Path) -> None:
    phone.get("/dav/")
    hub.database.engine.dispose()
    event.listen(hub.database.engine, "connect", lambda c, _: c.execute("PRAGMA busy_timeout = 200"))  # else 30 s
    other = sqlite3.connect(store_of(tmp_path).removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = phone.put(f"{AGENDA}a.ics", data=EVENT.format("a", ""))
    other.execute("ROLLBACK")
    other.close()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "Traceback" not in answer.text
    assert phone.put(f"{AGENDA}a.ics", data=EVENT.format("a", "")).status_code == 201


@only_on("sqlite")
def test_a_full_disk_gives_507_and_works_again_by_itself(hub: Hub, phone: Phone) -> None:
    phone.put(f"{AGENDA}a.ics", data=EVENT.format("a", ""))
    limit_pages(hub, 1)
    refused = [phone.put(f"{AGENDA}{n}.ics", data=EVENT.format(n, "x" * 100_000)).status_code for n in range(3)]
    assert 507 in refused
    assert phone.get(f"{AGENDA}a.ics").status_code == 200
    limit_pages(hub, 1_000_000)
    assert phone.put(f"{AGENDA}9.ics", data=EVENT.format("nine", "x" * 100_000)).status_code == 201


def limit_pages(hub: Hub, pages: int) -> None:
    """Stand in for a full disk: SQLite then says what it says on a full disk."""
    hub.database.engine.dispose()
    event.listen(hub.database.engine, "connect", lambda c, _: c.execute(f"PRAGMA max_page_count = {pages}"))


@only_on("sqlite")
def test_a_database_that_is_gone_gives_an_answer_without_a_traceback(hub: Hub, phone: Phone, tmp_path: Path) -> None:
    hub.database.dispose()
    for file in tmp_path.glob("hub.db*"):
        file.unlink()
    answer = phone.get(f"{AGENDA}a.ics")
    assert answer.status_code in (500, 503)
    assert "Traceback" not in answer.text


def test_a_slow_reader_holds_no_transaction_and_stops_nobody(hub: Hub, phone: Phone) -> None:
    for number in range(60):
        hub.item(1, EVENT.format(number, "x" * 200_000))
    host, port = hub.url.removeprefix("http://").split(":")
    authorization = phone.get("/dav/").request.headers["Authorization"]
    body = (
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-data/></prop>'
        '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
    )
    with socket.create_connection((host, int(port)), timeout=10) as line:
        head = f"REPORT {AGENDA} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: {len(body)}"
        line.sendall(f"{head}\r\n\r\n{body}".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 207")
        time.sleep(0.3)
        assert hub.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert phone.put(f"{AGENDA}new.ics", data=EVENT.format("new", "")).status_code == 201
