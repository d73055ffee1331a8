"""DAVx5 (Android) as its library dav4jvm speaks: the same methods, headers, bodies and order, one test for each thing
that it does. Written after its sources and logs that people published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import requests

from tests.servers.gateway import Hub, Phone, running_hub
from tests.servers.multistatus_reader import Multistatus, Told, named, read_multistatus

USER = "ada@example.org"
AGENDA = f"/dav/calendars/{USER}/agenda/"
PEOPLE = f"/dav/addressbooks/{USER}/people/"
XML = "application/xml; charset=utf-8"
HEADERS = {
    "User-Agent": "DAVx5/4.5.2-ose (dav4jvm; okhttp/5.1.0) Android/15",
    "Accept-Language": "de-CH, de;q=0.7, *;q=0.5",
    "Accept-Encoding": "gzip",
    "Connection": "Keep-Alive",
}
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:DAVx5/4.5.2-ose ical4j/4.2.0\r\nBEGIN:VEVENT\r\n"
    "DTSTAMP:20260101T000000Z\r\nUID:{uid}\r\nSUMMARY:{title}\r\nDTSTART:{day}T090000Z\r\nDTEND:{day}T100000Z\r\n"
    "STATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nPRODID:DAVx5/4.5.2-ose ez-vcard/0.12.1\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\n"
    "group1.TEL;TYPE=cell:+41 44 000 00 00\r\ngroup1.X-ABLABEL:Boat\r\nREV:20260101T000000Z\r\nEND:VCARD\r\n"
)
SPACES = 'xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav" xmlns:CARD="urn:ietf:params:xml:ns:carddav"'
HEAD = "<?xml version='1.0' encoding='UTF-8' ?>"
COLLECTION = (
    "<resourcetype /><displayname /><owner /><current-user-privilege-set /><CARD:addressbook-description />"
    '<CAL:calendar-description /><n0:calendar-color xmlns:n0="http://apple.com/ns/ical/" /><CAL:calendar-timezone />'
    "<CAL:calendar-timezone-id /><CAL:supported-calendar-component-set />"
    '<n1:source xmlns:n1="http://calendarserver.org/ns/" /><n2:transports xmlns:n2="https://bitfire.at/webdav-push" />'
    '<n3:topic xmlns:n3="https://bitfire.at/webdav-push" />'
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user(USER)
        running.collection("agenda", "event,task", color="#ff8800")
        running.collection("people", "contact")
        yield running


@pytest.fixture
def android(hub: Hub) -> Phone:
    phone = hub.phone(USER, "Android")
    phone.headers.update(HEADERS)
    return phone


def propfind(phone: Phone, path: str, properties: str, depth: str = "0") -> Multistatus:
    """Goes after up to five redirects with method and body, as its library does."""
    body = f"{HEAD}<propfind {SPACES}><prop>{properties}</prop></propfind>"
    for _ in range(5):
        answer = phone.request("PROPFIND", path, data=body, headers={"Content-Type": XML, "Depth": depth})
        if answer.status_code not in {301, 302, 307, 308}:
            return read_multistatus(answer)
        path = answer.headers["location"]
    raise AssertionError("too many redirects")


def changes(phone: Phone, path: str, token: str = "", limit: int = 0) -> requests.Response:
    """A sync-collection report, with Depth 0 as RFC 6578 wants it."""
    asked = f"<sync-token>{token}</sync-token>" if token else "<sync-token />"
    limited = f"<limit><nresults>{limit}</nresults></limit>" if limit else ""
    body = f'{HEAD}<sync-collection xmlns="DAV:">{asked}<sync-level>1</sync-level>{limited}<prop><getetag /></prop>'
    headers = {"Content-Type": XML, "Depth": "0"}
    return phone.request("REPORT", path, data=f"{body}</sync-collection>", headers=headers)


def multiget(phone: Phone, path: str, hrefs: Sequence[str], *, version: str = "") -> dict[str, Told]:
    """Ten at a time."""
    found: dict[str, Told] = {}
    kind = "CARD" if "addressbooks" in path else "CAL"
    report, data = ("addressbook", "address") if kind == "CARD" else ("calendar", "calendar")
    of_version = f' content-type="text/vcard" version="{version}"' if version else ""
    for start in range(0, len(hrefs), 10):
        some = "".join(f"<href>{href}</href>" for href in hrefs[start : start + 10])
        wanted = f"<getcontenttype /><getetag /><CAL:schedule-tag /><{kind}:{data}-data{of_version} />"
        body = f"{HEAD}<{kind}:{report}-multiget {SPACES}><prop>{wanted}</prop>{some}</{kind}:{report}-multiget>"
        answer = phone.request("REPORT", path, data=body, headers={"Content-Type": XML})
        found |= read_multistatus(answer).responses
    return found


def put(phone: Phone, path: str, text: str, **headers: str) -> requests.Response:
    media = "text/vcard;version=4.0" if path.endswith(".vcf") else "text/calendar; charset=utf-8"
    named_so = {name.replace("_", "-"): value for name, value in headers.items()}
    return phone.put(path, data=text.encode(), headers={"Content-Type": media, **named_so})


def test_davx5_logs_in_and_finds_both_services_at_the_bare_address(hub: Hub, android: Phone) -> None:
    stranger = Phone(hub.url, "", "")
    stranger.auth = None
    hub.phones.append(stranger)
    refused = stranger.request("PROPFIND", "/", headers={"Depth": "0", "Content-Type": XML})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith('Basic realm="')
    for service in ("caldav", "carddav"):
        found = propfind(android, f"/.well-known/{service}", "<current-user-principal />").one()
        (principal,) = found.hrefs("D:current-user-principal")
        capable = android.options(principal)
        assert capable.status_code == 200
        classes = {one.strip() for one in capable.headers["dav"].split(",")}
        assert {"calendar-access", "addressbook"} <= classes


def test_davx5_lists_the_homes_and_what_may_be_done_in_each_collection(android: Phone) -> None:
    principal = f"/dav/principals/{USER}/"
    wanted = (
        "<displayname /><resourcetype /><CAL:calendar-home-set /><CARD:addressbook-home-set /><group-membership />"
        '<CS:calendar-proxy-read-for xmlns:CS="http://calendarserver.org/ns/" />'
        '<CS:calendar-proxy-write-for xmlns:CS="http://calendarserver.org/ns/" />'
    )
    about = propfind(android, principal, wanted).one()
    (calendars,), (books,) = about.hrefs("C:calendar-home-set"), about.hrefs("A:addressbook-home-set")
    found = propfind(android, calendars, COLLECTION, "1").responses
    agenda = found[AGENDA]
    assert named("C:calendar") in agenda.types()
    assert agenda.text("I:calendar-color").lower() == "#ff8800"
    privileges = {str(one.tag) for one in agenda.found[named("D:current-user-privilege-set")].iter()}
    assert {named("D:write-content"), named("D:bind"), named("D:unbind")} <= privileges  # else it opens it read-only
    calendars_only = [href for href, told in found.items() if named("C:calendar") in told.types()]
    assert calendars_only == [AGENDA]  # nothing else is offered to the person
    assert named("A:addressbook") in propfind(android, books, COLLECTION, "1").responses[PEOPLE].types()


def test_davx5_brings_a_calendar_into_step_by_the_collection_s_changes(android: Phone) -> None:
    supports = '<supported-report-set /><CS:getctag xmlns:CS="http://calendarserver.org/ns/" /><sync-token />'
    before = propfind(android, AGENDA, f"<CAL:max-resource-size />{supports}").one()
    reports = {str(report.tag) for report in before.found[named("D:supported-report-set")].iter()}
    assert named("D:sync-collection") in reports  # else it lists all each time
    for number in range(23):
        text = EVENT.format(uid=f"e{number}", title=f"Event {number}", day="20270301")
        assert put(android, f"{AGENDA}e{number}.ics", text, If_None_Match="*").status_code == 201
    first = read_multistatus(changes(android, AGENDA))
    assert {told.status for told in first.responses.values()} == {200}
    found = multiget(android, AGENDA, list(first.responses))
    assert len(found) == 23
    for href, told in found.items():
        assert told.text("D:getetag") == first.responses[href].text("D:getetag")
        assert told.text("C:calendar-data").startswith("BEGIN:VCALENDAR")
        assert told.text("D:getcontenttype").startswith("text/calendar")
    assert android.delete(f"{AGENDA}e7.ics").status_code == 204
    second = read_multistatus(changes(android, AGENDA, first.token))
    assert {href: told.status for href, told in second.responses.items()} == {f"{AGENDA}e7.ics": 404}
    third = read_multistatus(changes(android, AGENDA, second.token))
    assert (third.responses, third.token) == ({}, second.token)


def test_davx5_takes_a_limited_answer_in_parts(android: Phone) -> None:
    for number in range(5):
        put(android, f"{AGENDA}{number}.ics", EVENT.format(uid=f"e{number}", title="x", day="20270301"))
    seen: set[str] = set()
    token = ""
    for _ in range(5):
        part = read_multistatus(changes(android, AGENDA, token, limit=2))
        seen |= {href for href in part.responses if href != AGENDA}
        token = part.token
        if AGENDA not in part.responses:
            break
        assert part.responses[AGENDA].status == 507
    assert seen == {f"{AGENDA}{number}.ics" for number in range(5)}
    assert read_multistatus(changes(android, AGENDA, token, limit=2)).responses == {}


def test_davx5_begins_anew_when_its_token_is_refused(android: Phone) -> None:
    refused = changes(android, AGENDA, "https://example.org/of-another-server")
    assert refused.status_code in {403, 409}
    assert "valid-sync-token" in refused.text
    assert read_multistatus(changes(android, AGENDA)).token


def test_davx5_lists_only_days_of_the_past_that_are_wanted(android: Phone) -> None:
    put(android, f"{AGENDA}old.ics", EVENT.format(uid="old", title="Old", day="20200301"))
    put(android, f"{AGENDA}new.ics", EVENT.format(uid="new", title="New", day="20270301"))
    task = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\n"
    put(android, f"{AGENDA}task.ics", f"{task}SUMMARY:Task\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    asked = {"VEVENT": '<CAL:time-range start="20260822T120000Z" />', "VTODO": ""}
    wanted = {"VEVENT": [f"{AGENDA}new.ics"], "VTODO": [f"{AGENDA}task.ics"]}
    for component, range_ in asked.items():
        inner = f'<CAL:comp-filter name="VCALENDAR"><CAL:comp-filter name="{component}">{range_}</CAL:comp-filter>'
        query = f"<CAL:calendar-query {SPACES}><prop><getetag /></prop><CAL:filter>{inner}</CAL:comp-filter>"
        body = f"{HEAD}{query}</CAL:filter></CAL:calendar-query>"
        answer = android.request("REPORT", AGENDA, data=body, headers={"Content-Type": XML, "Depth": "1"})
        assert list(read_multistatus(answer).responses) == wanted[component]


def test_davx5_keeps_the_server_s_version_when_both_changed_an_event(android: Phone) -> None:
    path = f"{AGENDA}mine.ics"
    made = put(android, path, EVENT.format(uid="mine", title="First", day="20270301"), If_None_Match="*")
    assert made.status_code == 201
    elsewhere = put(android, path, EVENT.format(uid="mine", title="Elsewhere", day="20270301"))
    late = put(android, path, EVENT.format(uid="mine", title="Late", day="20270301"), If_Match=made.headers["etag"])
    assert late.status_code == 412  # it then reads the server's again
    assert multiget(android, AGENDA, [path])[path].text("D:getetag") == elsewhere.headers["etag"]
    assert android.delete(path, headers={"If-Match": made.headers["etag"]}).status_code == 412
    assert android.delete(path, headers={"If-Match": elsewhere.headers["etag"]}).status_code == 204
    assert android.delete(path, headers={"If-Match": elsewhere.headers["etag"]}).status_code in {404, 410}


def test_davx5_makes_and_deletes_a_calendar_of_its_own(android: Phone) -> None:
    path = f"/dav/calendars/{USER}/b0a1b6ee-0d4b-4b2c-8c1c-5f0a3a6a2f11/"
    zone = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Zurich\r\nEND:VTIMEZONE\r\n"
    body = (
        f"{HEAD}<CAL:mkcalendar {SPACES}><set><prop><resourcetype><collection /><CAL:calendar /></resourcetype>"
        "<displayname>Segeln</displayname><CAL:calendar-description>Boot</CAL:calendar-description>"
        '<n0:calendar-color xmlns:n0="http://apple.com/ns/ical/">#8BC34AFF</n0:calendar-color>'
        "<CAL:calendar-timezone-id>Europe/Zurich</CAL:calendar-timezone-id>"
        f"<CAL:calendar-timezone>{zone}END:VCALENDAR\r\n</CAL:calendar-timezone>"
        '<CAL:supported-calendar-component-set><CAL:comp name="VEVENT" /></CAL:supported-calendar-component-set>'
        "</prop></set></CAL:mkcalendar>"
    )
    assert android.request("MKCALENDAR", path, data=body, headers={"Content-Type": XML}).status_code == 201
    told = propfind(android, path, COLLECTION).one()
    assert told.text("D:displayname") == "Segeln"
    assert told.text("I:calendar-color") == "#8BC34AFF"
    assert [c.get("name") for c in told.found[named("C:supported-calendar-component-set")]] == ["VEVENT"]
    assert android.delete(path).status_code in {200, 204}
    assert android.request("PROPFIND", path, headers={"Depth": "0"}).status_code == 404


def test_davx5_speaks_vcard_4_and_keeps_groups_of_people(android: Phone) -> None:
    told = propfind(android, PEOPLE, "<CARD:supported-address-data /><CARD:max-resource-size /><sync-token />").one()
    versions = {one.get("version") for one in told.found[named("A:supported-address-data")]}
    assert "4.0" in versions
    zoe = CARD.format(uid="urn:uuid:zoe", name="Zoë")
    assert put(android, f"{PEOPLE}zoe.vcf", zoe, If_None_Match="*").status_code == 201
    group = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:crew\r\nKIND:group\r\nFN:Crew\r\n"
    group += "MEMBER:urn:uuid:zoe\r\nEND:VCARD\r\n"
    assert put(android, f"{PEOPLE}crew.vcf", group, If_None_Match="*").status_code == 201
    listed = read_multistatus(changes(android, PEOPLE))
    cards = multiget(android, PEOPLE, list(listed.responses), version="4.0")
    assert cards[f"{PEOPLE}zoe.vcf"].text("A:address-data") == zoe.strip()
    assert "MEMBER:urn:uuid:zoe" in cards[f"{PEOPLE}crew.vcf"].text("A:address-data")
    older = multiget(android, PEOPLE, [f"{PEOPLE}zoe.vcf"], version="3.0")
    text = older[f"{PEOPLE}zoe.vcf"].text("A:address-data")
    assert "VERSION:3.0" in text
    assert "group1.X-ABLABEL:Boat" in text


def test_davx5_learns_that_a_collection_is_read_only_and_is_told_why_a_write_fails(hub: Hub, android: Phone) -> None:
    owner = hub.user("bob@example.org")
    hub.collection("bobs", "event", owner)
    bob = hub.phone("bob@example.org", "Bob's")
    shared = (
        '<CS:share xmlns:CS="http://calendarserver.org/ns/" xmlns:D="DAV:"><CS:set>'
        f"<D:href>mailto:{USER}</D:href><CS:read/></CS:set></CS:share>"
    )
    assert bob.post("/dav/calendars/bob@example.org/bobs/", data=shared, headers={"Content-Type": XML}).ok
    found = propfind(android, f"/dav/calendars/{USER}/", COLLECTION, "1").responses
    (theirs,) = [href for href, told in found.items() if named("C:calendar") in told.types() and href != AGENDA]
    privileges = {str(one.tag) for one in found[theirs].found[named("D:current-user-privilege-set")].iter()}
    assert not {named("D:write"), named("D:write-content"), named("D:bind")} & privileges
    refused = put(android, f"{theirs}x.ics", EVENT.format(uid="x", title="x", day="20270301"), If_None_Match="*")
    assert refused.status_code == 403
    assert "need-privileges" in refused.text
