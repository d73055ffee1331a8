"""iOS and macOS (Calendar, Reminders, Contacts): their requests in their order, one test for each thing that they do.
Written after logs that people published.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.apple_device import MAC, AppleDevice, properties
from tests.servers.gateway import Hub, Phone, running_hub
from tests.servers.multistatus_reader import NAMES, named, read_multistatus

USER = "ada@example.org"
PRINCIPAL = f"/dav/principals/{USER}/"
HOME = f"/dav/calendars/{USER}/"
AGENDA = f"{HOME}agenda/"
BOOKS = f"/dav/addressbooks/{USER}/"
PEOPLE = f"{BOOKS}people/"
CALDAV = 'xmlns:B="urn:ietf:params:xml:ns:caldav"'
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Zurich\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nDTSTART:19810329T020000\r\nTZNAME:MESZ\r\nTZOFFSETTO:+0200\r\n"
    "END:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
    "DTSTART:19961027T030000\r\nTZNAME:MEZ\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
SERIES = (
    "BEGIN:VCALENDAR\r\nCALSCALE:GREGORIAN\r\nPRODID:-//Apple Inc.//iOS 18.1.1//EN\r\nVERSION:2.0\r\n"
    + ZONE
    + "{events}"
    "END:VCALENDAR\r\n"
)
EVENT = (
    "BEGIN:VEVENT\r\nCREATED:20260101T000000Z\r\nDTEND;TZID=Europe/Zurich:{day}T100000\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Europe/Zurich:{day}T090000\r\nLAST-MODIFIED:20260101T000000Z\r\n{more}SEQUENCE:0\r\n"
    "SUMMARY:{title}\r\nTRANSP:OPAQUE\r\nUID:5E3A2C6B-51B3-4C2A-9E3D-0C3F5C0B7A11\r\n"
    "X-APPLE-CREATOR-IDENTITY:com.apple.mobilecal\r\nX-APPLE-CREATOR-TEAM-IDENTITY:0000000000\r\nEND:VEVENT\r\n"
)
TASK = (
    "BEGIN:VCALENDAR\r\nCALSCALE:GREGORIAN\r\nPRODID:-//Apple Inc.//iOS 18.1.1//EN\r\nVERSION:2.0\r\nBEGIN:VTODO\r\n"
    "CREATED:20260101T000000Z\r\nDTSTAMP:20260101T000000Z\r\nLAST-MODIFIED:20260101T000000Z\r\n{more}SUMMARY:Milk\r\n"
    "UID:TASK-1\r\nX-APPLE-SORT-ORDER:784900000\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
)
PHOTO = base64.b64encode(bytes(range(256)) * 40).decode()
CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//iOS 18.1.1//EN\r\nN:Müller;Zoë;;;\r\nFN:Zoë Müller\r\n"
    "item1.TEL;type=pref:+41 44 000 00 00\r\nitem1.X-ABLabel:Boot\r\nitem2.ADR;type=HOME:;;Seeweg 1;Zürich;;8000;CH\r\n"
    "item2.X-ABADR:ch\r\nPHOTO;ENCODING=b;TYPE=JPEG:\r\n "
    + "\r\n ".join(PHOTO[start : start + 74] for start in range(0, len(PHOTO), 74))
    + "\r\nREV:2026-01-01T00:00:00Z\r\nUID:CARD-1\r\nEND:VCARD\r\n"
)
GROUP = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//macOS 15.1//EN\r\nN:Crew\r\nFN:Crew\r\n"
    "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:CARD-1\r\nREV:2026-01-01T00:00:00Z\r\n"
    "UID:GROUP-1\r\nEND:VCARD\r\n"
)
OF_HOME = (
    "D:add-member CS:allowed-sharing-modes I:autoprovisioned ME:bulk-requests C:calendar-alarm I:calendar-color "
    "C:calendar-description C:calendar-free-busy-set I:calendar-order C:calendar-timezone "
    "D:current-user-privilege-set C:default-alarm-vevent-date C:default-alarm-vevent-datetime D:displayname "
    "CS:getctag CS:invite I:language-code I:location-code C:max-attendees-per-instance C:max-resource-size D:owner "
    "CS:pre-publish-url CS:publish-url CS:push-transports CS:pushkey D:quota-available-bytes D:quota-used-bytes "
    "I:refreshrate D:resource-id D:resourcetype C:schedule-calendar-transp C:schedule-default-calendar-URL CS:source "
    "CS:subscribed-strip-alarms CS:subscribed-strip-attachments CS:subscribed-strip-todos "
    "C:supported-calendar-component-set C:supported-calendar-component-sets D:supported-report-set D:sync-token"
)
OF_BOOKS = (
    "D:add-member ME:bulk-requests D:current-user-privilege-set D:displayname ME:guardian-restricted "
    "A:max-image-size A:max-resource-size CS:me-card D:owner CS:push-transports CS:pushkey D:quota-available-bytes "
    "D:quota-used-bytes D:resource-id D:resourcetype D:supported-report-set D:sync-token CS:getctag"
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user(USER)
        running.collection("agenda", "event", color="#ff8800")
        running.collection("tasks", "task")
        running.collection("people", "contact")
        yield running


@pytest.fixture
def iphone(hub: Hub) -> AppleDevice:
    return AppleDevice(hub.phone(USER, "iPhone"))


@pytest.fixture
def mac(hub: Hub) -> AppleDevice:
    return AppleDevice(hub.phone(USER, "Mac"), MAC)


def one_event(title: str, more: str = "", day: str = "20270301") -> str:
    return SERIES.format(events=EVENT.format(title=title, more=more, day=day))


def test_ios_adds_an_account_of_each_service(hub: Hub, iphone: AppleDevice) -> None:
    stranger = Phone(hub.url, "", "")
    stranger.auth = None
    hub.phones.append(stranger)
    refused = stranger.request("PROPFIND", "/dav/", headers={"Depth": "0"})
    assert (refused.status_code, refused.headers["www-authenticate"][:6]) == (401, "Basic ")
    for service in ("caldav", "carddav"):
        told = iphone.propfind(
            f"/.well-known/{service}", "D:current-user-principal D:principal-URL D:resourcetype"
        ).one()
        assert told.hrefs("D:current-user-principal") == [PRINCIPAL]
        assert not told.refused  # Brief: t
    classes = iphone.send("OPTIONS", PRINCIPAL).headers["dav"]
    for needed in ("access-control", "calendar-access", "addressbook", "calendar-auto-schedule", "calendar-proxy"):
        assert needed in classes
    about = iphone.propfind(
        PRINCIPAL,
        "C:calendar-home-set C:calendar-user-address-set D:current-user-principal D:displayname CS:dropbox-home-URL "
        "CS:email-address-set C:max-attendees-per-instance CS:notification-URL D:principal-collection-set "
        "D:principal-URL D:resource-id C:schedule-inbox-URL C:schedule-outbox-URL D:supported-report-set",
    ).one()
    assert about.hrefs("C:calendar-home-set") == [HOME]
    assert about.hrefs("D:principal-URL") == [PRINCIPAL]
    assert f"mailto:{USER}" in about.hrefs("C:calendar-user-address-set")
    assert about.hrefs("C:schedule-inbox-URL")
    assert about.hrefs("C:schedule-outbox-URL")
    books = "A:addressbook-home-set A:directory-gateway D:displayname CS:email-address-set D:principal-collection-set "
    assert iphone.propfind(PRINCIPAL, books + "D:principal-URL D:resource-id D:supported-report-set").one().hrefs(
        "A:addressbook-home-set"
    ) == [BOOKS]


def test_macos_asks_who_can_be_searched_and_whose_calendars_are_open_to_it(mac: AppleDevice) -> None:
    found = mac.propfind(PRINCIPAL, "D:principal-collection-set D:supported-report-set").one()
    (principals,) = found.hrefs("D:principal-collection-set")
    fields = mac.send("REPORT", principals, '<A:principal-search-property-set xmlns:A="DAV:"/>', Depth="0")
    assert fields.status_code == 200
    assert b"displayname" in fields.content
    inner = '<A:property name="displayname" namespace="DAV:"/><A:property name="principal-URL" namespace="DAV:"/>'
    whose = "".join(
        f'<A:property name="calendar-proxy-{way}-for" namespace="{NAMES["CS"]}">{inner}</A:property>'
        for way in ("read", "write")
    )
    expanded = mac.send(
        "REPORT", PRINCIPAL, f'<A:expand-property xmlns:A="DAV:">{whose}</A:expand-property>', Depth="0"
    )
    assert read_multistatus(expanded).one().has("CS:calendar-proxy-read-for")


def test_ios_lists_the_calendars_with_all_that_it_may_show(iphone: AppleDevice) -> None:
    found = iphone.propfind(HOME, OF_HOME, "1").responses
    assert not any(told.refused for told in found.values())
    agenda, tasks = found[AGENDA], found[f"{HOME}tasks/"]
    assert {named("D:collection"), named("C:calendar")} <= agenda.types()
    assert [c.get("name") for c in agenda.found[named("C:supported-calendar-component-set")]] == ["VEVENT"]
    assert [c.get("name") for c in tasks.found[named("C:supported-calendar-component-set")]] == ["VTODO"]
    assert agenda.text("I:calendar-color") == "#ff8800"
    reports = {str(one.tag) for one in agenda.found[named("D:supported-report-set")].iter()}
    assert {named("D:sync-collection"), named("C:calendar-multiget"), named("C:calendar-query")} <= reports
    boxes = {href for href, told in found.items() if named("C:schedule-inbox") in told.types()}
    assert boxes == set(iphone.propfind(PRINCIPAL, "C:schedule-inbox-URL").one().hrefs("C:schedule-inbox-URL"))


def test_macos_writes_default_alarms_to_the_home_and_reads_them_again(mac: AppleDevice, iphone: AppleDevice) -> None:
    alarm = "BEGIN:VALARM&#13;\nACTION:NONE&#13;\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z&#13;\nEND:VALARM&#13;\n"
    names = ("default-alarm-vevent-date", "default-alarm-vevent-datetime")
    for name in names:
        said = mac.proppatch(HOME, f"<B:{name} {CALDAV}>{alarm}</B:{name}>")
        assert (set(said.found), said.refused) == ({named(f"C:{name}")}, {})
    told = iphone.propfind(HOME, "C:default-alarm-vevent-date C:default-alarm-vevent-datetime D:displayname").one()
    assert all("TRIGGER;VALUE=DATE-TIME:19760401T005545Z" in told.text(f"C:{name}") for name in names)
    assert mac.proppatch(AGENDA, f"<B:{names[0]} {CALDAV}>{alarm}</B:{names[0]}>").has(f"C:{names[0]}")
    refused = mac.proppatch(HOME, f"<B:calendar-home-set {CALDAV}/>", f"<B:{names[0]} {CALDAV}/>")
    assert refused.refused == {named("C:calendar-home-set"): 403, named(f"C:{names[0]}"): 424}
    assert "TRIGGER" in iphone.propfind(HOME, "C:default-alarm-vevent-date").one().text("C:default-alarm-vevent-date")


def test_contacts_of_macos_keeps_the_card_of_oneself_at_the_home(mac: AppleDevice) -> None:
    assert mac.put(f"{PEOPLE}CARD-1.vcf", CARD, If_None_Match="*").status_code == 201
    me = f'<C:me-card xmlns:C="{NAMES["CS"]}"><A:href>{PEOPLE}CARD-1.vcf</A:href></C:me-card>'
    assert mac.proppatch(BOOKS, me).has("CS:me-card")
    assert mac.propfind(BOOKS, OF_BOOKS, "1").responses[BOOKS].hrefs("CS:me-card") == [f"{PEOPLE}CARD-1.vcf"]
    removal = f'<A:remove><A:prop><C:me-card xmlns:C="{NAMES["CS"]}"/></A:prop></A:remove>'
    mac.send("PROPPATCH", BOOKS, f'<A:propertyupdate xmlns:A="DAV:">{removal}</A:propertyupdate>')
    assert not mac.propfind(BOOKS, "CS:me-card").one().has("CS:me-card")


def test_ios_makes_changes_and_deletes_events(iphone: AppleDevice, mac: AppleDevice) -> None:
    token = iphone.changes(AGENDA).token
    path = f"{AGENDA}5E3A2C6B-51B3-4C2A-9E3D-0C3F5C0B7A11.ics"
    made = iphone.put(path, one_event("Rudern"), If_None_Match="*")
    assert made.status_code == 201
    seen = mac.changes(AGENDA, token)
    assert seen.responses[path].text("D:getetag") == made.headers["etag"]
    assert mac.multiget(AGENDA, [path])[path].text("C:calendar-data") == one_event("Rudern").strip()
    changed = mac.put(path, one_event("Segeln"), If_Match=made.headers["etag"])
    assert changed.status_code in {200, 204}
    assert iphone.put(path, one_event("Zu spät"), If_Match=made.headers["etag"]).status_code == 412
    assert iphone.send("DELETE", path, If_Match=made.headers["etag"]).status_code == 412
    assert "Segeln" in iphone.multiget(AGENDA, [path])[path].text("C:calendar-data")
    assert iphone.send("DELETE", path, If_Match=changed.headers["etag"]).status_code == 204
    assert mac.changes(AGENDA, seen.token).responses[path].status == 404


def test_ios_changes_one_occurrence_of_a_series_and_macos_sees_it(iphone: AppleDevice, mac: AppleDevice) -> None:
    path = f"{AGENDA}series.ics"
    rule = "RRULE:FREQ=WEEKLY;COUNT=8\r\n"
    made = iphone.put(path, one_event("Kurs", rule), If_None_Match="*")
    token = mac.changes(AGENDA).token
    one = EVENT.format(
        title="Kurs, woanders", more="RECURRENCE-ID;TZID=Europe/Zurich:20270315T090000\r\n", day="20270316"
    )
    both = SERIES.format(events=EVENT.format(title="Kurs", more=rule, day="20270301") + one)
    assert iphone.put(path, both, If_Match=made.headers["etag"]).ok
    assert list(mac.changes(AGENDA, token).responses) == [path]
    text = mac.multiget(AGENDA, [path])[path].text("C:calendar-data")
    assert text.count("BEGIN:VEVENT") == 2
    range_ = '<B:time-range start="20270316T000000Z" end="20270317T000000Z"/>'
    filter_ = f'<B:comp-filter name="VCALENDAR"><B:comp-filter name="VEVENT">{range_}</B:comp-filter></B:comp-filter>'
    query = f'<B:calendar-query {CALDAV} xmlns:A="DAV:">{properties("D:getetag")}<B:filter>{filter_}</B:filter>'
    found = read_multistatus(mac.send("REPORT", AGENDA, f"{query}</B:calendar-query>", Depth="1"))
    assert list(found.responses) == [path]  # where it was moved to


def test_macos_makes_a_calendar_paints_it_and_moves_an_event_into_it(mac: AppleDevice, iphone: AppleDevice) -> None:
    path = f"{HOME}7287558F-5F1C-4AEC-9F3C-E9C1068D4E4E/"
    color = f'<D:calendar-color xmlns:D="{NAMES["I"]}" symbolic-color="purple">#711A76FF</D:calendar-color>'
    body = (
        f'<B:mkcalendar {CALDAV}><A:set xmlns:A="DAV:"><A:prop>{color}<A:displayname>Törns</A:displayname>'
        f'<B:supported-calendar-component-set><B:comp name="VEVENT"/></B:supported-calendar-component-set>'
        f"<B:calendar-timezone>BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\n{ZONE.replace(chr(13), '&#13;')}"
        "END:VCALENDAR&#13;\n</B:calendar-timezone></A:prop></A:set></B:mkcalendar>"
    )
    assert mac.send("MKCALENDAR", path, body).status_code == 201
    order = f'<D:calendar-order xmlns:D="{NAMES["I"]}">4</D:calendar-order>'
    assert not mac.proppatch(path, order, "<A:displayname>Törns 2027</A:displayname>").refused
    told = iphone.propfind(HOME, OF_HOME, "1").responses[path]
    assert (told.text("D:displayname"), told.text("I:calendar-order")) == ("Törns 2027", "4")
    assert told.text("I:calendar-color") == "#711A76FF"
    assert "Europe/Zurich" in told.text("C:calendar-timezone")
    here, there = iphone.changes(AGENDA).token, iphone.changes(path).token
    mac.put(f"{AGENDA}e.ics", one_event("Törn"), If_None_Match="*")
    moved = mac.send("MOVE", f"{AGENDA}e.ics", Destination=f"{mac.phone.base}{path}e.ics", Overwrite="F")
    assert moved.status_code == 201
    assert {href: told.status for href, told in iphone.changes(AGENDA, here).responses.items()} in (
        {f"{AGENDA}e.ics": 404},
        {},  # it came and went between two polls
    )
    assert list(iphone.changes(path, there).responses) == [f"{path}e.ics"]
    assert mac.send("DELETE", path).status_code == 204
    assert path not in iphone.propfind(HOME, "D:resourcetype", "1").responses


def test_reminders_makes_a_list_and_ticks_a_task_off(iphone: AppleDevice) -> None:
    path = f"{HOME}REMINDERS-1/"
    body = (
        f'<B:mkcalendar {CALDAV}><A:set xmlns:A="DAV:"><A:prop><A:displayname>Einkauf</A:displayname>'
        '<B:supported-calendar-component-set><B:comp name="VTODO"/></B:supported-calendar-component-set>'
        "</A:prop></A:set></B:mkcalendar>"
    )
    assert iphone.send("MKCALENDAR", path, body).status_code == 201
    made = iphone.put(f"{path}TASK-1.ics", TASK.format(more=""), If_None_Match="*")
    assert made.status_code == 201
    done = "COMPLETED:20260201T080000Z\r\nPERCENT-COMPLETE:100\r\nSTATUS:COMPLETED\r\n"
    assert iphone.put(f"{path}TASK-1.ics", TASK.format(more=done), If_Match=made.headers["etag"]).ok
    text = iphone.multiget(path, [f"{path}TASK-1.ics"])[f"{path}TASK-1.ics"].text("C:calendar-data")
    assert "STATUS:COMPLETED" in text
    assert "X-APPLE-SORT-ORDER:784900000" in text
    assert iphone.put(f"{path}e.ics", one_event("Not here")).status_code == 403


def test_contacts_keep_photo_labels_and_groups(iphone: AppleDevice, mac: AppleDevice) -> None:
    books = iphone.propfind(BOOKS, OF_BOOKS, "1").responses
    assert named("A:addressbook") in books[PEOPLE].types()
    assert books[PEOPLE].has("CS:getctag")  # Contacts of macOS asks for no card without it
    token = mac.changes(PEOPLE).token
    assert iphone.put(f"{PEOPLE}CARD-1.vcf", CARD, If_None_Match="*").status_code == 201
    assert mac.put(f"{PEOPLE}GROUP-1.vcf", GROUP, If_None_Match="*").status_code == 201
    listed = mac.propfind(PEOPLE, "D:getetag D:getcontenttype", "1").responses
    assert set(mac.changes(PEOPLE, token).responses) == {href for href in listed if href != PEOPLE}
    cards = mac.multiget(PEOPLE, [f"{PEOPLE}CARD-1.vcf", f"{PEOPLE}GROUP-1.vcf"])
    assert cards[f"{PEOPLE}CARD-1.vcf"].text("A:address-data") == CARD.strip()
    assert cards[f"{PEOPLE}GROUP-1.vcf"].text("A:address-data") == GROUP.strip()


def test_macos_asks_the_outbox_when_a_colleague_has_time(hub: Hub, mac: AppleDevice) -> None:
    owner = hub.user("bob@example.org")
    hub.collection("bobs", "event", owner)
    bob = hub.phone("bob@example.org", "Bob's")
    bob.put("/dav/calendars/bob@example.org/bobs/e.ics", data=one_event("Besetzt").encode())
    (outbox,) = mac.propfind(PRINCIPAL, "C:schedule-outbox-URL").one().hrefs("C:schedule-outbox-URL")
    question = (
        "BEGIN:VCALENDAR\r\nCALSCALE:GREGORIAN\r\nMETHOD:REQUEST\r\nPRODID:-//Apple Inc.//macOS 15.1//EN\r\n"
        "VERSION:2.0\r\nBEGIN:VFREEBUSY\r\nUID:FB-1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20270301T000000Z\r\nDTEND:20270302T000000Z\r\n"
        f"ATTENDEE:mailto:bob@example.org\r\nORGANIZER:mailto:{USER}\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )
    said = mac.phone.post(
        outbox,
        data=question.encode(),
        headers={
            "Content-Type": "text/calendar",
            "Originator": f"mailto:{USER}",
            "Recipient": "mailto:bob@example.org",
        },
    )
    assert said.status_code == 200
    assert "2.0;Success" in said.text
    assert "20270301T080000Z/20270301T090000Z" in said.text
    assert "Besetzt" not in said.text
