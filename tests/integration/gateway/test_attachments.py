"""Managed attachments of events and tasks (RFC 8607)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, insert, select
from starlette.applications import Starlette

from dav_gateway.app import routes
from dav_gateway.site import Limits
from dav_gateway.uploads import FileLimits
from storage.admin_history import revisions
from storage.blobs import PART
from storage.pruning import prune
from storage.tables import attachments, blobs, grants, proxies
from sync_engine.item import Item
from sync_engine.ports import Origin
from tests.servers.gateway import Hub, Phone, running_hub, serving
from tests.servers.meetings import calendar, meeting
from tests.servers.meetings import office as people_who_meet

LIMITS = Limits(files=FileLimits(file=2 * PART, total=5 * PART, attachments=3))
SERIES = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Europe/Berlin:20260327T090000\r\nDTEND;TZID=Europe/Berlin:20260327T100000\r\n"
    "RRULE:FREQ=DAILY;COUNT=5\r\nSUMMARY:Übung\r\nX-KEPT;X-P=1:stays \r\n as it is\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260328T090000\r\n"
    "DTSTART;TZID=Europe/Berlin:20260328T110000\r\nDTEND;TZID=Europe/Berlin:20260328T120000\r\nSUMMARY:Moved\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
HOME = "/dav/calendars/ada/mine/"
EVENT = f"{HOME}e.ics"


@dataclass
class Office:
    hub: Hub
    ada: Phone
    bob: Phone
    mine: int
    bob_id: int
    ada_id: int


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with running_hub(tmp_path, limits=LIMITS) as hub:
        ada, bob = hub.user("ada"), hub.user("bob")
        mine = hub.collection("mine", "event,task", ada)
        made = Office(hub, hub.phone("ada"), hub.phone("bob"), mine, bob, ada)
        assert made.ada.put(EVENT, data=SERIES.format("e").encode()).status_code == 201
        yield made


def post(phone: Phone, query: str, data: bytes = b"octets", path: str = EVENT, **headers: str) -> requests.Response:
    return phone.post(f"{path}?action=attachment-{query}", data=data, headers=headers)


def add(phone: Phone, name: str = "a.txt", data: bytes = b"octets", query: str = "") -> tuple[str, str]:
    """Gives the new attachment's id and address."""
    named = {"Content-Disposition": f"attachment; filename={name}", "Content-Type": "text/plain; charset=utf-8"}
    made = post(phone, f"add{query}", data, **named)
    assert made.status_code == 201, made.text
    return made.headers["cal-managed-id"], made.headers["location"]


def parts(phone: Phone, path: str = EVENT) -> list[str]:
    """The events of the series, unfolded."""
    text = phone.get(path).text.replace("\r\n ", "")
    return [part.partition("END:VEVENT")[0] for part in text.split("BEGIN:VEVENT")[1:]]


