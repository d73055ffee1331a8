"""Collections shared with colleagues, delegates, and what each sets for himself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select, update

from storage.tables import grants, personal_properties, proxies, users
from tests.servers.gateway import Hub, Phone, running_hub

ADAS, BOBS = "/dav/calendars/ada/plans/", "/dav/calendars/bob/plans~ada/"
CS = 'xmlns:CS="http://calendarserver.org/ns/" xmlns:D="DAV:"'
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nSUMMARY:{0}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass
class Office:
    hub: Hub
    phones: dict[str, Phone] = field(default_factory=dict)

    @property
    def ada(self) -> Phone:
        return self.phones["ada"]

    @property
    def bob(self) -> Phone:
        return self.phones["bob"]

    @property
    def eve(self) -> Phone:
        return self.phones["eve"]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with running_hub(tmp_path) as hub:
        for name in ("ada", "bob", "eve"):
            hub.user(name)
        hub.execute(update(users).where(users.c.name == "bob").values(address="bob@example.org"))
        hub.collection("company", "event")
        hub.collection("plans", "event", owner=1)
        hub.collection("people", "contact", owner=1)
        made = Office(hub, {name: hub.phone(name) for name in ("ada", "bob", "eve")})
        assert made.ada.put(f"{ADAS}a.ics", data=EVENT.format("a")).status_code == 201
        yield made


def share(phone: Phone, path: str, wish: str) -> int:
    return phone.post(path, data=f"<CS:share {CS}>{wish}</CS:share>", headers={"Content-Type": "text/xml"}).status_code


def given(access: str, to: str = "mailto:Bob@example.org") -> str:
    return f"<CS:set><D:href>{to}</D:href><CS:common-name>Bob</CS:common-name><CS:{access}/></CS:set>"


def prop(phone: Phone, path: str, name: str, depth: str = "0") -> str:
    """A property's XML, without namespaces; "" when it is not there."""
    body = f'<D:propfind {CS} xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:I="http://apple.com/ns/ical/">'
    body += f"<D:prop><{name}/></D:prop></D:propfind>"
    answer = phone.request("PROPFIND", path, data=body, headers={"Depth": depth})
    assert answer.status_code == 207, answer.text
    ok = [stat for stat in etree.fromstring(answer.content).iter("{DAV:}propstat") if "200" in str(stat[1].text)]
    return "".join(etree.tostring(one, encoding="unicode") for stat in ok for one in stat[0])


def patch(phone: Phone, path: str, inner: str) -> str:
    body = f'<D:propertyupdate {CS} xmlns:I="http://apple.com/ns/ical/"><D:set><D:prop>{inner}</D:prop></D:set>'
    return phone.request("PROPPATCH", path, data=f"{body}</D:propertyupdate>").text


# ---------------------------------------------------------------- shares


def test_a_share_to_read_is_in_the_others_home_at_once_and_cannot_be_changed(office: Office) -> None:
    assert office.bob.get(f"{BOBS}a.ics").status_code == 404
    assert share(office.ada, ADAS, given("read")) == 200
    assert "plans~ada/" in office.bob.request("PROPFIND", "/dav/calendars/bob/", headers={"Depth": "1"}).text
    assert office.bob.get(f"{BOBS}a.ics").text == EVENT.format("a")
    for method, path in (("PUT", f"{BOBS}b.ics"), ("PUT", f"{BOBS}a.ics"), ("DELETE", f"{BOBS}a.ics")):
        answer = office.bob.request(method, path, data=EVENT.format("b"))
        assert (answer.status_code, "need-privileges" in answer.text) == (403, True)
    privileges = prop(office.bob, BOBS, "D:current-user-privilege-set")
    assert "write-content" not in privileges
    assert "<D:read/>" in privileges
    assert office.eve.get("/dav/calendars/eve/plans~ada/a.ics").status_code == 404


def test_a_share_to_change_and_its_end(office: Office) -> None:
    assert share(office.ada, ADAS, given("read-write")) == 200
    assert office.bob.put(f"{BOBS}b.ics", data=EVENT.format("b")).status_code == 201
    assert office.ada.get(f"{ADAS}b.ics").status_code == 200
    assert share(office.ada, ADAS, "<CS:remove><D:href>mailto:bob@example.org</D:href></CS:remove>") == 200
    for method in ("GET", "PUT", "DELETE"):
        assert office.bob.request(method, f"{BOBS}b.ics", data=EVENT.format("b")).status_code == 404


