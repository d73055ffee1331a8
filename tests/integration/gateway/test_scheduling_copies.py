"""A meeting that is in two calendars of one person: one of them counts, and no guest hears of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.meetings import Guest, Office, calendar, meeting, office, partstat


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def copy_all(guest: Guest) -> None:
    headers = {"Destination": f"{guest.home}copy/"}
    assert guest.phone.request("COPY", f"{guest.home}mine/", headers=headers).status_code == 201


def test_nobody_hears_of_what_becomes_of_a_meeting_in_a_copied_calendar(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    copy_all(people.ada)
    before = people.bob.only()
    assert people.ada.change("Planning", "Something else", "copy").status_code == 204
    assert people.ada.phone.delete(f"{people.ada.home}copy/m1.ics").status_code == 204
    assert people.bob.only() == before
    assert len(people.bob.names("~inbox")) == 1
    people.ada.change("Planning", "Plans")
    assert "SUMMARY:Plans" in people.bob.only()


def test_a_guest_answers_in_the_calendar_he_was_invited_in_and_not_in_a_copy_of_it(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    people.bob.answer("ACCEPTED")
    copy_all(people.bob)
    (name,) = people.bob.names("copy")
    assert people.bob.phone.delete(f"{people.bob.home}copy/{name}").status_code == 204
    assert partstat(people.ada.only(), "bob") == "ACCEPTED"


def test_a_copy_is_the_meeting_when_the_other_one_is_gone(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    copy_all(people.ada)
    people.ada.delete()
    assert "STATUS:CANCELLED" in people.bob.only()
    people.ada.change("Planning", "Plans", "copy")
    assert "SUMMARY:Plans" in people.bob.only()
    assert "STATUS:CANCELLED" not in people.bob.only()


def test_a_meeting_of_others_is_nobodys_here(people: Office) -> None:
    """Carried into an own calendar by somebody who neither organises nor attends it."""
    people.hub.collection("team", "event")
    people.cleo.put(calendar(meeting()), calendar_="team")
    headers = {"Destination": f"{people.cleo.home}mine/m1.ics"}
    assert people.cleo.phone.request("MOVE", f"{people.cleo.home}team/m1.ics", headers=headers).status_code == 201
    assert "schedule-tag" not in people.cleo.phone.get(f"{people.cleo.home}mine/m1.ics").headers


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_message_stays_in_the_inbox(people: Office, method: str) -> None:
    """An answer has the UID of the meeting: as an event it would be the meeting a second time, with one guest."""
    people.ada.put(calendar(meeting()))
    people.bob.answer("ACCEPTED")
    (name,) = people.ada.names("~inbox")
    headers = {"Destination": f"{people.ada.home}mine/x.ics"}
    answer = people.ada.phone.request(method, f"{people.ada.home}~inbox/{name}", headers=headers)
    assert answer.status_code == 403
    assert people.ada.names() == ["m1.ics"]
    assert people.ada.names("~inbox") == [name]