def count(hub: Hub, table: object = blobs) -> int:
    return int(hub.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def bring_back(hub: Hub, item: int) -> None:
    """What undo does: its last text becomes the present one again, past the gateway."""
    with hub.database.begin() as unit:
        newest = revisions(unit.session.connection, item)[-1].id
        unit.update_item(item, Item.read(unit.texts([newest])[newest]), Origin("undo"))


def test_an_attachment_is_added_to_all_events_and_read_back(office: Office) -> None:
    before = office.ada.get(EVENT).text
    managed, address = add(office.ada)
    line = f"ATTACH;MANAGED-ID={managed};FMTTYPE=text/plain;FILENAME=a.txt;SIZE=6:{address}"
    assert [line in part for part in parts(office.ada)] == [True, True]
    folded = re.sub(r"ATTACH;[^\r]*\r\n(?: [^\r]*\r\n)*", "", office.ada.get(EVENT).text)
    assert folded == before
    got = office.ada.get(address)
    assert got.content == b"octets"
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert got.headers["content-disposition"] == "attachment"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert office.ada.get(address, headers={"Range": "bytes=2-"}).content == b"tets"
    assert office.ada.get(address, headers={"If-None-Match": got.headers["etag"]}).status_code == 304


def test_the_changed_event_comes_back_where_it_is_wanted(office: Office) -> None:
    made = post(office.ada, "add", Prefer="return=representation")
    assert made.status_code == 201
    assert made.headers["etag"] == office.ada.get(EVENT).headers["etag"]
    assert made.headers["content-location"] == EVENT
    assert made.content == office.ada.get(EVENT).content
    gone = post(office.ada, f"remove&managed-id={made.headers['cal-managed-id']}", Prefer="return=representation")
    assert gone.status_code == 200
    assert gone.text == SERIES.format("e")


def test_single_events_of_a_series_get_their_own(office: Office) -> None:
    add(office.ada, "master.txt", query="&rid=M")
    add(office.ada, "moved.txt", query="&rid=20260328T080000Z")  # the one that has an override already
    add(office.ada, "summer.txt", query="&rid=20260330T070000Z")  # after the clocks went forward
    master, moved, made = parts(office.ada)
    assert ("master.txt" in master, "moved.txt" in master, "summer.txt" in master) == (True, False, False)
    assert ("master.txt" in moved, "moved.txt" in moved, "summer.txt" in moved) == (False, True, False)
    assert ("master.txt" in made, "moved.txt" in made, "summer.txt" in made) == (True, False, True)
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20260330T090000\r\n" in made
    assert "DTSTART;TZID=Europe/Berlin:20260330T090000\r\n" in made
    assert "DTEND;TZID=Europe/Berlin:20260330T100000\r\n" in made
    assert "RRULE" not in made
    assert "BEGIN:VALARM" in made


def test_a_removal_from_one_event_leaves_the_others(office: Office) -> None:
    managed, address = add(office.ada)
    assert post(office.ada, f"remove&managed-id={managed}&rid=20260331T070000Z").status_code == 204
    assert [managed in part for part in parts(office.ada)] == [True, True, False]
    assert post(office.ada, f"remove&managed-id={managed}&rid=M").status_code == 204
    assert [managed in part for part in parts(office.ada)] == [False, True, False]
    assert office.ada.get(address).status_code == 200
    assert post(office.ada, f"remove&managed-id={managed}").status_code == 204
    assert office.ada.get(address).status_code == 404


def test_an_update_gives_a_new_id_and_new_octets(office: Office) -> None:
    managed, address = add(office.ada)
    made = post(office.ada, f"update&managed-id={managed}", b"more octets", **{"Content-Type": "image/png"})
    assert made.status_code == 204
    new = made.headers["cal-managed-id"]
    assert new != managed
    for part in parts(office.ada):
        assert managed not in part
        assert f"ATTACH;MANAGED-ID={new};FMTTYPE=image/png;" in part
        assert "SIZE=11:" in part
    assert office.ada.get(address).status_code == 404


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("action=bogus", "valid-action"),
        ("action=attachment-add&managed-id=x", "valid-managed-id"),
        ("action=attachment-add&rid=20260327T090000Z", "valid-rid"),
        ("action=attachment-add&rid=never", "valid-rid"),
        ("action=attachment-add&rid=", "valid-rid"),
        ("action=attachment-update", "valid-managed-id"),
        ("action=attachment-update&managed-id=x", "valid-managed-id"),
        ("action=attachment-update&managed-id=x&rid=M", "valid-rid"),
        ("action=attachment-remove&managed-id=x", "valid-managed-id"),
        ("action=attachment-remove&managed-id=", "valid-managed-id"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(office: Office, query: str, condition: str) -> None:
    answer = office.ada.post(f"{EVENT}?{query}", data=b"x")
    assert answer.status_code == 403
    assert f"<C:{condition}/>" in answer.text
    assert office.ada.get(EVENT).text == SERIES.format("e")
    assert count(office.hub) == 0


def test_a_post_meant_for_another_state_is_refused(office: Office) -> None:
    etag = office.ada.get(EVENT).headers["etag"]
    add(office.ada)
    assert post(office.ada, "add", b"x", **{"If-Match": etag}).status_code == 412
    assert count(office.hub) == 1


def test_limits_are_kept_and_told(office: Office) -> None:
    asked = (
        '<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:max-attachment-size/>'
        "<C:max-attachments-per-resource/><C:managed-attachments-server-URL/></prop></propfind>"
    )
    told = office.ada.request("PROPFIND", "/dav/calendars/ada/", data=asked, headers={"Depth": "1"}).text
    assert f"<C:max-attachment-size>{2 * PART}<" in told
    assert "<C:max-attachments-per-resource>3<" in told
    assert "<C:managed-attachments-server-URL><D:href>/dav/attachments/<" in told
    assert "calendar-managed-attachments" in office.ada.options(HOME).headers["dav"]
    large = post(office.ada, "add", bytes(2 * PART + 1))
    assert (large.status_code, "max-attachment-size" in large.text) == (403, True)
    first, _ = add(office.ada, data=bytes(2 * PART))
    add(office.ada, data=bytes(2 * PART))
    full = post(office.ada, "add", bytes(2 * PART))
    assert (full.status_code, "quota-not-exceeded" in full.text) == (507, True)
    add(office.ada)
    many = post(office.ada, "add")
    assert (many.status_code, "max-attachments-per-resource" in many.text) == (403, True)
    assert post(office.ada, f"update&managed-id={first}").status_code == 204
    assert len(parts(office.ada)[0].split("ATTACH;")) == 4


def test_others_see_it_only_where_they_see_the_event(office: Office) -> None:
    _, address = add(office.ada)
    assert office.bob.get(address).status_code == 404
    assert office.bob.put(address, data=b"x").status_code == 404
    office.hub.execute(insert(grants).values(collection_id=office.mine, user_id=office.bob_id, access="read"))
    assert office.bob.get(address).content == b"octets"
    assert post(office.bob, "add", path="/dav/calendars/bob/mine~ada/e.ics").status_code == 403
    assert post(office.bob, "add").status_code == 404
    text = office.ada.get(EVENT).text.replace("SUMMARY:", "CLASS:PRIVATE\r\nSUMMARY:")
    assert office.ada.put(EVENT, data=text.encode()).status_code == 204
    assert office.bob.get(address).status_code == 404
    assert office.ada.get(address).status_code == 200


def test_a_delegate_reads_what_the_home_holds(office: Office) -> None:
    _, address = add(office.ada)
    office.hub.execute(insert(proxies).values(user_id=office.ada_id, delegate_id=office.bob_id, access="read"))
    assert office.bob.get(address).content == b"octets"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "MOVE", "COPY", "PROPPATCH", "MKCOL", "POST", "REPORT"])
