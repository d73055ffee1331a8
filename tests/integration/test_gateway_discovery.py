"""How real clients find their collections: the requests of their sources and traces, replayed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from caldav.davclient import DAVClient
from lxml import etree

from tests.servers.gateway import Hub, Phone, running_hub

NS = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "A": "urn:ietf:params:xml:ns:carddav",
    "CS": "http://calendarserver.org/ns/",
    "I": "http://apple.com/ns/ical/",
}
USER = "ada@example.org"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\nSUMMARY:{0}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0}\r\nN:{0};;;;\r\nEND:VCARD\r\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user(USER)
        running.collection("agenda", "event", color="#ff8800")
        running.collection("tasks", "task")
        running.collection("people", "contact")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone(USER)


def propfind(phone: Phone, path: str, properties: str, depth: str = "0", **headers: str) -> etree._Element:
    """The multistatus for "D:displayname D:owner"; goes after a redirect with method and body, as clients do."""
    headers |= {"Depth": depth, "Content-Type": "text/xml"}
    answer = phone.request("PROPFIND", path, data=_body(properties), headers=headers)
    if answer.status_code == 301:
        answer = phone.request("PROPFIND", answer.headers["location"], data=_body(properties), headers=headers)
    assert answer.status_code == 207, (answer.status_code, answer.text)
    return etree.fromstring(answer.content)


def hrefs(root: etree._Element, name: str) -> list[str]:
    return [str(href.text) for href in root.findall(f".//{name}/D:href", NS)]


def status_of(root: etree._Element, name: str) -> str:
    for propstat in root.findall(".//D:propstat", NS):
        if propstat.find(f"D:prop/{name}", NS) is not None:
            return str(propstat.findtext("D:status", namespaces=NS))
    return ""


@pytest.mark.parametrize("service", ["caldav", "carddav"])
@pytest.mark.parametrize("method", ["GET", "PROPFIND", "OPTIONS"])
def test_well_known_addresses_lead_to_the_root_without_sign_in(hub: Hub, service: str, method: str) -> None:
    stranger = Phone(hub.url, "", "")
    stranger.auth = None
    answer = stranger.request(method, f"/.well-known/{service}")
    assert (answer.status_code, answer.headers["location"]) == (301, "/dav/")


def test_davx5_finds_homes_collections_and_items(phone: Phone) -> None:
    first = propfind(phone, "/.well-known/caldav", "D:current-user-principal")
    (principal,) = hrefs(first, "D:current-user-principal")
    classes = phone.options(principal).headers["dav"]
    assert {"calendar-access", "addressbook", "access-control", "1", "3"} <= set(classes.split(", "))
    homes = propfind(phone, principal, "C:calendar-home-set A:addressbook-home-set D:displayname D:group-membership")
    (calendars,), (books,) = hrefs(homes, "C:calendar-home-set"), hrefs(homes, "A:addressbook-home-set")
    wanted = (
        "D:resourcetype D:owner D:displayname D:current-user-privilege-set A:addressbook-description "
        "C:calendar-description C:calendar-timezone I:calendar-color C:supported-calendar-component-set CS:source "
        "D:sync-token D:supported-report-set A:supported-address-data C:max-resource-size A:max-resource-size"
    )
    found = propfind(phone, calendars, wanted, "1")
    assert [r.findtext("D:href", namespaces=NS) for r in found.findall("D:response", NS)] == [
        calendars,
        f"{calendars}agenda/",
        f"{calendars}tasks/",
        f"{calendars}~inbox/",
        f"{calendars}~outbox/",
    ]
    assert [c.get("name") for c in found.findall(".//C:comp", NS)] == ["VEVENT", "VTODO", "VEVENT"]  # ... inbox
    assert "#ff8800" in [color.text for color in found.findall(".//I:calendar-color", NS)]
    assert found.find(".//D:privilege/D:write-content", NS) is not None
    assert [size.text for size in found.findall(".//C:max-resource-size", NS) if size.text] == [str(512 * 1024)] * 2
    found = propfind(phone, books, wanted, "1")
    assert found.find(".//A:addressbook", NS) is not None
    assert {t.get("version") for t in found.findall(".//A:address-data-type", NS)} == {"3.0", "4.0"}
    phone.put(f"{calendars}agenda/a.ics", data=EVENT.format("a"))
    token = propfind(phone, f"{calendars}agenda/", "CS:getctag D:sync-token")
    assert token.findtext(".//D:sync-token", namespaces=NS)
    listed = propfind(phone, f"{calendars}agenda/", "D:getetag", "1")
    tags = [r.findtext(".//D:getetag", namespaces=NS) for r in listed.findall("D:response", NS)]
    assert tags[0] in (None, "")
    assert tags[1] == phone.get(f"{calendars}agenda/a.ics").headers["etag"]


def test_thunderbird_finds_calendars_from_the_root_and_lists_by_content_type(phone: Phone) -> None:
    first = propfind(phone, "/", "D:resourcetype D:owner D:displayname D:current-user-principal C:calendar-home-set")
    assert phone.request("OPTIONS", "/").headers["dav"].count("calendar-access") == 1
    (home,) = hrefs(first, "C:calendar-home-set")
    phone.put(f"{home}agenda/a.ics", data=EVENT.format("a"))
    wanted = "D:getcontenttype D:resourcetype D:getetag"
    answer = phone.request("PROPFIND", f"{home}agenda/", headers={"Depth": "1"}, data=_body(wanted))
    assert "<D:status>HTTP/1.1 200 OK</D:status>" in answer.text
    assert "text/calendar; charset=utf-8; component=VEVENT" in answer.text


def _body(properties: str) -> str:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    return f"<D:propfind {spaces}><D:prop>{''.join(f'<{n}/>' for n in properties.split())}</D:prop></D:propfind>"


def test_thunderbird_writes_and_deletes_cards_without_conditions(phone: Phone) -> None:
    path = f"/dav/addressbooks/{USER}/people/a.vcf"
    for name in ("Ada", "Ada L"):
        assert phone.put(path, data=CARD.format("a").replace("FN:a", f"FN:{name}")).ok
    assert "FN:Ada L" in phone.get(path).text
    assert phone.delete(path).status_code == 204


APPLE = (
    "CS:getctag CS:pre-publish-url CS:publish-url CS:push-transports CS:pushkey CS:subscribed-strip-alarms "
    "D:add-member C:calendar-free-busy-set C:schedule-calendar-transp C:default-alarm-vevent-date "
    "C:calendar-description I:calendar-color I:calendar-order C:calendar-timezone D:current-user-privilege-set "
    "D:displayname D:owner D:quota-available-bytes "
    "D:resource-id D:resourcetype C:supported-calendar-component-set D:supported-report-set D:sync-token"
)


def test_ios_finds_its_account_with_brief_answers(phone: Phone) -> None:
    first = propfind(
        phone,
        "/.well-known/caldav",
        "D:current-user-principal D:principal-URL D:resourcetype",
        Brief="t",
        Prefer="return=minimal",
    )
    assert status_of(first, "D:principal-URL") == ""
    (principal,) = hrefs(first, "D:current-user-principal")
    assert "calendar-access" in phone.options(principal).headers["dav"]
    wanted = (
        "C:calendar-home-set C:calendar-user-address-set D:current-user-principal D:displayname CS:dropbox-home-URL "
        "CS:email-address-set CS:notification-URL D:principal-collection-set D:principal-URL D:resource-id "
        "C:schedule-inbox-URL C:schedule-outbox-URL D:supported-report-set"
    )
    about = propfind(phone, principal, wanted)
    assert hrefs(about, "D:principal-URL") == [principal]
    assert f"mailto:{USER}" in hrefs(about, "C:calendar-user-address-set")
    assert status_of(about, "CS:dropbox-home-URL") == "HTTP/1.1 404 Not Found"
    (home,) = hrefs(about, "C:calendar-home-set")
    brief = propfind(phone, home, APPLE, "1", Brief="t")
    assert "404" not in etree.tostring(brief).decode()
    full = propfind(phone, home, APPLE, "1")
    assert status_of(full, "CS:pushkey") == "HTTP/1.1 404 Not Found"


def test_ios_changes_color_and_order_of_a_calendar(phone: Phone) -> None:
    path = f"/dav/calendars/{USER}/agenda/"
    body = (
        '<A:propertyupdate xmlns:A="DAV:"><A:set><A:prop><D:calendar-color xmlns:D="http://apple.com/ns/ical/" '
        'symbolic-color="custom">#0E61B9FF</D:calendar-color></A:prop></A:set><A:set><A:prop><D:calendar-order '
        'xmlns:D="http://apple.com/ns/ical/">7</D:calendar-order></A:prop></A:set></A:propertyupdate>'
    )
    assert phone.request("PROPPATCH", path, data=body).status_code == 207
    found = propfind(phone, path, "I:calendar-color I:calendar-order")
    assert found.findtext(".//I:calendar-color", namespaces=NS) == "#0E61B9FF"
    assert found.findtext(".//I:calendar-order", namespaces=NS) == "7"


def test_ios_makes_a_calendar_of_its_own(phone: Phone) -> None:
    path = f"/dav/calendars/{USER}/0A1B-UUID/"
    body = (
        '<B:mkcalendar xmlns:B="urn:ietf:params:xml:ns:caldav"><A:set xmlns:A="DAV:"><A:prop><D:calendar-color '
        'xmlns:D="http://apple.com/ns/ical/">#FF2968FF</D:calendar-color><A:displayname>Sailing</A:displayname>'
        '<B:supported-calendar-component-set><B:comp name="VEVENT"/></B:supported-calendar-component-set>'
        "<B:calendar-timezone>BEGIN:VCALENDAR&#13;\nEND:VCALENDAR&#13;\n</B:calendar-timezone></A:prop></A:set></B:mkcalendar>"
    )
    assert phone.request("MKCALENDAR", path, data=body).status_code == 201
    found = propfind(phone, path, "D:displayname C:supported-calendar-component-set D:resourcetype")
    assert found.findtext(".//D:displayname", namespaces=NS) == "Sailing"
    assert [c.get("name") for c in found.findall(".//C:comp", NS)] == ["VEVENT"]
    assert phone.request("MKCALENDAR", path, data=body).status_code == 405
    task = EVENT.format("t").replace("VEVENT", "VTODO")
    assert phone.put(f"{path}t.ics", data=task).status_code == 403


def test_outlook_synchronizer_finds_reports_and_privileges(phone: Phone) -> None:
    found = propfind(phone, f"/dav/calendars/{USER}/agenda/", "D:supported-report-set D:current-user-privilege-set")
    reports = {str(r[0].tag) for r in found.findall(".//D:report", NS)}
    assert f"{{{NS['C']}}}calendar-query" in reports
    assert "{DAV:}sync-collection" in reports
    privileges = {str(p[0].tag) for p in found.findall(".//D:privilege", NS)}
    assert {"{DAV:}write-content", "{DAV:}bind", "{DAV:}unbind"} <= privileges


def test_the_path_prefix_of_a_proxy_is_in_every_address(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with running_hub(tmp_path / "x", prefix="/hub") as hub:
        hub.user("ada")
        hub.collection("agenda", "event")
        phone = hub.phone("ada")
        assert phone.request("GET", "/.well-known/caldav").headers["location"] == "/hub/dav/"
        for outside in ("/hub/dav/", "/dav/"):  # a proxy may pass the prefix on or not
            found = propfind(phone, outside, "D:current-user-principal C:calendar-home-set")
            assert all(href.startswith("/hub/dav/") for href in (str(h.text) for h in found.iter("{DAV:}href")))
        assert phone.put("/hub/dav/calendars/ada/agenda/a.ics", data=EVENT.format("a")).status_code == 201
        assert phone.get("/dav/calendars/ada/agenda/a.ics").status_code == 200


def test_the_caldav_library_finds_writes_searches_and_syncs(hub: Hub, phone: Phone) -> None:
    opened: Any = DAVClient(url=f"{hub.url}/dav/", username=USER, password=phone.password)
    with opened as client:  # its annotations name the asynchronous answers too
        calendars = {str(calendar.get_display_name()): calendar for calendar in client.principal().get_calendars()}
        agenda = calendars["Agenda"]
        agenda.add_event(EVENT.format("one"))
        assert [str(e.component["summary"]) for e in agenda.search(event=True, summary="one")] == ["one"]
        synced = agenda.get_objects_by_sync_token(load_objects=True)
        assert len(list(synced)) == 1
        made = client.principal().make_calendar(name="Mine")
        assert str(made.get_display_name()) == "Mine"
        made.delete()


def test_allprop_propname_and_missing_bodies(phone: Phone) -> None:
    path = f"/dav/calendars/{USER}/agenda/"
    phone.put(f"{path}a.ics", data=EVENT.format("a"))
    for body in ('<propfind xmlns="DAV:"><allprop/></propfind>', ""):
        text = phone.request("PROPFIND", path, data=body, headers={"Depth": "1"}).text
        assert "<D:displayname>Agenda</D:displayname>" in text
        assert "<D:getetag>" in text
        assert "calendar-data" not in text
    names = phone.request("PROPFIND", path, data='<propfind xmlns="DAV:"><propname/></propfind>').text
    assert "<D:sync-token/>" in names
    assert "Agenda" not in re.sub("<D:href>.*?</D:href>", "", names)


def test_infinite_listings_are_refused_by_their_precondition(phone: Phone) -> None:
    answer = phone.request("PROPFIND", "/dav/", headers={"Depth": "infinity"})
    assert (answer.status_code, "<D:propfind-finite-depth/>" in answer.text) == (403, True)


@pytest.mark.parametrize("method", ["LOCK", "UNLOCK", "POST"])
def test_methods_that_are_not_there_say_what_is(phone: Phone, method: str) -> None:
    answer = phone.request(method, f"/dav/calendars/{USER}/agenda/a.ics")
    assert answer.status_code == 405
    assert "PUT" in answer.headers["allow"]
