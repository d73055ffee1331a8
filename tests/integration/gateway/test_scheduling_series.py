"""Series: guests of single occurrences, answers to them, and what changes of the series do (RFC 6638 3.2.6, 3.2.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.meetings import Office, calendar, meeting, office, unfolded

WEEKLY = meeting("RRULE:FREQ=WEEKLY;COUNT=4", guests=("bob",))


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def single(day: str, *lines: str, guests: tuple[str, ...] = ("bob",)) -> str:
    """An override of a week."""
    given = (f"RECURRENCE-ID:{day}T090000Z", *lines)
    moved = any(line.startswith("DTSTART") for line in lines)
    times = () if moved else (f"DTSTART:{day}T090000Z", f"DTEND:{day}T100000Z")
    return meeting(*given, *times, guests=guests)


def answered(text: str, day: str, name: str) -> str:
    """PARTSTAT of somebody in the override of a day."""
    parts = unfolded(text).split("BEGIN:VEVENT")
    (one,) = [part for part in parts if f"RECURRENCE-ID:{day}" in part]
    found = re.search(f"ATTENDEE[^\r\n]*PARTSTAT=([A-Z-]+)[^\r\n]*:mailto:{name}@", one)
    assert found
    return found[1]


def decline(people: Office, day: str) -> int:
    """Bob declines one week as a phone does: by an override with his answer."""
    (name,) = people.bob.names()
    text = unfolded(people.bob.get(name))
    master = text[text.index("BEGIN:VEVENT") : text.index("END:VEVENT") + len("END:VEVENT\r\n")]
    one = re.sub(r"RRULE[^\r\n]*\r\n", f"RECURRENCE-ID:{day}T090000Z\r\n", master)
    one = one.replace("DTSTART:20261201", f"DTSTART:{day}").replace("DTEND:20261201", f"DTEND:{day}")
    one = re.sub(r"ATTENDEE[^\r\n]*:mailto:bob@", "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@", one)
    return people.bob.put(text.replace("END:VCALENDAR", one + "END:VCALENDAR").encode(), name).status_code


def test_an_answer_to_one_occurrence_becomes_an_override_of_the_organizer(people: Office) -> None:
    people.ada.put(calendar(WEEKLY))
    people.bob.answer("ACCEPTED")
    assert decline(people, "20261208") == 204
    text = people.ada.only()
    assert answered(text, "20261208", "bob") == "DECLINED"
    assert "PARTSTAT=ACCEPTED" in text.split("RECURRENCE-ID")[0]
    assert "RECURRENCE-ID:20261208T090000Z" in people.ada.only("~inbox")


def test_an_answer_is_not_lost_to_a_client_of_the_organizer_that_has_not_seen_it(people: Office) -> None:
    people.ada.put(calendar(WEEKLY))
    stale = people.ada.only()
    people.bob.answer("ACCEPTED")
    decline(people, "20261208")
    assert people.ada.put(stale.replace("Planning", "Plans").encode()).status_code == 204
    text = people.ada.only()
    assert answered(text, "20261208", "bob") == "DECLINED"
    assert text.count("SUMMARY:Plans") == 2
    copy = people.bob.only()
    assert answered(copy, "20261208", "bob") == "DECLINED"
    assert copy.count("PARTSTAT=ACCEPTED;SCHEDULE") == 0
    assert copy.count("PARTSTAT=ACCEPTED:mailto:bob@") == 1


def test_a_week_that_a_guest_takes_out_is_declined_and_stays_out(people: Office) -> None:
    people.ada.put(calendar(WEEKLY))
    people.bob.answer("ACCEPTED")
    people.bob.change("SUMMARY:", "EXDATE:20261215T090000Z\r\nSUMMARY:")
    assert answered(people.ada.only(), "20261215", "bob") == "DECLINED"
    people.ada.change("LOCATION:" if "LOCATION" in people.ada.only() else "SUMMARY:", "LOCATION:Here\r\nSUMMARY:")
    copy = people.bob.only()
    assert "LOCATION:Here" in copy
    assert "EXDATE:20261215T090000Z" in copy
    assert "RECURRENCE-ID:20261215" not in copy
    people.ada.put(calendar(meeting("RRULE:FREQ=WEEKLY;COUNT=4", "DTSTART:20261201T080000Z")))
    assert "EXDATE" not in people.bob.only()  # the series is at another time: he is asked again


def test_who_is_invited_to_one_week_only_gets_that_week(people: Office) -> None:
    people.ada.put(calendar(WEEKLY, single("20261208", guests=("bob", "cleo"))))
    copy = people.cleo.only()
    assert copy.count("BEGIN:VEVENT") == 1
    assert "RECURRENCE-ID:20261208T090000Z" in copy
    assert "RRULE" not in copy
    assert people.cleo.answer("ACCEPTED").status_code == 204
    assert answered(people.ada.only(), "20261208", "cleo") == "ACCEPTED"
    people.ada.put(calendar(WEEKLY, single("20261208", guests=("bob", "cleo")), single("20261215", guests=("cleo",))))
    copy = people.cleo.only()
    assert copy.count("BEGIN:VEVENT") == 2
    assert answered(copy, "20261208", "cleo") == "ACCEPTED"
    assert "EXDATE:20261215T090000Z" in people.bob.only()  # he is not invited to that one
    people.ada.put(calendar(WEEKLY, single("20261208", guests=("bob", "cleo"))))
    parts = people.cleo.only().split("BEGIN:VEVENT")
    assert ["STATUS:CANCELLED" in part for part in parts[1:] if "20261215" in part] == [True]
    assert "EXDATE" not in people.bob.only()


def test_a_week_that_moves_asks_for_that_week_only(people: Office) -> None:
    people.ada.put(calendar(WEEKLY))
    people.bob.answer("ACCEPTED")
    text = people.ada.only()
    moved = single("20261208", "DTSTART:20261208T150000Z", "DTEND:20261208T160000Z")
    moved = moved.replace("PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob", "PARTSTAT=ACCEPTED:mailto:bob")
    people.ada.put(text.replace("END:VCALENDAR", moved + "\r\nEND:VCALENDAR").encode())
    copy = people.bob.only()
    assert answered(copy, "20261208", "bob") == "NEEDS-ACTION"
    assert "DTSTART:20261208T150000Z" in copy
    assert "PARTSTAT=ACCEPTED:mailto:bob" in copy.split("RECURRENCE-ID")[0]


def test_a_week_that_is_cancelled_goes_and_the_others_stay_answered(people: Office) -> None:
    people.ada.put(calendar(WEEKLY))
    people.bob.answer("ACCEPTED")
    people.ada.change("SUMMARY:", "EXDATE:20261208T090000Z\r\nSUMMARY:")
    copy = people.bob.only()
    assert "EXDATE:20261208T090000Z" in copy
    assert "PARTSTAT=ACCEPTED:mailto:bob" in copy


def test_a_guest_of_the_series_who_is_left_one_week(people: Office) -> None:
    people.ada.put(calendar(WEEKLY))
    people.ada.put(calendar(meeting("RRULE:FREQ=WEEKLY;COUNT=4", guests=("cleo",)), single("20261208")))
    copy = people.bob.only()
    assert copy.count("BEGIN:VEVENT") == 1
    assert "RECURRENCE-ID:20261208" in copy


def test_an_override_without_organizer_is_of_the_same_meeting(people: Office) -> None:
    moved = single("20261208", "DTSTART:20261208T150000Z", "DTEND:20261208T160000Z")
    moved = re.sub("ORGANIZER[^\r\n]*\r\n", "", moved)
    assert people.ada.put(calendar(WEEKLY, moved)).status_code == 201
    assert "DTSTART:20261208T150000Z" in people.bob.only()
    assert people.bob.answer("ACCEPTED").status_code == 204
    assert answered(people.ada.only(), "20261208", "bob") == "ACCEPTED"
    people.ada.change("SUMMARY:Planning", "SUMMARY:Plans")
    assert people.bob.only().count("SUMMARY:Plans") == 2