def test_an_attachment_changes_only_through_its_event(office: Office, method: str) -> None:
    _, address = add(office.ada)
    assert office.ada.request(method, address, data=b"<x/>").status_code == 405
    assert office.bob.request(method, address, data=b"<x/>").status_code == 404
    assert office.ada.get(address).content == b"octets"


def test_a_put_takes_an_attachment_over_by_name_if_its_writer_may_read_it(office: Office) -> None:
    managed, address = add(office.ada)
    line = f"ATTACH;MANAGED-ID={managed}:{address}\r\nSUMMARY:"
    other = SERIES.format("other").replace("SUMMARY:", line).encode()
    office.hub.collection("his", "event", office.bob_id)
    refused = office.bob.put("/dav/calendars/bob/his/x.ics", data=other)
    assert (refused.status_code, "<C:valid-managed-id-parameter/>" in refused.text) == (403, True)
    made = office.ada.put(f"{HOME}other.ics", data=other)
    assert made.status_code == 201
    assert "etag" in made.headers
    assert office.ada.delete(EVENT).status_code == 204
    assert office.ada.get(address).content == b"octets"
    assert post(office.ada, f"remove&managed-id={managed}", path=f"{HOME}other.ics").status_code == 204
    assert office.ada.get(address).status_code == 404


def test_a_guest_reads_what_the_organizer_attached(tmp_path: Path) -> None:
    with people_who_meet(tmp_path) as people:
        ada, bob = people.ada, people.bob
        ada.put(calendar(meeting()))
        path = f"{ada.home}mine/m1.ics"
        made = ada.phone.post(f"{path}?action=attachment-add", data=b"agenda", headers={"Content-Type": "text/plain"})
        assert made.status_code == 201
        managed, address = made.headers["cal-managed-id"], made.headers["location"]
        assert managed in bob.only()
        assert bob.phone.get(address).content == b"agenda"
        assert people.cleo.phone.get(address).status_code == 404
        assert bob.answer("ACCEPTED").status_code == 204
        assert ada.phone.post(f"{path}?action=attachment-remove&managed-id={managed}").status_code == 204
        assert managed not in bob.only()
        assert bob.phone.get(address).status_code == 404


def test_a_copy_and_a_move_keep_it(office: Office) -> None:
    _, address = add(office.ada)
    office.hub.collection("team", "event,task")
    target = {"Destination": "/dav/calendars/ada/team/e.ics"}
    assert office.ada.request("COPY", EVENT, headers=target).status_code == 201
    assert office.bob.get(address).content == b"octets"
    office.ada.delete("/dav/calendars/ada/team/e.ics")
    assert office.bob.get(address).status_code == 404
    assert office.ada.request("MOVE", EVENT, headers=target).status_code == 201
    assert office.bob.get(address).content == b"octets"


