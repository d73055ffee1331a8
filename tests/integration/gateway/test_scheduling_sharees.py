"""Who may change somebody's calendar changes the meetings in it for all who take part; his own invite nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from storage.tables import collections, grants
from tests.servers.meetings import ICS, Guest, Office, calendar, meeting, office, partstat, unfolded


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    """Cleo may change the calendars of Ada and Bob."""
    with office(tmp_path) as found:
        with found.hub.database.read() as unit:
            mine = [row.id for row in unit.session.connection.execute(collections.select())]
        for number in mine[:2]:
            found.hub.execute(insert(grants).values(collection_id=number, user_id=3, access="write"))
        yield found


def at(people: Office, owner: Guest) -> str:
    """The address of the only event in somebody's calendar, as Cleo has it."""
    (name,) = owner.names()
    return f"{people.cleo.home}mine~{owner.name}/{name}"


def change(people: Office, owner: Guest, old: str, new: str) -> int:
    text = unfolded(people.cleo.phone.get(at(people, owner)).text)
    assert old in text
    answer = people.cleo.phone.put(at(people, owner), data=text.replace(old, new).encode(), headers=ICS)
    return answer.status_code


def test_guests_hear_of_a_meeting_that_a_sharee_moves_or_deletes(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    assert change(people, people.ada, "20261201T", "20261203T") == 204
    assert "DTSTART:20261203T090000Z" in people.bob.only()
    assert "DTSTART:20261203T090000Z" in people.bob.only("~inbox")
    assert people.cleo.phone.delete(at(people, people.ada)).status_code == 204
    assert "STATUS:CANCELLED" in people.bob.only()


def test_an_answer_that_a_sharee_gives_for_a_guest_reaches_the_organiser(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    text = "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob"
    assert change(people, people.bob, text, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob") == 204
    assert partstat(people.ada.only(), "bob") == "ACCEPTED"
    assert change(people, people.bob, "Planning", "Mine") == 403


def test_a_meeting_that_a_sharee_carries_away_is_no_meeting_of_his(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    target = {"Destination": f"{people.cleo.home}mine/x.ics"}
    assert people.cleo.phone.request("MOVE", at(people, people.ada), headers=target).status_code == 201
    assert "schedule-tag" not in people.cleo.phone.get(f"{people.cleo.home}mine/x.ics").headers
    assert "STATUS:CANCELLED" not in people.bob.only()


def test_what_a_sharee_makes_there_invites_nobody(people: Office) -> None:
    body = calendar(meeting(guests=("bob",)))
    assert people.cleo.put(body, calendar_="mine~ada").status_code == 201
    assert people.bob.names() == []
