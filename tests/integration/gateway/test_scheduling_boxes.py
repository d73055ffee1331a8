"""Inbox, outbox, default calendar, free and busy times, Schedule-Tag (RFC 6638 2, 3.2.10, 5, 9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from requests import Response

from tests.servers.meetings import ICS, Office, calendar, meeting, office, unfolded

NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def asked(people: Office, path: str, *names: str, depth: str = "0") -> str:
    wanted = "".join(f"<{name}/>" for name in names)
    body = f"<D:propfind {NAMES}><D:prop>{wanted}</D:prop></D:propfind>"
    found = people.bob.phone.request("PROPFIND", path, data=body, headers={"Depth": depth})
    assert found.status_code == 207
    return found.text


def patched(people: Office, path: str, content: str) -> str:
    body = f"<D:propertyupdate {NAMES}><D:set><D:prop>{content}</D:prop></D:set></D:propertyupdate>"
    return people.bob.phone.request("PROPPATCH", path, data=body).text


def test_the_principal_names_both_boxes_and_they_are_there_before_any_message(people: Office) -> None:
    told = asked(people, "/dav/principals/bob/", "C:schedule-inbox-URL", "C:schedule-outbox-URL")
    assert "<C:schedule-inbox-URL><D:href>/dav/calendars/bob/~inbox/<" in told
    assert "<C:schedule-outbox-URL><D:href>/dav/calendars/bob/~outbox/<" in told
    inbox = asked(
        people, "/dav/calendars/bob/~inbox/", "D:resourcetype", "D:current-user-privilege-set", "D:sync-token"
    )
    assert "<C:schedule-inbox/>" in inbox
    assert "<C:schedule-deliver/>" in inbox
    assert "<C:calendar/>" not in inbox
    assert "<C:schedule-outbox/>" in asked(people, "/dav/calendars/bob/~outbox/", "D:resourcetype")
    assert "calendar-auto-schedule" in people.bob.phone.options("/dav/principals/bob/").headers["dav"]


def test_a_token_of_the_empty_inbox_tells_of_the_first_message(people: Office) -> None:
    token = re.findall("<D:sync-token>(.*?)<", asked(people, "/dav/calendars/bob/~inbox/", "D:sync-token"))[0]
    people.ada.put(calendar(meeting()))
    body = (
        f'<D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>'
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
    told = people.bob.phone.request("REPORT", "/dav/calendars/bob/~inbox/", data=body)
    assert told.status_code == 207
    assert told.text.count("<D:getetag>") == 1


def test_a_user_without_a_calendar_gets_one_for_his_first_invitation(people: Office) -> None:
    assert people.bob.phone.delete("/dav/calendars/bob/mine/").status_code == 204
    people.ada.put(calendar(meeting()))
    assert "SUMMARY:Planning" in people.bob.only("calendar")
    told = asked(people, "/dav/calendars/bob/~inbox/", "C:schedule-default-calendar-URL")
    assert "<D:href>/dav/calendars/bob/calendar/</D:href>" in told


def test_a_user_says_where_invitations_go(people: Office) -> None:
    people.bob.phone.request("MKCALENDAR", "/dav/calendars/bob/work/")
    path = "/dav/calendars/bob/~inbox/"
    value = "<C:schedule-default-calendar-URL><D:href>{}</D:href></C:schedule-default-calendar-URL>"
    assert "200 OK" in patched(people, path, value.format("/dav/calendars/bob/work/"))
    assert "/bob/work/" in asked(people, path, "C:schedule-default-calendar-URL")
    assert "valid-schedule-default-calendar-URL" in patched(people, path, value.format("/dav/calendars/ada/mine/"))
    people.ada.put(calendar(meeting()))
    assert "SUMMARY:Planning" in people.bob.only("work")
    assert people.bob.names() == []


def test_messages_are_deleted_but_never_put_into_an_inbox(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    assert people.bob.put(calendar(meeting(uid="x")), "x.ics", "~inbox").status_code == 403
    assert people.bob.put(calendar(meeting(uid="x")), "x.ics", "~outbox").status_code == 403
    (name,) = people.bob.names("~inbox")
    assert people.bob.phone.delete(f"/dav/calendars/bob/~inbox/{name}").status_code == 204
    assert people.bob.phone.delete("/dav/calendars/bob/~inbox/").status_code == 403
    assert people.bob.phone.delete("/dav/calendars/cleo/~inbox/").status_code == 404
    assert people.cleo.phone.delete("/dav/calendars/cleo/~inbox/x.ics").status_code == 404
    assert people.ada.phone.get(f"/dav/calendars/bob/~inbox/{name}").status_code == 404
    people.ada.change("Planning", "Plans")
    assert "SUMMARY:Plans" in people.bob.only("~inbox")


def question(*attendees: str, more: str = "") -> str:
    lines = "".join(f"ATTENDEE:mailto:{one}\r\n" for one in attendees)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:q\r\n"
        "DTSTAMP:20261101T000000Z\r\nDTSTART:20261201T000000Z\r\nDTEND:20261202T000000Z\r\n"
        f"ORGANIZER:mailto:bob@example.org\r\n{lines}{more}END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )


def ask(people: Office, text: str, path: str = "/dav/calendars/bob/~outbox/") -> tuple[int, str]:
    answer = people.bob.phone.post(path, data=text.encode(), headers={"Content-Type": "text/calendar"})
    return answer.status_code, unfolded(answer.text.replace("&#13;\n", "\r\n"))


def test_the_outbox_tells_when_others_have_no_time_and_nothing_else(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("cleo",))))
    status, told = ask(people, question("ada@example.org", "cleo@example.org", "nobody@example.org"))
    assert status == 200
    ada, cleo, nobody = told.split("<C:response>")[1:]
    assert "2.0;Success" in ada
    assert "METHOD:REPLY" in ada
    assert "FREEBUSY;FBTYPE=BUSY:20261201T090000Z/20261201T100000Z" in ada
    assert "FBTYPE=BUSY-TENTATIVE:20261201T090000Z/20261201T100000Z" in cleo
    assert "Planning" not in told
    assert "3.7;" in nobody
    assert "calendar-data" not in nobody
    people.cleo.answer("DECLINED")
    assert "FREEBUSY" not in ask(people, question("cleo@example.org"))[1].replace("VFREEBUSY", "")
    assert "FBTYPE" not in ask(people, question("ada@example.org", more="X-CALENDARSERVER-MASK-UID:m1\r\n"))[1]


def test_what_is_in_a_transparent_calendar_makes_nobody_busy(people: Office) -> None:
    people.bob.put(calendar(meeting(organizer="bob", guests=())))
    assert "FBTYPE=BUSY" in ask(people, question("bob@example.org"))[1]
    transparent = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
    assert "200 OK" in patched(people, "/dav/calendars/bob/mine/", transparent)
    assert "<C:transparent/>" in asked(people, "/dav/calendars/bob/mine/", "C:schedule-calendar-transp")
    assert "FBTYPE" not in ask(people, question("bob@example.org"))[1]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        (question("ada@example.org").replace("ORGANIZER:mailto:bob", "ORGANIZER:mailto:ada"), "organizer-allowed"),
        (question("ada@example.org").replace("METHOD:REQUEST", "METHOD:PUBLISH"), "valid-scheduling-message"),
        (question("ada@example.org").replace("DTEND:20261202T000000Z\r\n", ""), "valid-scheduling-message"),
        (question(), "valid-scheduling-message"),
        (question("ada@example.org").replace("DTEND:2026", "DTEND:2036"), "number-of-matches-within-limits"),
        ("BEGIN:VCALENDAR", "valid-"),
        (calendar(meeting()).decode(), "valid-scheduling-message"),
    ],
)
def test_other_questions_are_refused(people: Office, text: str, condition: str) -> None:
    status, told = ask(people, text)
    assert (status, condition in told) == (403, True)


def test_what_is_no_calendar_text_is_refused(people: Office) -> None:
    answer = people.bob.phone.post("/dav/calendars/bob/~outbox/", data=b"{}", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, "supported-calendar-data" in answer.text) == (403, True)
    assert "403" in patched(people, "/dav/calendars/bob/~outbox/", "<D:displayname>x</D:displayname>")
    assert "200 OK" in patched(people, "/dav/calendars/bob/~inbox/", '<x xmlns="urn:x">1</x>')
    assert "urn:x" in asked(people, "/dav/calendars/bob/~inbox/", 'x xmlns="urn:x"')


def test_nobody_asks_in_the_name_of_others(people: Office) -> None:
    assert ask(people, question("ada@example.org"), "/dav/calendars/ada/~outbox/")[0] == 404


def test_schedule_tag_changes_with_the_organizer_and_not_with_answers(people: Office) -> None:
    first = people.ada.put(calendar(meeting())).headers["schedule-tag"]
    (name,) = people.bob.names()
    path = f"/dav/calendars/bob/mine/{name}"
    tag = people.bob.phone.get(path).headers["schedule-tag"]
    assert f"<C:schedule-tag>{tag}<" in asked(people, path, "C:schedule-tag").replace("&quot;", '"')
    people.bob.answer("ACCEPTED", If_Schedule_Tag_Match=tag)
    assert people.bob.phone.get(path).headers["schedule-tag"] == tag
    assert people.ada.phone.get("/dav/calendars/ada/mine/m1.ics").headers["schedule-tag"] == first
    again = people.ada.change("Planning", "Plans", If_Schedule_Tag_Match=first)
    assert again.status_code == 204
    assert again.headers["schedule-tag"] != first
    assert people.bob.phone.get(path).headers["schedule-tag"] != tag
    assert people.bob.answer("TENTATIVE", If_Schedule_Tag_Match=tag).status_code == 412
    assert people.bob.delete(If_Schedule_Tag_Match=tag).status_code == 412


def test_what_is_no_meeting_has_no_schedule_tag(people: Office) -> None:
    plain = calendar("BEGIN:VEVENT\r\nUID:p\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T090000Z\r\nEND:VEVENT")
    made = people.bob.put(plain, "p.ics")
    assert "schedule-tag" not in made.headers
    assert made.headers["etag"]
    people.ada.put(calendar(meeting()))
    told = asked(people, "/dav/calendars/bob/mine/", "C:schedule-tag", "D:getetag", depth="1")
    assert told.count("<C:schedule-tag>") == 1
    assert told.count("<C:schedule-tag/>") == 2  # of the calendar itself and of the plain event: not there


def test_the_calendar_that_was_chosen_for_invitations_is_not_deleted_before_another_is_chosen(people: Office) -> None:
    phone, path = people.bob.phone, "/dav/calendars/bob/~inbox/"
    phone.request("MKCALENDAR", "/dav/calendars/bob/work/")
    value = "<C:schedule-default-calendar-URL><D:href>{}</D:href></C:schedule-default-calendar-URL>"
    patched(people, path, value.format("/dav/calendars/bob/work/"))
    refused = phone.delete("/dav/calendars/bob/work/")
    assert (refused.status_code, "C:default-calendar-needed" in refused.text) == (403, True)
    over = {"Destination": f"{people.hub.url}/dav/calendars/bob/work/", "Overwrite": "T"}
    refused = phone.request("MOVE", "/dav/calendars/bob/mine/", headers=over)
    assert (refused.status_code, "C:default-calendar-needed" in refused.text) == (403, True)
    renamed = {"Destination": f"{people.hub.url}/dav/calendars/bob/office/"}
    assert phone.request("MOVE", "/dav/calendars/bob/work/", headers=renamed).status_code == 201
    assert "/bob/office/" in asked(people, path, "C:schedule-default-calendar-URL")
    removed = (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:remove><D:prop>'
        "<C:schedule-default-calendar-URL/></D:prop></D:remove></D:propertyupdate>"
    )
    assert "200 OK" in phone.request("PROPPATCH", path, data=removed).text
    assert "/bob/mine/" in asked(people, path, "C:schedule-default-calendar-URL")
    assert phone.delete("/dav/calendars/bob/office/").status_code == 204
    assert phone.delete("/dav/calendars/bob/mine/").status_code == 204  # one is made when it is needed


def test_copy_and_move_know_schedule_tags(people: Office) -> None:
    tag = people.ada.put(calendar(meeting())).headers["schedule-tag"]
    people.ada.phone.request("MKCALENDAR", "/dav/calendars/ada/work/")
    there = {"Destination": f"{people.hub.url}/dav/calendars/ada/work/m2.ics"}

    def sent(method: str, wanted: str) -> Response:
        said = {**there, "If-Schedule-Tag-Match": wanted}
        return people.ada.phone.request(method, "/dav/calendars/ada/mine/m1.ics", headers=said)

    assert sent("COPY", '"other"').status_code == 412
    assert sent("MOVE", '"other"').status_code == 412
    assert "unique-scheduling-object-resource" in sent("COPY", tag).text
    moved = sent("MOVE", tag)
    assert (moved.status_code, moved.headers["schedule-tag"]) == (201, tag)
    assert people.ada.phone.get("/dav/calendars/ada/work/m2.ics").headers["schedule-tag"] == tag
    people.hub.collection("company", "event")
    path = "/dav/calendars/ada/company/c.ics"
    made = people.ada.phone.put(path, data=calendar(meeting(uid="c")), headers=ICS)
    assert (made.status_code, "schedule-tag" in made.headers) == (201, False)
    copied = people.ada.phone.request(
        "COPY", path, headers={"Destination": f"{people.hub.url}{people.ada.home}mine/c.ics"}
    )
    assert copied.status_code == 201
    assert (
        copied.headers["schedule-tag"] == people.ada.phone.get(f"{people.ada.home}mine/c.ics").headers["schedule-tag"]
    )