def test_attachments_kept_elsewhere_are_nothing_to_us(office: Office) -> None:
    line = "ATTACH;MANAGED-ID=abc;FILENAME=x:https://elsewhere.example.com/abc\r\nSUMMARY:"
    body = SERIES.format("f").replace("SUMMARY:", line).encode()
    assert office.ada.put(f"{HOME}f.ics", data=body).status_code == 201
    assert office.ada.get(f"{HOME}f.ics").content == body
    assert count(office.hub, attachments) == 0


def test_addresses_name_the_server_as_the_admin_does(office: Office) -> None:
    hub, base = office.hub, "https://cal.example.com/hub"
    app = Starlette(routes=routes(hub.database, clock=hub.clock, prefix="/hub", base_url=base))
    with serving(app) as url, Phone(url, "ada", office.ada.password) as phone:
        made = post(phone, "add", path=f"/hub{EVENT}")
        assert made.status_code == 201
        address = made.headers["location"]
        assert address.startswith(f"{base}/dav/attachments/ada/")
        assert phone.get(address.removeprefix("https://cal.example.com")).content == b"octets"
        unknown = SERIES.format("g").replace("SUMMARY:", f"ATTACH;MANAGED-ID=unknown:{address}\r\nSUMMARY:")
        assert phone.put(f"/hub{HOME}g.ics", data=unknown.encode()).status_code == 403
        another = unknown.replace("cal.example.com", "another.example.com")  # of another AgendaHub
        assert phone.put(f"/hub{HOME}g.ics", data=another.encode()).status_code == 201


def test_undo_brings_it_back_until_history_is_pruned(office: Office) -> None:
    hub = office.hub
    managed, address = add(office.ada)
    kept = hub.execute(select(attachments.c.item_id)).scalar_one()
    office.ada.delete(EVENT)
    assert office.ada.get(address).status_code == 404
    prune(hub.database, hub.clock() - timedelta(days=30), hub.clock())
    assert count(hub) == 1
    bring_back(hub, kept)
    assert office.ada.get(address).content == b"octets"
    prune(hub.database, hub.clock() - timedelta(days=30), hub.clock())
    assert hub.execute(select(attachments.c.dropped_at)).scalar_one() is None
    post(office.ada, f"remove&managed-id={managed}")
    prune(hub.database, hub.clock(), hub.clock())
    assert hub.execute(select(attachments.c.dropped_at)).scalar_one() is not None
    assert count(hub) == 1
    hub.clock.ahead += timedelta(days=1)
    prune(hub.database, hub.clock(), hub.clock())
    assert count(hub) == count(hub, attachments) == 0


def test_a_purged_event_takes_its_attachments_along(office: Office) -> None:
    hub = office.hub
    add(office.ada)
    office.ada.delete(EVENT)
    hub.clock.ahead += timedelta(days=1)
    assert prune(hub.database, hub.clock(), hub.clock()).tombstones == 1
    assert count(hub) == count(hub, attachments) == 0


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename*=UTF-8''%C3%BC%2C%20b.txt", '"ü, b.txt"'),
        ('attachment; filename="a;b:c"', '"a;b:c"'),
        ('attachment; filename=".."', "attachment"),
        ("inline", "attachment"),
        ("", "attachment"),
    ],
)
def test_names_are_safe(office: Office, disposition: str, name: str) -> None:
    made = post(office.ada, "add", b"octets", **{"Content-Disposition": disposition})
    assert made.status_code == 201
    assert f";FILENAME={name};" in parts(office.ada)[0]
    assert office.ada.get(made.headers["location"]).content == b"octets"


def test_tasks_have_attachments_too(office: Office) -> None:
    text = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\nUID:t\nDTSTAMP:20260101T000000Z\nSUMMARY:t\nEND:VTODO\n"
    )
    path = f"{HOME}t.ics"
    office.ada.put(path, data=(text + "END:VCALENDAR\n").encode())
    made = post(office.ada, "add", path=path)
    assert made.status_code == 201
    stored = office.ada.get(path).text
    assert "\r" not in stored
    assert stored.startswith(text.partition("END:VTODO")[0] + "ATTACH;MANAGED-ID=")
