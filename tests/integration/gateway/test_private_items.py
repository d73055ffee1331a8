"""Private items in calendars that several people see (SYNC.md R32): others learn that the time is taken, no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event as event_of
from sqlalchemy import insert, select, update

from storage.tables import activities, grants, items
from tests.servers.gateway import Hub, Phone, running_hub

TEAM = "/dav/calendars/{}/team/"
CALDAV = "urn:ietf:params:xml:ns:caldav"
SECRET = "Interview with Grace"
ZONE = "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
ZONE += "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"


def event(uid: str, classification: str = "PRIVATE", extra: str = "", overrides: str = "") -> bytes:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALDESC:{SECRET}\r\n{ZONE}BEGIN:VEVENT\r\nUID:{uid}\r\n"
        "DTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Here:20260301T090000\r\nDTEND;TZID=Here:20260301T100000\r\n"
        f"SUMMARY:{SECRET}\r\nDESCRIPTION:{SECRET}\r\nLOCATION:{SECRET}\r\nX-NOTE:{SECRET}\r\nCATEGORIES:{SECRET}\r\n"
        f"ATTENDEE;CN={SECRET}:mailto:grace@example.org\r\nORGANIZER:mailto:boss@example.org\r\n"
        f"CLASS:{classification}\r\n{extra}BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:{SECRET}\r\n"
        f"END:VALARM\r\nEND:VEVENT\r\n{overrides}END:VCALENDAR\r\n"
    ).encode()


@dataclass
class Office:
    hub: Hub
    ada: Phone
    bob: Phone
    team: int


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with running_hub(tmp_path) as hub:
        hub.user("ada")
        hub.user("bob")
        team = hub.collection("team", "event,task")
        yield Office(hub, hub.phone("ada"), hub.phone("bob"), team)


def sync(phone: Phone, user: str, token: str = "", limit: int = 0) -> tuple[dict[str, str], set[str], str]:
    """Changed items with their entity tags, those that went away, and the new token."""
    limited = f"<limit><nresults>{limit}</nresults></limit>" if limit else ""
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level>{limited}'
        "<prop><getetag/></prop></sync-collection>"
    )
    text = phone.request("REPORT", TEAM.format(user), data=body).text
    changed = dict(re.findall(r"team/([^<]+)</D:href><D:propstat><D:prop><D:getetag>([^<]+)<", text))
    removed = set(re.findall(r"team/([^<]+)</D:href><D:status>HTTP/1.1 404", text))
    return changed, removed, re.findall("<D:sync-token>(.*?)<", text)[0]


def everything_read(phone: Phone, user: str) -> str:
    """All that reports and listings say of the calendar."""
    wanted = "<getetag/><getcontentlength/><C:calendar-data/>"
    about = f'xmlns="DAV:" xmlns:C="{CALDAV}"'
    query = (
        f'<C:calendar-query {about}><prop>{wanted}</prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter '
        'name="VEVENT"><C:time-range start="20260301T000000Z" end="20260302T000000Z"/></C:comp-filter>'
        "</C:comp-filter></C:filter></C:calendar-query>"
    )
    name = f"<href>{TEAM.format(user)}a.ics</href>"
    multiget = f"<C:calendar-multiget {about}><prop>{wanted}</prop>{name}</C:calendar-multiget>"
    rest = f"<sync-token/><sync-level>1</sync-level><prop>{wanted}</prop>"
    whole = f"<sync-collection {about}>{rest}</sync-collection>"
    said = [phone.request("REPORT", TEAM.format(user), data=body).text for body in (query, multiget, whole)]
    body = f"<propfind {about}><prop><getetag/><getcontentlength/></prop></propfind>"
    listed = phone.request("PROPFIND", TEAM.format(user), headers={"Depth": "1"}, data=body)
    return "".join([*said, listed.text, phone.get(f"{TEAM.format(user)}a.ics").text])


def test_r32_others_see_the_time_of_a_private_event_and_not_one_of_its_words(office: Office) -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE;TZID=Here:20260302T090000\r\n"
    assert office.ada.put(f"{TEAM.format('ada')}a.ics", data=event("a", extra=rule)).status_code == 201
    text = office.bob.get(f"{TEAM.format('bob')}a.ics").text
    for line in ("UID:a", "DTSTART;TZID=Here:20260301T090000", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Busy", "TZID:Here"):
        assert f"{line}\r\n" in text
    assert "EXDATE;TZID=Here:20260302T090000\r\n" in text
    read = everything_read(office.bob, "bob")
    assert read.count("SUMMARY:Busy") == 4  # a query, a multiget, a first sync, GET
    assert "Grace" not in read
    assert "grace@" not in read
    assert "VALARM" not in read
    assert "Grace" in everything_read(office.ada, "ada")


def test_r32_every_way_to_read_gives_the_same_entity_tag_which_is_not_that_of_the_words(office: Office) -> None:
    made = office.ada.put(f"{TEAM.format('ada')}a.ics", data=event("a"))
    got = office.bob.get(f"{TEAM.format('bob')}a.ics")
    assert got.headers["etag"] != made.headers["etag"]
    tags = set(re.findall(r"<D:getetag>([^<]+)<", everything_read(office.bob, "bob")))
    assert tags == {got.headers["etag"]}
    lengths = set(re.findall(r"<D:getcontentlength>(\d+)<", everything_read(office.bob, "bob")))
    assert lengths == {str(len(got.content))}
    other = event("a").replace(SECRET.encode(), b"Something else")
    assert office.ada.put(f"{TEAM.format('ada')}a.ics", data=other).status_code == 204
    assert office.bob.get(f"{TEAM.format('bob')}a.ics").headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "MOVE", "PROPPATCH"])
def test_r32_what_is_private_to_somebody_else_is_not_written(office: Office, method: str) -> None:
    office.ada.put(f"{TEAM.format('ada')}a.ics", data=event("a"))
    path = f"{TEAM.format('bob')}a.ics"
    headers = {"If-Match": office.bob.get(path).headers["etag"], "Destination": f"{office.bob.base}{path}x"}
    body = event("a", "PUBLIC") if method == "PUT" else b""
    if method == "PROPPATCH":
        body = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">1</x></prop></set></propertyupdate>'
    answer = office.bob.request(method, path, data=body, headers=headers)
    assert answer.status_code == 403 or (method == "PROPPATCH" and " 403 " in answer.text)
    assert "Grace" in office.ada.get(f"{TEAM.format('ada')}a.ics").text


def test_r32_an_event_that_becomes_private_or_public_reaches_others_at_their_next_sync(office: Office) -> None:
    path = f"{TEAM.format('ada')}a.ics"
    office.ada.put(path, data=event("a", "PUBLIC"))
    first, _, token = sync(office.bob, "bob")
    office.ada.put(path, data=event("a"))
    second, removed, token = sync(office.bob, "bob", token)
    assert first.keys() == second.keys() == {"a.ics"}
    assert first["a.ics"] != second["a.ics"]
    assert not removed
    office.ada.put(path, data=event("a", "PUBLIC"))
    third, _, _ = sync(office.bob, "bob", token)
    assert third == first


def test_r32_private_tasks_of_others_are_not_there_and_go_away_when_they_become_private(office: Office) -> None:
    def task(classification: str) -> bytes:
        return (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\n"
            f"SUMMARY:{SECRET}\r\nCLASS:{classification}\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
        ).encode()

    mine, his = f"{TEAM.format('ada')}t.ics", f"{TEAM.format('bob')}t.ics"
    office.ada.put(mine, data=task("PUBLIC"))
    seen, _, token = sync(office.bob, "bob")
    assert seen.keys() == {"t.ics"}
    office.ada.put(mine, data=task("CONFIDENTIAL"))
    assert office.bob.get(his).status_code == 404
    assert office.bob.delete(his).status_code == 403
    assert "t.ics" not in office.bob.request("PROPFIND", TEAM.format("bob"), headers={"Depth": "1"}).text
    seen, removed, _ = sync(office.bob, "bob", token)
    assert (seen, removed) == ({}, {"t.ics"})
    assert sync(office.bob, "bob")[:2] == ({}, set())


def test_r32_a_sync_in_small_parts_passes_over_hidden_tasks_and_misses_nothing(office: Office) -> None:
    for number in range(6):
        hidden = number % 3 != 2
        text = (
            f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\n"
            f"SUMMARY:x\r\n{'CLASS:PRIVATE' if hidden else 'CLASS:PUBLIC'}\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
        )
        office.ada.put(f"{TEAM.format('ada')}{number}.ics", data=text.encode())
    seen: set[str] = set()
    before, token = "-", ""
    while token != before:
        changed, _, newer = sync(office.bob, "bob", token, limit=1)
        seen |= changed.keys()
        before, token = token, newer
    assert seen == {"2.ics", "5.ics"}


def test_r32_one_private_occurrence_is_busy_and_the_rest_of_the_series_is_not(office: Office) -> None:
    own = (
        "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;TZID=Here:20260302T090000\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART;TZID=Here:20260302T110000\r\nSUMMARY:The doctor\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n"
    )
    series = event("a", "PUBLIC", "RRULE:FREQ=DAILY;COUNT=3\r\n", own)
    office.ada.put(f"{TEAM.format('ada')}a.ics", data=series)
    text = office.bob.get(f"{TEAM.format('bob')}a.ics").text
    assert "doctor" not in text
    assert f"SUMMARY:{SECRET}" in text
    assert "DTSTART;TZID=Here:20260302T110000" in text
    assert office.bob.delete(f"{TEAM.format('bob')}a.ics").status_code == 403


def test_r32_an_exception_of_a_private_series_is_private_too(office: Office) -> None:
    own = (
        "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;TZID=Here:20260302T090000\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART;TZID=Here:20260302T110000\r\nSUMMARY:The doctor\r\nEND:VEVENT\r\n"
    )
    office.ada.put(f"{TEAM.format('ada')}a.ics", data=event("a", "PRIVATE", "RRULE:FREQ=DAILY;COUNT=3\r\n", own))
    text = office.bob.get(f"{TEAM.format('bob')}a.ics").text
    assert "doctor" not in text
    assert text.count("SUMMARY:Busy") == 2


def test_r32_whoever_has_to_do_a_private_item_sees_it(office: Office) -> None:
    office.ada.put(f"{TEAM.format('ada')}a.ics", data=event("a"))
    with office.hub.database.begin() as unit:
        connection = unit.session.connection
        number = connection.execute(select(items.c.id)).scalar_one()
        row = {
            "kind": "meeting",
            "title": "x",
            "assigned_id": 2,
            "item_id": number,
            "created_by": "ada",
            "changed_by": "ada",
        }
        at = office.hub.clock()
        connection.execute(insert(activities).values(**row, created_at=at, changed_at=at))
    assert SECRET in office.bob.get(f"{TEAM.format('bob')}a.ics").text


def test_r32_in_a_shared_calendar_the_owner_sees_all_and_a_guest_what_he_made(office: Office) -> None:
    hub = office.hub
    calendar = hub.collection("mine", "event", owner=1)
    hub.execute(insert(grants).values(collection_id=calendar, user_id=2, access="write"))
    mine, his = "/dav/calendars/ada/mine/", "/dav/calendars/bob/mine~ada/"
    office.ada.put(f"{mine}a.ics", data=event("a"))
    office.bob.put(f"{his}b.ics", data=event("b"))
    assert "Grace" not in office.bob.get(f"{his}a.ics").text
    assert SECRET in office.bob.get(f"{his}b.ics").text
    assert SECRET in office.ada.get(f"{mine}b.ics").text


def test_r32_private_cards_of_a_shared_book_are_not_there_for_others(office: Office) -> None:
    office.hub.collection("people", "contact")
    card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Grace\r\nN:;Grace;;;\r\nCLASS:PRIVATE\r\nEND:VCARD\r\n"
    assert office.ada.put("/dav/addressbooks/ada/people/c.vcf", data=card).status_code == 201
    assert office.ada.get("/dav/addressbooks/ada/people/c.vcf").content == card
    assert office.bob.get("/dav/addressbooks/bob/people/c.vcf").status_code == 404
    listed = office.bob.request("PROPFIND", "/dav/addressbooks/bob/people/", headers={"Depth": "1"})
    assert "c.vcf" not in listed.text


def test_r32_what_a_sync_brought_in_is_private_to_everybody_until_it_is_public(office: Office) -> None:
    office.hub.item(office.team, event("a").decode(), "a.ics")
    assert "Grace" not in office.ada.get(f"{TEAM.format('ada')}a.ics").text
    office.hub.execute(update(items).values(maker_id=1))
    assert "Grace" in office.ada.get(f"{TEAM.format('ada')}a.ics").text


def test_a_calendar_without_private_items_costs_no_statement_more_than_ones_own(office: Office) -> None:
    office.hub.collection("own", "event", owner=1)
    sent: list[str] = []
    event_of.listen(office.hub.database.engine, "before_cursor_execute", lambda *said: sent.append(said[2]))
    costs = {}
    for slug in ("own", "team"):
        path = f"/dav/calendars/ada/{slug}/a.ics"
        office.ada.put(path, data=event("a", "PUBLIC"))
        for method in ("GET", "PROPFIND", "PUT", "DELETE"):
            sent.clear()
            assert office.ada.request(method, path, data=event("a", "") if method == "PUT" else b"").ok
            costs[slug, method] = len(sent)
    assert {costs["own", m] - costs["team", m] for m in ("GET", "PROPFIND")} == {0}
    assert all(costs["own", m] >= costs["team", m] for m in ("PUT", "DELETE"))  # scheduling asks in one's own only