def test_who_was_given_a_collection_gives_it_back_by_deleting_it(office: Office) -> None:
    share(office.ada, ADAS, given("read") + given("read", "/dav/principals/eve/"))
    patch(office.bob, BOBS, "<D:displayname>Adas</D:displayname>")
    assert office.bob.delete(BOBS).status_code == 204
    assert office.bob.get(f"{BOBS}a.ics").status_code == 404
    assert office.ada.get(f"{ADAS}a.ics").status_code == 200
    assert office.eve.get("/dav/calendars/eve/plans~ada/a.ics").status_code == 200
    assert office.hub.execute(select(personal_properties)).all() == []


def test_owner_and_sharee_see_what_each_may_know_of_the_share(office: Office) -> None:
    assert prop(office.ada, ADAS, "CS:allowed-sharing-modes").count("can-be-shared") == 1
    assert "CS:shared" not in prop(office.ada, ADAS, "D:resourcetype")
    share(office.ada, ADAS, given("read-write") + given("read", "/dav/principals/eve/"))
    assert "<CS:shared-owner" in prop(office.ada, ADAS, "D:resourcetype")
    seen = prop(office.bob, BOBS, "D:resourcetype")
    assert "<CS:shared" in seen
    assert "shared-owner" not in seen
    assert "<C:calendar" in seen
    invited = prop(office.ada, ADAS, "CS:invite")
    assert re.findall("<D:href>([^<]*)", invited) == [
        "/dav/principals/ada/",
        "mailto:bob@example.org",
        "/dav/principals/eve/",
    ]
    assert "<CS:read-write/>" in invited
    assert "eve" not in prop(office.bob, BOBS, "CS:invite")
    assert prop(office.bob, BOBS, "CS:allowed-sharing-modes") == ""
    assert "/dav/principals/ada/" in prop(office.bob, BOBS, "D:owner")
    assert "<D:read-write" in prop(office.bob, BOBS, "D:share-access")


def test_the_drafts_way_to_share_does_the_same(office: Office) -> None:
    def wish(access: str) -> str:
        sharee = f"<D:href>/dav/principals/bob/</D:href><D:share-access><D:{access}/></D:share-access>"
        return f'<D:share-resource xmlns:D="DAV:"><D:sharee>{sharee}</D:sharee></D:share-resource>'

    about = {"Content-Type": "application/davsharing+xml"}
    assert office.ada.post(ADAS, data=wish("read-write"), headers=about).status_code == 200
    assert office.bob.put(f"{BOBS}b.ics", data=EVENT.format("b")).status_code == 201
    assert office.ada.post(ADAS, data=wish("no-access"), headers=about).status_code == 200
    assert office.bob.get(f"{BOBS}b.ics").status_code == 404
    assert office.ada.post(ADAS, data=wish("all"), headers=about).status_code == 403


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("/dav/calendars/ada/company/", "/dav/principals/bob/", 403),  # the company's are everybody's anyway
        (ADAS, "mailto:nobody@example.org", 403),
        (ADAS, "/dav/principals/ada/", 403),
        (ADAS, "/dav/calendars/bob/", 403),
        ("/dav/calendars/ada/nothing/", "/dav/principals/bob/", 404),
        ("/dav/calendars/bob/company/", "/dav/principals/bob/", 404),
    ],
)
def test_what_cannot_be_shared_is_refused_and_nothing_of_the_request_is_done(
    office: Office, path: str, who: str, status: int
) -> None:
    assert share(office.ada, path, given("read", "/dav/principals/eve/") + given("read", who)) == status
    assert office.hub.execute(select(grants)).all() == []


def test_an_address_book_is_shared_as_a_calendar_is_and_its_birthdays_with_it(office: Office) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:g\r\nFN:Grace\r\nBDAY:1906-12-09\r\nEND:VCARD\r\n"
    book, his = "/dav/addressbooks/ada/people/", "/dav/addressbooks/bob/people~ada/"
    assert office.ada.put(f"{book}g.vcf", data=card).status_code == 201
    assert share(office.ada, book, given("read")) == 200
    assert office.bob.get(f"{his}g.vcf").text == card
    assert office.bob.put(f"{his}g.vcf", data=card).status_code == 403
    days = office.bob.request("PROPFIND", "/dav/calendars/bob/~birthdays/", headers={"Depth": "1"}).text
    assert days.count(".ics</D:href>") == 1
    assert office.eve.get("/dav/addressbooks/eve/people~ada/g.vcf").status_code == 404


