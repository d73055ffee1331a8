"""Many at once: nobody loses a meeting, nobody gets it twice, and no two wait for each other for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers.gateway import Phone
from tests.servers.meetings import ICS, Guest, Office, calendar, meeting, office, partstat


@pytest.fixture
def people(tmp_path: Path, postgres_url: str) -> Iterator[Office]:
    with office(tmp_path, postgres_url) as found:
        yield found


def every(work: list[Callable[[], int]]) -> list[int]:
    with ThreadPoolExecutor(6) as pool:
        return [one.result() for one in [pool.submit(job) for job in work]]


def inviting(people: Office, guest: Guest, others: tuple[str, ...], number: int) -> Callable[[], int]:
    """One client of its own for each meeting."""
    phone: Phone = people.hub.phone(guest.name, f"Phone {number}")
    uid = f"{guest.name}-{number}"
    body = calendar(meeting(uid=uid, organizer=guest.name, guests=others))
    return lambda: phone.put(f"{guest.home}mine/{uid}.ics", data=body, headers=ICS).status_code


def test_three_who_invite_each_other_at_once_all_have_all_meetings_once(people: Office) -> None:
    three = (people.ada, people.bob, people.cleo)
    work = [
        inviting(people, one, tuple(other.name for other in three if other is not one), number)
        for number in range(6)
        for one in three
    ]
    assert every(work) == [201] * 18
    for one in three:
        texts = one.texts()
        uids = [line for text in texts for line in text.splitlines() if line.startswith("UID:")]
        assert len(uids) == len(set(uids)) == 18
        assert len(one.names("~inbox")) == 12


def until_taken(store: Callable[[], int]) -> int:
    """As programs do: read it again and store it again, when it was changed meanwhile."""
    return next((status for status in (store() for _ in range(5)) if status not in (403, 412)), 0)


def test_answers_that_come_together_all_arrive(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("bob", "cleo"))))
    work: list[Callable[[], int]] = [
        lambda: until_taken(lambda: people.bob.answer("ACCEPTED").status_code),
        lambda: until_taken(lambda: people.cleo.answer("DECLINED").status_code),
        lambda: people.ada.change("Planning", "Plans").status_code,
    ]
    assert every(work) == [204] * 3
    text = people.ada.only()
    assert (partstat(text, "bob"), partstat(text, "cleo")) == ("ACCEPTED", "DECLINED")
    assert "SUMMARY:Plans" in text
    assert "SUMMARY:Plans" in people.bob.only()
