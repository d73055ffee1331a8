"""Sign-in with app passwords, limits on guessing, and what of others is hidden."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dav_gateway.answers import Refused
from dav_gateway.auth import PER_ACCOUNT, PER_ADDRESS, Doorkeeper
from storage import admin_people
from storage.tables import devices, grants
from tests.servers.gateway import Hub, Phone, running_hub

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nSUMMARY:Secret plan\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
METHODS = ["OPTIONS", "GET", "HEAD", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL"]
METHODS += ["COPY", "MOVE", "LOCK", "ACL", "POST", "PATCH"]
BODIES = {
    "PUT": EVENT.format("new"),
    "PROPFIND": '<propfind xmlns="DAV:"><allprop/></propfind>',
    "PROPPATCH": '<propertyupdate xmlns="DAV:"><set><prop><displayname>x</displayname></prop></set></propertyupdate>',
    "REPORT": '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop/></sync-collection>',
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.collection("agenda", "event")
        for name in ("ada", "bob"):
            own = running.collection(f"{name}-private", "event", running.user(name))
            running.item(own, EVENT.format(name), "plan.ics")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/dav/", "/dav/calendars/ada/", "/dav/calendars/ada/agenda/", "/dav/nowhere/"])
def test_nothing_is_told_before_sign_in(hub: Hub, method: str, path: str) -> None:
    stranger = Phone(hub.url, "", "")
    stranger.auth = None
    answer = stranger.request(method, path, data=BODIES.get(method))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="AgendaHub", charset="UTF-8"'


def test_a_wrong_password_or_name_is_refused(hub: Hub, phone: Phone) -> None:
    assert phone.get("/dav/").status_code == 200
    for user, password in (("ada", "wrong"), ("bob", phone.password), ("", phone.password), ("ada", "")):
        assert Phone(hub.url, user, password).get("/dav/").status_code == 401


def test_the_password_may_be_typed_as_people_type(hub: Hub, phone: Phone) -> None:
    for user, password in (("Ada", phone.password.upper()), ("ada ", phone.password.replace("-", " "))):
        assert Phone(hub.url, user, password).get("/dav/").status_code == 200


def test_a_revoked_device_and_a_blocked_user_are_out_at_once(hub: Hub, phone: Phone) -> None:
    other = hub.phone("ada", "Laptop")
    assert (phone.get("/dav/").status_code, other.get("/dav/").status_code) == (200, 200)
    with hub.database.begin() as unit:
        admin_people.revoke_device(unit.session.connection, 1, hub.clock())
    assert (phone.get("/dav/").status_code, other.get("/dav/").status_code) == (401, 200)
    with hub.database.begin() as unit:
        admin_people.set_blocked(unit.session.connection, "ada", blocked=True)
    assert other.get("/dav/").status_code == 401


def test_guessing_is_stopped_and_honest_devices_are_not(hub: Hub, phone: Phone) -> None:
    assert phone.get("/dav/").status_code == 200
    guesser = Phone(hub.url, "ada", "guess")
    statuses = [guesser.get("/dav/").status_code for _ in range(PER_ADDRESS + 3)]
    assert statuses == [401] * PER_ADDRESS + [429] * 3
    assert int(guesser.get("/dav/").headers["retry-after"]) > 0
    assert phone.get("/dav/").status_code == 200
    hub.clock.ahead = timedelta(minutes=11)
    assert guesser.get("/dav/").status_code == 401


def _status(door: Doorkeeper, password: str, client: str) -> int:
    try:
        door.admit(f"Basic {base64.b64encode(f'ada:{password}'.encode()).decode()}", client)
    except Refused as refused:
        return refused.status
    return 200


def test_guessing_from_many_addresses_is_stopped_and_the_owner_is_not_locked_out(hub: Hub, phone: Phone) -> None:
    door = Doorkeeper(hub.database, hub.clock)
    statuses = [_status(door, f"guess {number}", f"192.0.2.{number}") for number in range(PER_ACCOUNT)]
    assert set(statuses) == {401}
    assert _status(door, "guess", "192.0.2.1") == 429
    assert _status(door, phone.password, "198.51.100.7") == 200  # the owner, from where nobody failed
    assert _status(door, phone.password, "192.0.2.1") == 200  # and now from anywhere: this device was right before


def test_the_last_use_of_a_device_is_written_once_an_hour(hub: Hub, phone: Phone) -> None:
    def last() -> object:
        return hub.execute(select(devices.c.last_used_at)).scalar_one()

    assert last() is None
    phone.get("/dav/")
    first = last()
    assert first is not None
    hub.clock.ahead = timedelta(minutes=59)
    phone.get("/dav/")
    assert last() == first
    hub.clock.ahead = timedelta(minutes=61)
    phone.get("/dav/")
    assert last() != first


FOREIGN = [
    "/dav/principals/bob/calendar-proxy-write/",
    "/dav/calendars/bob/",
    "/dav/addressbooks/bob/",
    "/dav/calendars/bob/bob-private/",
    "/dav/calendars/bob/bob-private/plan.ics",
    "/dav/calendars/bob/agenda/",
    "/dav/calendars/ada/bob-private/plan.ics",
    "/dav/calendars/ada/bob-private~bob/plan.ics",
]


@pytest.mark.parametrize("path", FOREIGN)
@pytest.mark.parametrize("method", METHODS)
def test_what_belongs_to_somebody_else_is_not_there(phone: Phone, method: str, path: str) -> None:
    answer = phone.request(method, path, data=BODIES.get(method), headers={"Depth": "0"})
    below_own_home = path.startswith("/dav/calendars/ada/")
    of_item = method == "REPORT" and path.endswith(".ics")  # sync-collection is refused for what an address looks like
    if below_own_home and (of_item or method in ("OPTIONS", "COPY", "MOVE", "LOCK", "ACL", "POST", "PATCH")):
        # These look at no collection at all: the answer is that for any address of the user's own.
        nowhere = phone.request(
            method, "/dav/calendars/ada/nowhere/x.ics", data=BODIES.get(method), headers={"Depth": "0"}
        )
        assert (answer.status_code, answer.content) == (nowhere.status_code, nowhere.content)
    elif below_own_home and method in ("MKCALENDAR", "MKCOL"):
        assert answer.status_code == 403
    else:
        assert answer.status_code == 404
    assert "Secret" not in answer.text


def test_foreign_items_are_not_there_in_reports_either(phone: Phone) -> None:
    hrefs = "".join(f"<href>{path}</href>" for path in FOREIGN)
    body = (
        '<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<prop><C:calendar-data/></prop>{hrefs}</C:calendar-multiget>"
    )
    answer = phone.request("REPORT", "/dav/calendars/ada/ada-private/", data=body)
    assert answer.text.count("HTTP/1.1 404 Not Found") == len(FOREIGN)
    assert "Secret" not in answer.text


def test_a_grant_shows_a_collection_to_read_or_to_write(hub: Hub, phone: Phone) -> None:
    shared = "/dav/calendars/ada/bob-private~bob/"
    hub.execute(grants.insert().values(collection_id=3, user_id=1, access="read"))
    assert shared in phone.request("PROPFIND", "/dav/calendars/ada/", headers={"Depth": "1"}).text
    assert "Secret" in phone.get(f"{shared}plan.ics").text
    for answer in (
        phone.put(f"{shared}new.ics", data=EVENT.format("new")),
        phone.delete(f"{shared}plan.ics"),
    ):
        assert answer.status_code == 403
        assert "<D:need-privileges>" in answer.text
    assert phone.request("PROPPATCH", shared, data=BODIES["PROPPATCH"]).status_code == 207  # how ada sees it is hers
    hub.execute(grants.update().values(access="write"))
    assert phone.put(f"{shared}new.ics", data=EVENT.format("new")).status_code == 201
    assert phone.delete(shared).status_code == 204  # she gives it back; it stays bob's
    assert phone.request("PROPFIND", shared, headers={"Depth": "0"}).status_code == 404
    assert "Secret" in hub.phone("bob").get("/dav/calendars/bob/bob-private/plan.ics").text


def test_of_a_colleague_only_name_and_address_are_told(phone: Phone) -> None:
    found = phone.request("PROPFIND", "/dav/principals/bob/", headers={"Depth": "0"})
    assert found.status_code == 207
    assert "/dav/calendars/bob" not in found.text


def test_a_grant_can_take_writing_of_a_company_collection_away(hub: Hub, phone: Phone) -> None:
    assert phone.put("/dav/calendars/ada/agenda/a.ics", data=EVENT.format("a")).status_code == 201
    hub.execute(grants.insert().values(collection_id=1, user_id=1, access="read"))
    assert phone.put("/dav/calendars/ada/agenda/b.ics", data=EVENT.format("b")).status_code == 403
