"""What addresses say they can do is what they do: methods, reports, `Prefer: return=minimal`, limits, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dav_gateway.elements import CALDAV, CALENDARSERVER, CARDDAV
from dav_gateway.report import REPORTS
from tests.servers.gateway import Hub, Phone, running_hub

HUB = "/hub"  # the path of a proxy
DAV = f"{HUB}/dav"
CALENDAR, BOOK = f"{DAV}/calendars/ada/mine/", f"{DAV}/addressbooks/ada/people/"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\nSUMMARY:{0}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0}\r\nN:{0};;;;\r\nBDAY:1980-04-05\r\nEND:VCARD\r\n"
SPACES = f'xmlns:D="DAV:" xmlns:C="{CALDAV}" xmlns:A="{CARDDAV}" xmlns:CS="{CALENDARSERVER}"'

PLACES = (
    "",
    "principals/",
    "principals/ada/",
    "principals/ada/calendar-proxy-read/",
    "calendars/",
    "calendars/ada/",
    "calendars/ada/mine/",
    "calendars/ada/todo/",
    "calendars/ada/firm/",
    "calendars/ada/mine/0.ics",
    "calendars/ada/~inbox/",
    "calendars/ada/~outbox/",
    "calendars/ada/~birthdays/",
    "addressbooks/ada/",
    "addressbooks/ada/people/",
    "addressbooks/ada/people/0.vcf",
)
METHODS = ("GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT", "ACL", "LOCK", "UNLOCK", "PATCH")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(Path(tmp_path_factory.mktemp("offered")), prefix=HUB) as running:
        ada = running.user("ada")
        running.user("bob")
        mine, people = running.collection("mine", "event", ada), running.collection("people", "contact", ada)
        running.collection("todo", "task", ada)
        running.collection("firm", "event")
        for number in range(3):
            running.item(mine, EVENT.format(number), f"{number}.ics")
            running.item(people, CARD.format(number), f"{number}.vcf")
        yield running


@pytest.fixture(scope="module")
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def xml(name: str, content: str) -> str:
    return f"<{name} {SPACES}>{content}</{name}>"


@pytest.mark.parametrize("place", PLACES)
def test_the_methods_of_an_address_are_those_it_names(phone: Phone, place: str) -> None:
    options = phone.options(f"{DAV}/{place}")
    named = set(options.headers["allow"].split(", "))
    assert {"OPTIONS", "PROPFIND"} <= named
    assert {"calendar-access", "addressbook"} <= set(options.headers["dav"].split(", "))
    for method in METHODS:  # a body or header that is missing is refused otherwise
        answer = phone.request(method, f"{DAV}/{place}", headers={"Depth": "0"})
        refused = answer.status_code in (403, 404, 405)
        assert refused if method not in named else answer.status_code != 405, (method, answer.status_code)
        if answer.status_code == 405:
            assert set(answer.headers["allow"].split(", ")) == named


@pytest.mark.parametrize("place", PLACES)
def test_the_reports_of_an_address_are_those_it_names(phone: Phone, place: str) -> None:
    wanted = xml("D:propfind", "<D:prop><D:supported-report-set/></D:prop>")
    told = phone.request("PROPFIND", f"{DAV}/{place}", headers={"Depth": "0"}, data=wanted).text
    named = set(re.findall(r"<D:report><(?:\w+:)?([\w-]+)", told))
    taken = set()
    period = '<C:time-range start="20260301T000000Z" end="20260302T000000Z"/>'
    for name in REPORTS:
        namespace, _, local = name[1:].partition("}")
        body = f'<x:{local} xmlns:x="{namespace}" {SPACES}><D:prop><D:getetag/></D:prop>{period}</x:{local}>'
        answer = phone.request("REPORT", f"{DAV}/{place}", headers={"Depth": "0"}, data=body)
        if not (answer.status_code == 403 and "supported-report" in answer.text):
            assert answer.status_code in (200, 207, 400), (local, answer.text)
            taken.add(local)
    assert taken == named


MINIMAL = (
    ("PROPFIND", CALENDAR, xml("D:propfind", "<D:prop>{}</D:prop>")),
    ("PROPFIND", f"{DAV}/calendars/ada/", xml("D:propfind", "<D:prop>{}</D:prop>")),
    ("PROPFIND", f"{DAV}/principals/bob/", xml("D:propfind", "<D:prop>{}</D:prop>")),
    ("PROPFIND", f"{DAV}/principals/ada/calendar-proxy-read/", xml("D:propfind", "<D:prop>{}</D:prop>")),
    ("REPORT", CALENDAR, xml("D:sync-collection", "<D:sync-token/><D:prop>{}</D:prop>")),
    ("REPORT", CALENDAR, xml("C:calendar-multiget", f"<D:prop>{{}}</D:prop><D:href>{CALENDAR}0.ics</D:href>")),
    (
        "REPORT",
        CALENDAR,
        xml("C:calendar-query", '<D:prop>{}</D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'),
    ),
    ("REPORT", BOOK, xml("A:addressbook-multiget", f"<D:prop>{{}}</D:prop><D:href>{BOOK}0.vcf</D:href>")),
    ("REPORT", BOOK, xml("A:addressbook-query", "<D:prop>{}</D:prop><A:filter/>")),
    ("REPORT", f"{DAV}/principals/", xml("D:principal-match", "<D:self/><D:prop>{}</D:prop>")),
    ("REPORT", CALENDAR, xml("D:acl-principal-prop-set", "<D:prop>{}</D:prop>")),
)


@pytest.mark.parametrize(("method", "path", "body"), MINIMAL)
def test_who_wants_little_is_not_told_what_is_missing(phone: Phone, method: str, path: str, body: str) -> None:
    data = body.format("<D:resourcetype/><D:nonsense/>")
    whole = phone.request(method, path, headers={"Depth": "0"}, data=data)
    assert (whole.status_code, "D:nonsense" in whole.text) == (207, True)
    assert "preference-applied" not in whole.headers
    for asked in ({"Prefer": "return=minimal"}, {"Prefer": "depth-noroot, return=minimal"}, {"Brief": "t"}):
        little = phone.request(method, path, headers={"Depth": "0", **asked}, data=data)
        assert (little.status_code, "D:nonsense" in little.text) == (207, False)
        assert "<D:resourcetype" in little.text
        assert little.headers["preference-applied"] == "return=minimal"


@pytest.mark.parametrize(
    ("place", "element"),
    [
        ("calendars/ada/mine/", "<D:displayname>Mine</D:displayname>"),
        ("calendars/ada/firm/", "<D:displayname>Firm</D:displayname>"),
        ("calendars/ada/", '<x xmlns="urn:x">1</x>'),
        ("principals/ada/calendar-proxy-read/", "<D:group-member-set/>"),
        ("files/ada/made/", '<x xmlns="urn:x">1</x>'),
    ],
)
def test_a_change_of_properties_that_went_well_can_be_told_without_a_word(
    phone: Phone, place: str, element: str
) -> None:
    if place.endswith("/made/"):
        assert phone.request("MKCOL", f"{DAV}/{place}").status_code == 201
    body = xml("D:propertyupdate", f"<D:set><D:prop>{element}</D:prop></D:set>")
    assert "200 OK" in phone.request("PROPPATCH", f"{DAV}/{place}", data=body).text
    little = phone.request("PROPPATCH", f"{DAV}/{place}", data=body, headers={"Prefer": "return=minimal"})
    assert (little.status_code, little.content) == (200, b"")
    assert little.headers["preference-applied"] == "return=minimal"


LIMITED = (
    (CALENDAR, xml("D:sync-collection", "<D:sync-token/><D:limit><D:nresults>2</D:nresults></D:limit>{}")),
    (
        CALENDAR,
        xml(
            "C:calendar-query",
            '{}<C:filter><C:comp-filter name="VCALENDAR"/></C:filter><D:limit><D:nresults>2</D:nresults></D:limit>',
        ),
    ),
    (BOOK, xml("A:addressbook-query", "{}<A:filter/><A:limit><A:nresults>2</A:nresults></A:limit>")),
)


@pytest.mark.parametrize(("path", "body"), LIMITED)
def test_a_limit_is_said_of_the_collections_own_address(phone: Phone, path: str, body: str) -> None:
    data = body.format("<D:prop><D:getetag/></D:prop>")
    told = phone.request("REPORT", path, headers={"Depth": "0" if "sync" in body else "1"}, data=data).text
    found = re.findall(r"<D:response>(.*?)</D:response>", told)
    assert len(found) == 3
    assert found[2].startswith(f"<D:href>{path}</D:href><D:status>HTTP/1.1 507 ")
    assert "<D:number-of-matches-within-limits/>" in found[2]
    assert all("HTTP/1.1 200 OK" in one for one in found[:2])


SETTABLE = {
    "displayname",
    "calendar-description",
    "addressbook-description",
    "calendar-color",
    "calendar-order",
    "calendar-timezone",
    "schedule-calendar-transp",
}


@pytest.mark.parametrize("path", [CALENDAR, BOOK, f"{DAV}/calendars/ada/firm/"])
def test_a_property_that_clients_cannot_set_is_refused(phone: Phone, path: str) -> None:
    told = phone.request("PROPFIND", path, headers={"Depth": "0"}, data=xml("D:propfind", "<D:propname/>")).text
    declared = dict(re.findall(r'xmlns:(\w+)="([^"]+)"', told))
    names = re.findall(r"<(\w+):([\w-]+)(?: xmlns[^>]*)?/>", told.partition("<D:prop>")[2])
    assert len(names) > 20
    for prefix, name in names:
        body = f'<x:{name} xmlns:x="{declared[prefix]}">1</x:{name}>'
        patched = phone.request(
            "PROPPATCH", path, data=xml("D:propertyupdate", f"<D:set><D:prop>{body}</D:prop></D:set>")
        )
        assert ("403 Forbidden" in patched.text) == (name not in SETTABLE), name


ADDRESSES = (
    "D:owner D:current-user-principal D:principal-URL D:acl D:principal-collection-set D:group-membership "
    "D:group-member-set C:calendar-home-set A:addressbook-home-set C:calendar-user-address-set C:schedule-inbox-URL "
    "C:schedule-outbox-URL C:schedule-default-calendar-URL C:managed-attachments-server-URL CS:invite D:invite "
    "CS:calendar-proxy-read-for CS:calendar-proxy-write-for"
)


def test_every_address_has_the_path_of_the_proxy(hub: Hub, phone: Phone) -> None:
    shared = xml("CS:share", f"<CS:set><D:href>{DAV}/principals/bob/</D:href><CS:read-write/></CS:set>")
    assert phone.post(CALENDAR, data=shared, headers={"Content-Type": "application/xml"}).status_code == 200
    members = f"<D:group-member-set><D:href>{DAV}/principals/bob/</D:href></D:group-member-set>"
    group = xml("D:propertyupdate", f"<D:set><D:prop>{members}</D:prop></D:set>")
    assert phone.request("PROPPATCH", f"{DAV}/principals/ada/calendar-proxy-write/", data=group).status_code == 207
    added = phone.post(f"{CALENDAR}0.ics?action=attachment-add", data=b"x", headers={"Content-Type": "text/plain"})
    assert added.headers["location"].startswith(f"{hub.url}{DAV}/attachments/ada/")
    assert phone.get(added.headers["location"]).content == b"x"
    wanted = xml("D:propfind", f"<D:prop>{''.join(f'<{name}/>' for name in ADDRESSES.split())}</D:prop>")
    bob, places = hub.phone("bob"), [*PLACES, "principals/bob/", "principals/ada/calendar-proxy-write/"]
    seen = set()
    for who, place in [*((phone, place) for place in places), (bob, "principals/bob/"), (bob, "calendars/bob/")]:
        told = who.request("PROPFIND", f"{DAV}/{place}", headers={"Depth": "1"}, data=wanted).text
        addresses = re.findall(r"<D:href[^>]*>([^<]+)<", told)
        assert addresses
        assert not [one for one in addresses if not one.startswith((f"{DAV}/", "mailto:"))], place
        seen |= set(re.findall(r"<(?:\w+:)?([\w-]+)><D:href>", told))
    assert {"schedule-inbox-URL", "managed-attachments-server-URL", "owner", "group-member-set"} <= seen


@pytest.mark.parametrize("method", ["GET", "HEAD", "PROPFIND", "OPTIONS", "POST", "REPORT", "PROPPATCH", "PUT"])
def test_well_known_addresses_take_every_method(hub: Hub, phone: Phone, method: str) -> None:
    for address in ("/.well-known/caldav", "/.well-known/carddav", "/.well-known/caldav/"):
        answer = phone.request(method, address, headers={"Authorization": ""})
        assert (answer.status_code, answer.headers["location"]) == (301, f"{DAV}/")
    assert hub.phones


@pytest.mark.parametrize(
    ("place", "takes"),
    [
        ("calendars/ada/", False),
        ("calendars/ada/mine/", True),  # shares, registrations for push
        ("calendars/ada/mine/0.ics", True),  # attachments
        ("calendars/ada/~outbox/", True),  # free and busy times
        ("addressbooks/ada/people/", True),
        ("addressbooks/ada/people/0.vcf", False),
        ("principals/ada/calendar-proxy-read/", False),
    ],
)
def test_where_something_can_be_posted_is_said(phone: Phone, place: str, takes: bool) -> None:
    assert ("POST" in phone.options(f"{DAV}/{place}").headers["allow"].split(", ")) == takes
