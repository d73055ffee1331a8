"""Invitations between our own users (RFC 6638 3.2): who organises, invites, changes and calls off; who answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.meetings import Office, calendar, meeting, office, partstat


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def test_an_invitation_arrives_once_in_calendar_and_inbox(people: Office) -> None:
    made = people.ada.put(calendar(meeting()))
    assert made.status_code == 201
    assert "schedule-tag" in made.headers
    assert "etag" not in made.headers  # the text says who was reached
    copy = people.bob.only()
    assert "SUMMARY:Planning" in copy
    assert "METHOD" not in copy
    assert "SCHEDULE-" not in copy
    assert "METHOD:REQUEST" in people.bob.only("~inbox")
    assert "SCHEDULE-STATUS=1.2" in people.ada.only()
    assert people.ada.names("~inbox") == people.cleo.names() == []


def test_the_same_text_again_sends_nothing(people: Office) -> None:
    body = calendar(meeting())
    people.ada.put(body)
    seen = people.ada.only()
    tag = people.ada.phone.get("/dav/calendars/ada/mine/m1.ics").headers["etag"]
    (message,) = people.bob.names("~inbox")
    people.bob.phone.delete(f"/dav/calendars/bob/~inbox/{message}")
    for text in (body, seen.encode(), people.ada.get("m1.ics").encode()):
        assert people.ada.put(text).status_code == 204
        assert people.ada.only() == seen
    assert people.bob.names("~inbox") == []
    assert people.ada.phone.get("/dav/calendars/ada/mine/m1.ics").headers["etag"] == tag


def test_an_answer_reaches_the_organizer(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    answered = people.bob.answer("ACCEPTED")
    assert answered.status_code == 204
    assert partstat(people.ada.only(), "bob") == "ACCEPTED"
    assert "SCHEDULE-STATUS=2.0" in people.ada.only()
    assert "METHOD:REPLY" in people.ada.only("~inbox")
    assert "SCHEDULE-STATUS=2.0:mailto:ada@example.org" in people.bob.only()


def test_a_change_reaches_the_guest_and_his_reminder_stays(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    people.bob.answer("ACCEPTED")
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"
    assert people.bob.change("END:VEVENT", alarm).status_code == 204
    assert people.ada.change("Planning", "Plans").status_code == 204
    copy = people.bob.only()
    assert "SUMMARY:Plans" in copy
    assert "TRIGGER:-PT5M" in copy
    assert partstat(copy, "bob") == "ACCEPTED"


def test_another_time_asks_again(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    people.bob.answer("ACCEPTED")
    people.ada.change("DTSTART:20261201T090000Z", "DTSTART:20261201T093000Z")
    assert partstat(people.bob.only(), "bob") == partstat(people.ada.only(), "bob") == "NEEDS-ACTION"
    assert partstat(people.ada.only(), "ada") == "ACCEPTED"
    assert "SEQUENCE:1" in people.ada.only()


def test_deleting_calls_it_off_and_nothing_goes_away_unseen(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    assert people.ada.delete().status_code == 204
    assert "STATUS:CANCELLED" in people.bob.only()
    assert "METHOD:CANCEL" in people.bob.only("~inbox")
    assert people.bob.delete().status_code == 204
    assert people.ada.names("~inbox") == []  # nobody answers to what is called off


def test_a_guest_who_deletes_declines_unless_he_says_otherwise(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("bob", "cleo"))))
    assert people.bob.delete().status_code == 204
    assert people.cleo.delete(Schedule_Reply="F").status_code == 204
    assert partstat(people.ada.only(), "bob") == "DECLINED"
    assert partstat(people.ada.only(), "cleo") == "NEEDS-ACTION"
    assert len(people.messages(people.ada)) == 1


def test_a_guest_who_is_taken_off_the_list_hears_it(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("bob", "cleo"))))
    line = next(line for line in people.ada.only().splitlines() if "bob@" in line)
    assert people.ada.change(line + "\r\n", "").status_code == 204
    assert "STATUS:CANCELLED" in people.bob.only()
    assert "STATUS:CANCELLED" not in people.cleo.only()


def test_guests_see_who_comes_without_a_message(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("bob", "cleo"))))
    (name,) = people.cleo.names()
    tag = people.cleo.phone.get(f"/dav/calendars/cleo/mine/{name}").headers["schedule-tag"]
    people.bob.answer("ACCEPTED")
    assert partstat(people.cleo.only(), "bob") == "ACCEPTED"
    assert partstat(people.cleo.only(), "cleo") == "NEEDS-ACTION"
    assert "SCHEDULE-STATUS" not in people.cleo.only()
    assert people.cleo.phone.get(f"/dav/calendars/cleo/mine/{name}").headers["schedule-tag"] == tag
    assert "METHOD:REQUEST" in people.cleo.only("~inbox")
    assert people.cleo.answer("ACCEPTED", If_Schedule_Tag_Match=tag).status_code == 204
    assert partstat(people.ada.only(), "cleo") == partstat(people.bob.only(), "cleo") == "ACCEPTED"


def test_an_own_attachment_of_a_guest_stays(people: Office) -> None:
    people.ada.put(calendar(meeting("ATTACH:https://example.org/plan")))
    people.bob.change("SUMMARY:", "ATTACH:https://example.org/own\r\nSUMMARY:")
    people.ada.change("ATTACH:https://example.org/plan", "ATTACH:https://example.org/new")
    copy = people.bob.only()
    assert "example.org/own" in copy
    assert "example.org/new" in copy
    assert "example.org/plan" not in copy


def test_a_guest_may_write_the_same_rule_otherwise(people: Office) -> None:
    people.ada.put(calendar(meeting("RRULE:FREQ=WEEKLY;COUNT=4")))
    assert people.bob.change("FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;COUNT=4;INTERVAL=1;WKST=MO").status_code == 204
    assert people.bob.change("COUNT=4", "COUNT=5").status_code == 403
