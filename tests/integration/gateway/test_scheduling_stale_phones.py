"""A phone that has not seen what happened stores what it has: organiser and guest still have the same meeting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.meetings import Office, calendar, meeting, office, partstat, unfolded

SERIES = meeting("RRULE:FREQ=WEEKLY;COUNT=4")
SECOND = "20261208T090000Z"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def second(text: str) -> str:
    """Bob's answer for the second week; "" where nothing is said of it alone."""
    part = next((one for one in text.split("BEGIN:VEVENT") if f"RECURRENCE-ID:{SECOND}" in one), "")
    return partstat(part, "bob") if part else ""


def test_r14_an_occurrence_that_a_guest_takes_back_is_not_declined_any_more(people: Office) -> None:
    people.ada.put(calendar(SERIES))
    people.bob.answer("ACCEPTED")
    people.bob.change("SUMMARY", f"EXDATE:{SECOND}\r\nSUMMARY")
    assert second(people.ada.only()) == "DECLINED"
    people.bob.change(f"EXDATE:{SECOND}\r\n", "")
    assert second(people.ada.only()) == "ACCEPTED"


def test_r14_an_answer_to_one_occurrence_that_goes_is_taken_back(people: Office) -> None:
    people.ada.put(calendar(SERIES))
    (name,) = people.bob.names()
    text = unfolded(people.bob.get(name))
    (series,) = re.findall("BEGIN:VEVENT.*?END:VEVENT\r\n", text, re.DOTALL)
    one = re.sub("RRULE[^\r\n]*", f"RECURRENCE-ID:{SECOND}", series).replace(":20261201T", ":20261208T")
    one = re.sub("ATTENDEE[^\r\n]*bob@", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:bob@", one)
    assert people.bob.put(text.replace(series, series + one).encode(), name).status_code == 204
    assert second(people.ada.only()) == "TENTATIVE"
    assert people.bob.put(text.encode(), name).status_code == 204
    assert second(people.ada.only()) == "NEEDS-ACTION"


def test_r14_what_the_organiser_took_out_of_a_series_no_guest_brings_back(people: Office) -> None:
    people.ada.put(calendar(SERIES))
    (name,) = people.bob.names()
    old = people.bob.get(name)
    people.ada.change("SUMMARY", f"EXDATE:{SECOND}\r\nSUMMARY")
    answer = people.bob.put(old.replace("TRANSP", "TRANSP").encode(), name)
    assert answer.status_code == 204
    assert "etag" not in answer.headers
    assert f"EXDATE:{SECOND}" in people.bob.only()
    assert second(people.ada.only()) == ""


def test_an_invitation_that_was_declined_and_is_stored_again_is_open_again(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    (name,) = people.bob.names()
    old = people.bob.get(name)
    people.bob.delete()
    assert partstat(people.ada.only(), "bob") == "DECLINED"
    assert people.bob.put(old.encode(), name).status_code == 201
    assert partstat(people.ada.only(), "bob") == "NEEDS-ACTION"


def test_a_guest_does_not_bring_back_a_meeting_at_a_time_that_is_past_truth(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    (name,) = people.bob.names()
    old = people.bob.get(name)
    people.bob.delete()
    people.ada.change("20261201T", "20261203T")
    (fresh,) = people.bob.names()
    people.bob.phone.delete(f"{people.bob.home}mine/{fresh}")
    answer = people.bob.put(old.encode(), name)
    assert answer.status_code == 403
    assert "allowed-attendee-scheduling-object-change" in answer.text


def test_what_was_called_off_no_guest_brings_back(people: Office) -> None:
    people.ada.put(calendar(SERIES))
    (name,) = people.bob.names()
    old = people.bob.get(name)
    people.ada.delete()
    assert people.bob.put(old.replace("SUMMARY", "X-MINE:1\r\nSUMMARY").encode(), name).status_code == 204
    assert "STATUS:CANCELLED" in people.bob.only()
    assert "X-MINE:1" in people.bob.only()


def test_r14_an_occurrence_that_was_called_off_no_guest_brings_back(people: Office) -> None:
    single = (f"RECURRENCE-ID:{SECOND}", f"DTSTART:{SECOND}", "DTEND:20261208T100000Z")
    third = ("RECURRENCE-ID:20261215T090000Z", "DTSTART:20261215T090000Z", "DTEND:20261215T100000Z")
    people.ada.put(calendar(meeting(*single), meeting(*third)))
    (name,) = people.bob.names()
    old = people.bob.get(name)
    people.ada.put(calendar(meeting(*third)))
    assert "STATUS:CANCELLED" in people.bob.only()
    assert people.bob.put(old.encode(), name).status_code == 204
    assert people.bob.only().count("STATUS:CANCELLED") == 1