def test_a_sharee_cannot_share_further_and_learns_of_no_blocked_user(office: Office) -> None:
    share(office.ada, ADAS, given("read-write"))
    assert share(office.bob, BOBS, given("read", "/dav/principals/eve/")) == 403
    office.hub.execute(update(users).where(users.c.name == "eve").values(blocked=True))
    assert share(office.ada, ADAS, given("read", "/dav/principals/eve/")) == 403


# ---------------------------------------------------------------- personal properties


def test_a_colour_name_and_order_of_what_is_not_ones_own_are_for_oneself(office: Office) -> None:
    share(office.ada, ADAS, given("read"))
    inner = (
        "<I:calendar-color>#FF0000FF</I:calendar-color><I:calendar-order>7</I:calendar-order>"
        '<D:displayname>Ada &amp; co</D:displayname><x xmlns="urn:x">mine</x>'
    )
    for phone, path, other, others in (
        (office.bob, BOBS, office.ada, ADAS),
        (office.bob, "/dav/calendars/bob/company/", office.ada, "/dav/calendars/ada/company/"),
    ):
        assert " 403 " not in patch(phone, path, inner)
        for name, value in (
            ("I:calendar-color", "#FF0000FF"),
            ("I:calendar-order", "7"),
            ("D:displayname", "Ada &amp;"),
        ):
            assert value in prop(phone, path, name)
            assert value not in prop(other, others, name)
        home = prop(phone, "/dav/calendars/bob/", "I:calendar-color", "1")
        assert "#FF0000FF" in home
        removal = (
            f'<D:propertyupdate {CS} xmlns:I="http://apple.com/ns/ical/"><D:remove><D:prop><D:displayname/></D:prop>'
        )
        assert phone.request("PROPPATCH", path, data=f"{removal}</D:remove></D:propertyupdate>").status_code == 207
        assert "Ada &amp;" not in prop(phone, path, "D:displayname")
        assert "displayname" in prop(phone, path, "D:displayname")


def test_a_flood_of_personal_properties_is_refused(office: Office) -> None:
    flood = "".join(f'<x{n} xmlns="urn:x">y</x{n}>' for n in range(250))
    assert " 507 " in patch(office.bob, "/dav/calendars/bob/company/", flood)
    assert office.hub.execute(select(personal_properties)).all() == []


# ---------------------------------------------------------------- delegates


def members(phone: Phone, group: str, *names: str, user: str = "ada") -> str:
    inner = "".join(f"<D:href>/dav/principals/{name}/</D:href>" for name in names)
    path = f"/dav/principals/{user}/calendar-proxy-{group}/"
    body = f'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:group-member-set>{inner}</D:group-member-set></D:prop>'
    answer = phone.request("PROPPATCH", path, data=f"{body}</D:set></D:propertyupdate>")
    return str(answer.status_code)


def test_a_delegate_reaches_the_others_home_at_its_own_address(office: Office) -> None:
    assert office.bob.get(f"{ADAS}a.ics").status_code == 404
    assert members(office.ada, "read", "bob") == "207"
    assert "bob" in prop(office.ada, "/dav/principals/ada/calendar-proxy-read/", "D:group-member-set")
    assert "/dav/principals/ada/<" in prop(office.bob, "/dav/principals/bob/", "CS:calendar-proxy-read-for")
    group = "/dav/principals/ada/calendar-proxy-read/"
    assert group in prop(office.bob, "/dav/principals/bob/", "D:group-membership")
    assert "/dav/calendars/ada/" in prop(office.bob, "/dav/principals/ada/", "C:calendar-home-set")
    listed = office.bob.request("PROPFIND", "/dav/calendars/ada/", headers={"Depth": "1"}).text
    assert f"<D:href>{ADAS}</D:href>" in listed
    assert "company" not in listed
    assert "/dav/calendars/bob/" not in listed.replace("calendar-home-set", "")
    assert office.bob.get(f"{ADAS}a.ics").status_code == 200
    assert office.bob.put(f"{ADAS}b.ics", data=EVENT.format("b")).status_code == 403
    assert office.bob.request("MKCALENDAR", "/dav/calendars/ada/new/").status_code == 403
    about = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    named = f"<C:calendar-multiget {about}><prop><getetag/></prop><href>{ADAS}a.ics</href></C:calendar-multiget>"
    everything = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
    query = f"<C:calendar-query {about}><prop><getetag/></prop>{everything}</C:calendar-query>"
    for report in (named, query):
        found = office.bob.request("REPORT", ADAS, data=report).text
        assert f"<D:href>{ADAS}a.ics</D:href><D:propstat>" in found
        assert office.eve.request("REPORT", ADAS, data=report).status_code == 404
    assert office.eve.get(f"{ADAS}a.ics").status_code == 404
    assert office.bob.request("PROPFIND", "/dav/files/ada/").status_code == 404


