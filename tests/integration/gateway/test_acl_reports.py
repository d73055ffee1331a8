"""Access control as clients read it (RFC 3744), and reports about people (RFC 3744, RFC 3253 3.8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import insert, update

from storage.tables import grants, users
from tests.servers.gateway import Hub, Phone, running_hub

PRINCIPALS, HOME = "/dav/principals/", "/dav/calendars/ada/"
SPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
DAV, CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(Path(tmp_path_factory.mktemp("acl"))) as running:
        for name in ("ada", "ben", "carl", "dora"):
            running.user(name)
        running.execute(update(users).where(users.c.name == "ben").values(address="ben.büro@example.org"))
        running.execute(update(users).where(users.c.name == "dora").values(blocked=True))
        running.collection("mine", "event", 1)
        running.collection("team", "event")
        running.collection("bens", "event", 2)
        running.execute(insert(grants).values(collection_id=1, user_id=2, access="read"))
        running.execute(insert(grants).values(collection_id=3, user_id=1, access="write"))
        running.execute(insert(grants).values(collection_id=3, user_id=3, access="read"))
        yield running


@pytest.fixture(scope="module")
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def ask(phone: Phone, method: str, path: str, body: str, status: int = 207) -> etree._Element:
    answer = phone.request(method, path, data=f"<?xml version='1.0'?>{body}".encode(), headers={"Depth": "0"})
    assert answer.status_code == status, answer.text
    return etree.fromstring(answer.content)


def read(phone: Phone, path: str, *names: str) -> dict[str, etree._Element]:
    """The properties that are there."""
    body = f"<propfind {SPACES}><prop>{''.join(f'<{name}/>' for name in names)}</prop></propfind>"
    root = ask(phone, "PROPFIND", path, body)
    return {str(e.tag): e for stat in root.iter(f"{DAV}propstat") if "200" in str(stat[1].text) for e in stat[0]}


def hrefs(element: etree._Element) -> list[str]:
    return [str(found.text) for found in element.iter(f"{DAV}href")]


def search(phone: Phone, *searches: str, test: str = "allof", path: str = PRINCIPALS) -> list[str]:
    """Principals found. A search: property, then what to find."""
    each = "".join(
        f"<property-search><prop><{name}/></prop><match{kind}>{wanted}</match></property-search>"
        for name, kind, wanted in ((*s.split("|"),) for s in searches)
    )
    body = f'<principal-property-search {SPACES} test="{test}">{each}<prop><displayname/></prop>'
    root = ask(phone, "REPORT", path, f"{body}</principal-property-search>")
    return [str(found.findtext(f"{DAV}href")) for found in root.iter(f"{DAV}response")]


# ---------------------------------------------------------------- what everyone may know of a colleague


def test_a_colleague_is_a_name_and_an_address_and_nothing_else(phone: Phone) -> None:
    names = ("displayname", "principal-URL", "resourcetype", "C:calendar-user-address-set", "C:calendar-home-set")
    found = read(phone, f"{PRINCIPALS}ben/", *names, "C:schedule-inbox-URL", "C:schedule-outbox-URL")
    assert found[f"{DAV}displayname"].text == "Ben"
    assert hrefs(found[f"{CAL}calendar-user-address-set"]) == [f"{PRINCIPALS}ben/", "mailto:ben.büro@example.org"]
    assert found[f"{DAV}resourcetype"].find(f"{DAV}principal") is not None
    assert f"{CAL}calendar-home-set" not in found
    assert f"{CAL}schedule-inbox-URL" not in found
    assert "/dav/calendars/ben" not in phone.request("PROPFIND", f"{PRINCIPALS}ben/").text


def test_unknown_and_blocked_users_are_not_there(phone: Phone) -> None:
    for name in ("nobody", "dora", "ben/x", "ada/x"):
        assert phone.request("PROPFIND", f"{PRINCIPALS}{name}/").status_code == 404
    expand = f'<expand-property {SPACES}><property name="displayname"/></expand-property>'
    assert phone.request("REPORT", f"{PRINCIPALS}dora/", data=expand).status_code == 404


def test_a_colleague_can_be_read_and_nothing_more(phone: Phone) -> None:
    body = f"<propertyupdate {SPACES}><set><prop><displayname>x</displayname></prop></set></propertyupdate>"
    for method in ("PROPPATCH", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "POST"):
        answer = phone.request(method, f"{PRINCIPALS}ben/", data=body, headers={"Destination": f"{HOME}x/"})
        assert answer.status_code in (403, 404, 405), method
    assert read(phone, f"{PRINCIPALS}ben/", "displayname")[f"{DAV}displayname"].text == "Ben"


# ---------------------------------------------------------------- access control


def test_only_the_owner_sees_with_whom_a_collection_is_shared(phone: Phone) -> None:
    acl = read(phone, f"{HOME}mine/", "acl")[f"{DAV}acl"]
    assert hrefs(acl) == [f"{PRINCIPALS}ben/"]
    assert len(acl.findall(f"{DAV}ace")) == 2
    theirs = read(phone, f"{HOME}bens~ben/", "acl", "owner")
    assert hrefs(theirs[f"{DAV}acl"]) == [f"{PRINCIPALS}ada/"]
    assert hrefs(theirs[f"{DAV}owner"]) == [f"{PRINCIPALS}ben/"]
    assert read(phone, f"{HOME}team/", "acl")[f"{DAV}acl"].find(f".//{DAV}authenticated") is not None


def test_an_item_has_the_access_list_of_its_collection(hub: Hub, phone: Phone) -> None:
    for number in ("1", "2"):
        event = f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20260101T000000Z\nDTSTART:20260101T0{number}0000Z\nEND:VEVENT"
        hub.item(1, f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{event}\nEND:VCALENDAR\n", f"{number}.ics")
    found = read(phone, f"{HOME}mine/1.ics", "acl", "supported-privilege-set", "acl-restrictions", "inherited-acl-set")
    assert len(found) == 4
    assert hrefs(found[f"{DAV}acl"]) == [f"{PRINCIPALS}ben/"]
    body = f"<propfind {SPACES}><prop><acl/></prop></propfind>"
    listed = phone.request("PROPFIND", f"{HOME}mine/", data=body, headers={"Depth": "1"}).text
    assert listed.count(f"<D:href>{PRINCIPALS}ben/</D:href>") == 3


def test_every_folder_says_which_privileges_and_reports_there_are(phone: Phone) -> None:
    for path in ("/dav/", PRINCIPALS, f"{PRINCIPALS}ada/", HOME, f"{HOME}mine/"):
        names = ("supported-privilege-set", "acl-restrictions", "inherited-acl-set", "supported-report-set")
        found = read(phone, path, *names, "principal-collection-set", "current-user-privilege-set")
        assert len(found) == 6
        assert found[f"{DAV}supported-report-set"].find(f".//{DAV}expand-property") is not None
        named = {str(e.tag) for p in found[f"{DAV}supported-privilege-set"].iter(f"{DAV}privilege") for e in p}
        mine = {str(e.tag) for p in found[f"{DAV}current-user-privilege-set"].iter(f"{DAV}privilege") for e in p}
        assert mine <= named


def test_people_of_an_access_list(phone: Phone) -> None:
    body = f"<acl-principal-prop-set {SPACES}><prop><displayname/></prop></acl-principal-prop-set>"
    names = [e.text for e in ask(phone, "REPORT", f"{HOME}mine/", body).iter(f"{DAV}displayname")]
    assert names == ["Ada", "Ben"]
    names = [e.text for e in ask(phone, "REPORT", f"{HOME}bens~ben/", body).iter(f"{DAV}displayname")]
    assert names == ["Ben", "Ada"]


# ---------------------------------------------------------------- searching


def test_people_are_found_by_a_part_of_a_name_or_address_without_regard_to_case(phone: Phone) -> None:
    assert search(phone, "displayname||BE") == [f"{PRINCIPALS}ben/"]
    assert search(phone, "C:calendar-user-address-set||BÜRO@") == [f"{PRINCIPALS}ben/"]
    assert search(phone, "displayname||a") == [f"{PRINCIPALS}ada/", f"{PRINCIPALS}carl/"]  # not the blocked one
    assert search(phone, "displayname||a", "CS:email-address-set||@") == []
    assert search(phone, "displayname||arl", "CS:email-address-set||büro", test="anyof") == [
        f"{PRINCIPALS}ben/",
        f"{PRINCIPALS}carl/",
    ]
    assert search(phone, 'displayname| match-type="starts-with"|arl') == []
    assert search(phone, "CS:first-name||ben") == []


def test_where_people_are_searched(phone: Phone) -> None:
    body = (
        f"<principal-property-search {SPACES}><property-search><prop><displayname/></prop><match>ben</match>"
        "</property-search><prop><displayname/></prop>{0}</principal-property-search>"
    )
    everywhere = "<apply-to-principal-collection-set/>"
    assert len(ask(phone, "REPORT", HOME, body.format(everywhere))) == 1
    assert len(ask(phone, "REPORT", HOME, body.format(""))) == 0
    bad = phone.request("REPORT", PRINCIPALS, data=body.format(""), headers={"Depth": "1"})
    assert bad.status_code == 400
    empty = f"<principal-property-search {SPACES}><property-search/></principal-property-search>"
    assert phone.request("REPORT", PRINCIPALS, data=empty).status_code == 400
    assert len(search(phone, "displayname||ben", path="/dav/")) == 1
    assert search(phone) == [f"{PRINCIPALS}ada/"]  # a search for nothing
    beside = (
        f"<principal-property-search {SPACES}><property-search><prop><displayname/></prop><match>ada</match>"
        "</property-search><prop/><C:calendar-home-set/><displayname/></principal-property-search>"
    )  # as python-caldav writes it
    root = ask(phone, "REPORT", "/dav/", beside)
    assert root.findtext(f".//{DAV}displayname") == "Ada"
    assert hrefs(root) == [f"{PRINCIPALS}ada/", HOME]


def test_what_can_be_searched_is_said(phone: Phone) -> None:
    root = ask(phone, "REPORT", PRINCIPALS, f"<principal-search-property-set {SPACES}/>", 200)
    assert root.tag == f"{DAV}principal-search-property-set"
    assert len(root.findall(f"{DAV}principal-search-property/{DAV}prop/{DAV}displayname")) == 1


def test_who_am_i_and_what_is_mine(phone: Phone) -> None:
    itself = f"<principal-match {SPACES}><self/><prop><displayname/></prop></principal-match>"
    mine = f"<principal-match {SPACES}><principal-property><owner/></principal-property></principal-match>"
    assert hrefs(ask(phone, "REPORT", PRINCIPALS, itself)) == [f"{PRINCIPALS}ada/"]
    root = ask(phone, "REPORT", HOME, mine)
    found = {str(r.findtext(f"{DAV}href")) for r in root.iter(f"{DAV}response")}
    assert found - {f"{HOME}~inbox/", f"{HOME}~outbox/"} == {f"{HOME}mine/"}
    assert phone.request("REPORT", HOME, data=f"<principal-match {SPACES}/>").status_code == 400


# ---------------------------------------------------------------- expand-property


def expand(inner: str) -> str:
    return f"<expand-property {SPACES}>{inner}</expand-property>"


def test_what_properties_lead_to_is_told_at_once(phone: Phone) -> None:
    body = expand(
        '<property name="current-user-principal"><property name="displayname"/><property name="nothing"/>'
        '<property name="calendar-home-set" namespace="urn:ietf:params:xml:ns:caldav">'
        '<property name="displayname"/></property></property>'
    )
    root = ask(phone, "REPORT", f"{HOME}mine/", body)
    assert [e.text for e in root.iter(f"{DAV}displayname")] == ["Ada", "Calendars"]
    inner = root.find(f".//{DAV}current-user-principal/{DAV}response")
    assert inner is not None
    assert inner.find(f"{DAV}propstat[{DAV}status='HTTP/1.1 404 Not Found']/{DAV}prop/{DAV}nothing") is not None


def test_a_colleague_is_expanded_as_far_as_he_is_known(phone: Phone) -> None:
    home = '<property name="calendar-home-set" namespace="urn:ietf:params:xml:ns:caldav"/>'
    body = expand(f'<property name="owner"><property name="displayname"/>{home}</property>')
    root = ask(phone, "REPORT", f"{HOME}bens~ben/", body)
    assert [e.text for e in root.iter(f"{DAV}displayname")] == ["Ben"]
    assert "/dav/calendars/ben" not in etree.tostring(root).decode()
    assert ask(phone, "REPORT", f"{PRINCIPALS}ben/", expand('<property name="displayname"/>')) is not None


def test_circles_and_odd_names_come_to_an_end(phone: Phone) -> None:
    inner = '<property name="displayname"/>'
    for _ in range(20):
        inner = f'<property name="current-user-principal">{inner}</property>'
    root = ask(phone, "REPORT", f"{PRINCIPALS}ada/", expand(inner))
    assert len(list(root.iter(f"{DAV}response"))) == 5
    odd = expand('<property name="a b"/><property name="&lt;x/&gt;"/><property name="x" namespace="&quot;&gt;"/>')
    ask(phone, "REPORT", f"{PRINCIPALS}ada/", odd)
    wide = "".join(f'<property name="owner"><property name="p{n}"/></property>' for n in range(1000))
    assert len(list(ask(phone, "REPORT", HOME, expand(wide)).iter(f"{DAV}response"))) == 500


def test_reports_about_people_stop_at_other_homes(phone: Phone) -> None:
    for report in ("expand-property", "principal-match", "principal-property-search", "acl-principal-prop-set"):
        for path in ("/dav/calendars/ben/", "/dav/calendars/ben/bens/", "/dav/calendars/dora/", f"{HOME}none/"):
            if report == "principal-property-search" and path.startswith(HOME):
                continue
            answer = phone.request("REPORT", path, data=f"<{report} {SPACES}><self/></{report}>")
            assert answer.status_code == 404, (report, path, answer.text)


def test_a_propfind_asks_for_one_thing(phone: Phone) -> None:
    for inner in ("", "<allprop/><propname/>", "<prop/><allprop/>", "<nothing/>"):
        body = f"<propfind {SPACES}>{inner}</propfind>"
        assert phone.request("PROPFIND", HOME, data=body).status_code == 400, inner
    assert (
        phone.request("PROPFIND", HOME, data=f"<propfind {SPACES}><allprop/><include/></propfind>").status_code == 207
    )


def test_a_change_of_properties_that_went_well_has_nothing_to_tell_if_asked_for_little(phone: Phone) -> None:
    body = f"<propertyupdate {SPACES}><set><prop><{{0}}>Mine</{{0}}></prop></set></propertyupdate>"
    little = {"Prefer": "return=minimal"}
    fine = phone.request("PROPPATCH", f"{HOME}mine/", data=body.format("displayname"), headers=little)
    assert (fine.status_code, fine.content, fine.headers["preference-applied"]) == (200, b"", "return=minimal")
    refused = phone.request("PROPPATCH", f"{HOME}mine/", data=body.format("sync-token"), headers=little)
    assert (refused.status_code, "403 Forbidden" in refused.text) == (207, True)
