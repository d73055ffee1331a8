"""COPY and MOVE of items and collections: what arrives, what stays behind, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from storage.integrity import damage
from storage.tables import accounts, bindings
from tests.servers.gateway import Hub, Phone, running_hub

HOME, BOOKS = "/dav/calendars/ada/", "/dav/addressbooks/ada/"
ONE, TWO = f"{HOME}one/", f"{HOME}two/"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\nSUMMARY:Übung {1}\r\nX-ODD:\\q\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Carl\r\nN:;Carl;;;\r\nEND:VCARD\r\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        furnish(running)
        yield running
        with running.database.read() as unit:
            assert damage(unit.session.connection) == []


def furnish(hub: Hub) -> None:
    ada = hub.user("ada")
    hub.collection("one", "event,task", ada)
    hub.collection("two", "event", ada)
    hub.collection("book", "contact", ada)
    hub.user("ben")
    hub.collection("hidden", "event", ada + 1)


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def put(phone: Phone, path: str, uid: str, title: str = "a") -> bytes:
    body = EVENT.format(uid, title).encode()
    assert phone.put(path, data=body).status_code in (201, 204)
    return body


def send(phone: Phone, method: str, source: str, to: str, **headers: str) -> requests.Response:
    return phone.request(method, source, headers={"Destination": to, **headers})


def sync(phone: Phone, collection: str, token: str = "") -> tuple[set[str], set[str], str]:
    """What changed, what is gone, the next token."""
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level>'
        "<prop><getetag/></prop></sync-collection>"
    )
    text = phone.request("REPORT", collection, data=body).text
    changed = set(re.findall(r"/([^</]+)</D:href><D:propstat>", text))
    removed = set(re.findall(r"/([^</]+)</D:href><D:status>HTTP/1.1 404", text))
    return changed, removed, re.findall("<D:sync-token>(.*?)<", text)[0]


# ---------------------------------------------------------------- items


def test_a_moved_item_is_the_same_and_devices_learn_of_both_ends(hub: Hub, phone: Phone) -> None:
    body = put(phone, f"{ONE}a.ics", "a")
    tag = phone.get(f"{ONE}a.ics").headers["etag"]
    (_, _, one), (_, _, two) = sync(phone, ONE), sync(phone, TWO)
    moved = send(phone, "MOVE", f"{ONE}a.ics", f"{hub.url}{TWO}b%20c.ics")
    assert (moved.status_code, moved.headers["location"]) == (201, f"{TWO}b%20c.ics")
    found = phone.get(f"{TWO}b%20c.ics")
    assert (found.content, found.headers["etag"]) == (body, tag)
    assert phone.get(f"{ONE}a.ics").status_code == 404
    assert sync(phone, ONE, one)[:2] == (set(), {"a.ics"})
    assert sync(phone, TWO, two)[:2] == ({"b%20c.ics"}, set())
    with hub.database.read() as unit:
        assert list(unit.items([1])) == [1]
        assert unit.items([1])[1].collection_id == 2


def test_a_renamed_item_leaves_a_tombstone_under_its_old_name(phone: Phone) -> None:
    put(phone, f"{ONE}a.ics", "a")
    token = sync(phone, ONE)[2]
    assert send(phone, "MOVE", f"{ONE}a.ics", f"{ONE}b.ics").status_code == 201
    assert sync(phone, ONE, token)[:2] == ({"b.ics"}, {"a.ics"})
    token = sync(phone, ONE)[2]
    assert send(phone, "MOVE", f"{ONE}b.ics", f"{ONE}a.ics").status_code == 201
    assert sync(phone, ONE, token)[:2] == ({"a.ics"}, {"b.ics"})
    assert phone.put(f"{ONE}b.ics", data=EVENT.format("a", "again")).status_code == 409


def test_a_copy_is_an_item_of_its_own(phone: Phone) -> None:
    body = put(phone, f"{ONE}a.ics", "a")
    assert send(phone, "COPY", f"{ONE}a.ics", f"{TWO}a.ics").status_code == 201
    assert phone.get(f"{TWO}a.ics").content == body
    put(phone, f"{TWO}a.ics", "a", "changed")
    assert phone.get(f"{ONE}a.ics").content == body


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_what_is_at_the_destination_gives_way_unless_the_client_says_no(phone: Phone, method: str) -> None:
    body = put(phone, f"{ONE}a.ics", "a")
    put(phone, f"{TWO}x.ics", "a", "in the way")
    token = sync(phone, TWO)[2]
    assert send(phone, method, f"{ONE}a.ics", f"{TWO}x.ics", Overwrite="F").status_code == 412
    assert "in the way" in phone.get(f"{TWO}x.ics").text
    assert send(phone, method, f"{ONE}a.ics", f"{TWO}x.ics").status_code == 204
    assert phone.get(f"{TWO}x.ics").content == body
    changed, removed, _ = sync(phone, TWO, token)
    assert (changed, "x.ics" in removed) == ({"x.ics"}, False)
    assert phone.get(f"{ONE}a.ics").status_code == (404 if method == "MOVE" else 200)


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_uid_that_is_there_under_another_name_is_a_conflict(phone: Phone, method: str) -> None:
    put(phone, f"{ONE}a.ics", "a")
    put(phone, f"{TWO}b.ics", "a")
    refused = send(phone, method, f"{ONE}a.ics", f"{TWO}c.ics")
    assert refused.status_code == 409
    assert f"<C:no-uid-conflict><D:href>{TWO}b.ics</D:href></C:no-uid-conflict>" in refused.text
    assert send(phone, "COPY", f"{ONE}a.ics", f"{ONE}c.ics").status_code == 409
    put(phone, f"{TWO}d.ics", "d")
    refused = send(phone, method, f"{ONE}a.ics", f"{TWO}d.ics")  # nor replaces it one of another UID
    assert f"<C:no-uid-conflict><D:href>{TWO}d.ics</D:href></C:no-uid-conflict>" in refused.text
    assert phone.get(f"{TWO}d.ics").status_code == 200


def test_what_a_collection_does_not_take_is_neither_copied_nor_moved_there(phone: Phone) -> None:
    put(phone, f"{ONE}a.ics", "a")
    phone.put(f"{BOOKS}book/c.vcf", data=CARD)
    task = EVENT.replace("VEVENT", "VTODO").replace("DTEND", "DUE").format("t", "")
    assert phone.put(f"{ONE}t.ics", data=task.encode()).status_code == 201
    for source, to, condition in (
        (f"{ONE}t.ics", f"{TWO}t.ics", "<C:supported-calendar-component/>"),
        (f"{ONE}a.ics", f"{BOOKS}book/a.vcf", "<A:supported-address-data/>"),
        (f"{BOOKS}book/c.vcf", f"{ONE}c.ics", "<C:supported-calendar-data/>"),
    ):
        for method in ("COPY", "MOVE"):
            refused = send(phone, method, source, to)
            assert refused.status_code in (403, 415)
            assert condition in refused.text
            assert phone.get(source).status_code == 200


NOWHERE = {
    "": 400,
    "http://[": 400,
    f"http://elsewhere.example{TWO}a.ics": 502,
    "/somewhere/else.ics": 502,
    f"{ONE}a.ics": 403,
    TWO: 403,
    f"{HOME}a.ics": 403,
    f"{HOME}missing/a.ics": 409,
    "/dav/calendars/ben/hidden/a.ics": 404,
    "/dav/calendars/ben/missing/a.ics": 404,
    "/dav/calendars/nobody/x/a.ics": 404,
    f"{HOME}hidden~ben/a.ics": 409,
    f"{ONE}..%2Fa.ics/deeper": 502,
}


def test_where_nothing_can_be_sent(phone: Phone) -> None:
    body = put(phone, f"{ONE}a.ics", "a")
    for method in ("COPY", "MOVE"):
        assert {to: send(phone, method, f"{ONE}a.ics", to).status_code for to in NOWHERE} == NOWHERE
        assert phone.get(f"{ONE}a.ics").content == body


def test_nothing_is_taken_from_others(hub: Hub, phone: Phone) -> None:
    hub.item(4, EVENT.format("b", "secret"), "b.ics")
    for method in ("COPY", "MOVE"):
        for source in ("/dav/calendars/ben/hidden/b.ics", f"{HOME}hidden~ben/b.ics", "/dav/calendars/ben/hidden/"):
            assert send(phone, method, source, f"{ONE}b.ics").status_code == 404
        assert send(phone, method, HOME, f"{HOME}x/").status_code == 405


def test_preconditions_are_about_the_source(phone: Phone) -> None:
    put(phone, f"{ONE}a.ics", "a")
    tag = phone.get(f"{ONE}a.ics").headers["etag"]
    assert send(phone, "MOVE", f"{ONE}a.ics", f"{TWO}a.ics", **{"If-Match": '"other"'}).status_code == 412
    assert send(phone, "MOVE", f"{ONE}a.ics", f"{TWO}a.ics", Overwrite="perhaps").status_code == 400
    assert send(phone, "COPY", f"{ONE}a.ics", f"{TWO}a.ics", **{"If-Match": tag}).status_code == 201


def test_the_same_host_by_another_name_of_its_port_and_behind_a_proxy(phone: Phone) -> None:
    put(phone, f"{ONE}a.ics", "a")
    to = f"https://Cal.Example:443{TWO}a.ics"
    assert send(phone, "COPY", f"{ONE}a.ics", to).status_code == 502
    assert send(phone, "COPY", f"{ONE}a.ics", to, Host="cal.example").status_code == 201
    behind = {"X-Forwarded-Host": "cal.example"}
    assert send(phone, "COPY", f"{ONE}a.ics", to, **behind).status_code == 204


def test_what_a_binding_syncs_is_deleted_there_and_new_where_it_goes(hub: Hub, phone: Phone) -> None:
    body = put(phone, f"{ONE}a.ics", "a")
    bind(hub, 1)
    assert send(phone, "MOVE", f"{ONE}a.ics", f"{TWO}a.ics").status_code == 201
    assert phone.get(f"{TWO}a.ics").content == body
    with hub.database.read() as unit:
        old, new = (unit.items([number])[number] for number in (1, 2))
    assert (old.collection_id, old.deleted, new.collection_id, new.deleted) == (1, True, 2, False)


def bind(hub: Hub, collection: int) -> None:
    hub.execute(accounts.insert().values(name="work", since=hub.clock()))
    hub.execute(bindings.insert().values(name="b", account_id=1, collection_id=collection, remote_id="x"))


# ---------------------------------------------------------------- collections


def test_a_moved_calendar_keeps_its_items_properties_and_token(phone: Phone) -> None:
    body = put(phone, f"{ONE}a.ics", "a")
    props = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">kept</x></prop></set></propertyupdate>'
    assert phone.request("PROPPATCH", ONE, data=props).status_code == 207
    token = sync(phone, ONE)[2]
    assert send(phone, "MOVE", ONE, f"{HOME}new").status_code == 201
    assert phone.get(f"{HOME}new/a.ics").content == body
    assert phone.request("PROPFIND", ONE).status_code == 404
    assert sync(phone, f"{HOME}new/", token)[:2] == (set(), set())
    assert ">kept<" in phone.request("PROPFIND", f"{HOME}new/").text


def test_a_copied_calendar_has_items_and_properties_of_its_own(phone: Phone) -> None:
    body = put(phone, f"{ONE}a.ics", "a")
    props = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">kept</x></prop></set></propertyupdate>'
    phone.request("PROPPATCH", ONE, data=props)
    assert send(phone, "COPY", ONE, f"{HOME}new/").status_code == 201
    assert send(phone, "COPY", ONE, f"{HOME}empty/", Depth="0").status_code == 201
    assert phone.get(f"{HOME}new/a.ics").content == body
    assert ">kept<" in phone.request("PROPFIND", f"{HOME}new/").text
    assert sync(phone, f"{HOME}empty/")[0] == set()
    phone.delete(f"{HOME}new/a.ics")
    assert phone.get(f"{ONE}a.ics").status_code == 200


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_calendar_at_the_destination_gives_way_unless_the_client_says_no(phone: Phone, method: str) -> None:
    put(phone, f"{ONE}a.ics", "a")
    put(phone, f"{TWO}b.ics", "b")
    assert send(phone, method, ONE, TWO, Overwrite="F").status_code == 412
    assert phone.get(f"{TWO}b.ics").status_code == 200
    assert send(phone, method, ONE, TWO).status_code == 204
    assert phone.get(f"{TWO}b.ics").status_code == 404
    assert phone.get(f"{TWO}a.ics").status_code == 200


def test_address_books_may_be_named_like_calendars(phone: Phone) -> None:
    phone.put(f"{BOOKS}book/c.vcf", data=CARD)
    assert send(phone, "COPY", f"{BOOKS}book/", f"{BOOKS}one/").status_code == 201
    assert send(phone, "MOVE", f"{BOOKS}book/", f"{BOOKS}two/").status_code == 201
    for book in ("one", "two"):
        assert phone.get(f"{BOOKS}{book}/c.vcf").text == CARD
    assert phone.request("PROPFIND", ONE).status_code == 207


def test_collections_that_cannot_be_moved(hub: Hub, phone: Phone) -> None:
    hub.collection("team", "event")
    bind(hub, 2)
    for source, to, status in (
        (f"{HOME}team/", f"{HOME}mine/", 403),
        (TWO, f"{HOME}mine/", 403),
        (ONE, TWO, 403),
        (ONE, f"{HOME}team/", 403),
        (ONE, f"{BOOKS}one/", 403),
        (ONE, f"{TWO}inner/", 403),
        (ONE, f"{HOME}a~b/", 403),
        (ONE, "/dav/calendars/ben/mine/", 404),
        (f"{HOME}missing/", f"{HOME}mine/", 404),
    ):
        assert send(phone, "MOVE", source, to).status_code == status, (source, to)
    assert send(phone, "MOVE", ONE, f"{HOME}mine/", Depth="0").status_code == 400
    assert send(phone, "COPY", ONE, f"{HOME}mine/", Depth="1").status_code == 400
    assert send(phone, "COPY", f"{HOME}team/", f"{HOME}mine/").status_code == 201


def test_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    with running_hub(tmp_path, url=postgres_url) as hub:
        furnish(hub)
        phone = hub.phone("ada")
        test_a_moved_item_is_the_same_and_devices_learn_of_both_ends(hub, phone)
        put(phone, f"{ONE}n.ics", "n")
        assert send(phone, "COPY", ONE, f"{HOME}new/").status_code == 201
        assert send(phone, "MOVE", f"{HOME}new/", f"{HOME}newer/").status_code == 201
        assert send(phone, "MOVE", f"{HOME}newer/n.ics", f"{TWO}n.ics").status_code == 201
        assert sync(phone, f"{HOME}newer/")[0] == set()