def test_a_delegate_who_may_change_does_and_stops_when_he_is_none_any_more(office: Office) -> None:
    assert members(office.ada, "read", "bob") == "207"
    assert members(office.ada, "write", "bob") == "207"
    assert "bob" not in prop(office.ada, "/dav/principals/ada/calendar-proxy-read/", "D:group-member-set")
    assert office.bob.put(f"{ADAS}b.ics", data=EVENT.format("b")).status_code == 201
    path = "/dav/calendars/ada/new/"
    assert office.bob.request("MKCALENDAR", path).status_code == 201
    assert office.ada.request("PROPFIND", path).status_code == 207
    moved = {"Destination": f"{office.bob.base}{path}b.ics"}
    assert office.bob.request("MOVE", f"{ADAS}b.ics", headers=moved).status_code == 201
    assert office.ada.get(f"{path}b.ics").status_code == 200
    assert office.bob.delete(path).status_code == 403
    sync = (
        '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'
    )
    assert f"{path}b.ics" in office.bob.request("REPORT", path, data=sync).text
    assert members(office.ada, "write") == "207"
    for method, where in (("GET", f"{ADAS}a.ics"), ("PROPFIND", "/dav/calendars/ada/"), ("MKCALENDAR", f"{path}x/")):
        assert office.bob.request(method, where).status_code == 404


def test_the_calendar_of_macos_finds_delegates_and_whom_one_acts_for_in_one_request(office: Office) -> None:
    def expanded(phone: Phone, path: str, name: str, namespace: str, inner: str) -> str:
        asked = f'<property name="{name}" namespace="{namespace}">{inner}</property>'
        body = f'<expand-property xmlns="DAV:">{asked}</expand-property>'
        answer = phone.request("REPORT", path, data=body, headers={"Depth": "0"})
        assert answer.status_code == 207, answer.text
        return answer.text

    members(office.ada, "write", "bob")
    calendars = '<property name="calendar-home-set" namespace="urn:ietf:params:xml:ns:caldav"/>'
    apple = "http://calendarserver.org/ns/"
    for_whom = expanded(office.bob, "/dav/principals/bob/", "calendar-proxy-write-for", apple, calendars)
    assert "<D:href>/dav/calendars/ada/</D:href>" in for_whom
    assert "/dav/calendars/ada/" not in expanded(
        office.eve, "/dav/principals/eve/", "calendar-proxy-write-for", apple, ""
    )
    group = "/dav/principals/ada/calendar-proxy-write/"
    who = expanded(office.ada, group, "group-member-set", "DAV:", '<property name="displayname"/>')
    assert "<D:displayname>Bob</D:displayname>" in who


def test_of_a_group_of_delegates_others_know_nothing(office: Office) -> None:
    members(office.ada, "read", "bob")
    path = "/dav/principals/ada/calendar-proxy-{}/"
    for method in ("PROPFIND", "PROPPATCH", "REPORT", "GET", "DELETE", "PUT", "POST", "MKCOL"):
        body = '<D:propertyupdate xmlns:D="DAV:"/>' if method == "PROPPATCH" else ""
        statuses = {office.eve.request(method, path.format(kind), data=body).status_code for kind in ("read", "write")}
        assert statuses == {404}, method
    assert office.bob.request("PROPFIND", path.format("write")).status_code == 404
    assert members(office.bob, "read", "bob", "eve") == "403"
    assert members(office.eve, "write", "eve") == "404"
    assert len(office.hub.execute(select(proxies)).all()) == 1


def test_only_users_can_be_delegates_and_a_blocked_ones_home_is_closed(office: Office) -> None:
    assert members(office.ada, "read", "bob", "nobody") == "403"
    assert members(office.ada, "read", "ada") == "403"
    assert office.hub.execute(select(proxies)).all() == []
    members(office.ada, "read", "bob")
    office.hub.execute(update(users).where(users.c.name == "ada").values(blocked=True))
    assert office.bob.get(f"{ADAS}a.ics").status_code == 404


# ---------------------------------------------------------------- read-only


def test_a_read_only_collection_is_so_for_its_owner_too_who_may_colour_and_delete_it(office: Office) -> None:
    office.hub.collection("fixed", "event", owner=1, read_only=True)
    path = "/dav/calendars/ada/fixed/"
    assert office.ada.put(f"{path}a.ics", data=EVENT.format("a")).status_code == 403
    assert " 200 " in patch(office.ada, path, "<I:calendar-color>#00FF00</I:calendar-color>")
    assert "write-content" not in prop(office.ada, path, "D:current-user-privilege-set")
    assert office.ada.delete(path).status_code == 204


# ---------------------------------------------------------------- the ACL method


def ace(person: str, *privileges: str, kind: str = "grant") -> str:
    given = "".join(f"<D:privilege><D:{name}/></D:privilege>" for name in privileges)
    return f"<D:ace><D:principal><D:href>{person}</D:href></D:principal><D:{kind}>{given}</D:{kind}></D:ace>"


def acl(phone: Phone, path: str, *aces: str) -> tuple[int, str]:
    answer = phone.request("ACL", path, data=f'<D:acl xmlns:D="DAV:">{"".join(aces)}</D:acl>')
    found = re.search("<D:error[^>]*><D:([a-z-]+)", answer.text)
    return answer.status_code, found[1] if found else ""


def test_an_access_control_list_is_the_list_of_shares(office: Office) -> None:
    bob, eve = "/dav/principals/bob/", "/dav/principals/eve/"
    assert acl(office.ada, ADAS, ace(bob, "read"), ace(eve, "read", "write")) == (200, "")
    assert office.bob.put(f"{BOBS}b.ics", data=EVENT.format("b")).status_code == 403
    eves = "/dav/calendars/eve/plans~ada/"
    assert office.eve.put(f"{eves}b.ics", data=EVENT.format("b")).status_code == 201
    known = prop(office.ada, ADAS, "D:acl")
    entries = re.findall("<D:ace.*?</D:ace>", known, re.DOTALL)
    assert [("protected" in one, bob in one, eve in one) for one in entries] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    rights = prop(office.ada, ADAS, "D:current-user-privilege-set")
    assert "<D:write-acl/>" in rights
    assert "<D:write-content/>" in rights
    assert "write-acl" not in prop(office.eve, eves, "D:current-user-privilege-set")
    back = [one for one in entries if bob in one or "protected" in one]
    assert acl(office.ada, ADAS, *back) == (200, "")
    assert office.eve.get(f"{eves}b.ics").status_code == 404
    assert office.bob.get(f"{BOBS}a.ics").status_code == 200
    assert "ACL" in office.ada.options(ADAS).headers["allow"]


@pytest.mark.parametrize(
    ("path", "entry", "said"),
    [
        (ADAS, ace("/dav/principals/bob/", "read", kind="deny"), (403, "grant-only")),
        (ADAS, ace("/dav/principals/bob/", "all"), (403, "no-abstract")),
        (ADAS, ace("/dav/principals/bob/", "unlock"), (403, "not-supported-privilege")),
        (ADAS, ace("/dav/principals/nobody/", "read"), (403, "recognized-principal")),
        (ADAS, ace("/dav/principals/ada/", "read"), (403, "no-protected-ace-conflict")),
        ("/dav/calendars/ada/company/", ace("/dav/principals/bob/", "read"), (403, "need-privileges")),
        (f"{ADAS}a.ics", ace("/dav/principals/bob/", "read"), (403, "no-protected-ace-conflict")),
        ("/dav/calendars/ada/none/", ace("/dav/principals/bob/", "read"), (404, "")),
        ("/dav/calendars/bob/company/", ace("/dav/principals/bob/", "read"), (404, "")),
    ],
)
def test_an_access_control_list_that_says_more_than_shares_do_is_refused(
    office: Office, path: str, entry: str, said: tuple[int, str]
) -> None:
    share(office.ada, ADAS, given("read-write"))
    assert acl(office.ada, path, ace("/dav/principals/eve/", "read"), entry) == said
    assert len(office.hub.execute(select(grants)).all()) == 1
