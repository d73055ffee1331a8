"""What mails do to requests, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from crm.actor import INTAKE
from crm.errors import Refused
from crm.request import changing, closing, mailing, reading
from tests.contract.request_world import SETTINGS, START, Desk, desk_in


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with desk_in(store_url) as made:
        yield made


def came(desk: Desk, number: int, *, automatic: bool = False) -> None:
    with desk.database.begin() as unit:
        mailing.message_came(unit, SETTINGS, INTAKE, number, at=unit.session.now(), automatic=automatic)


def now_is(desk: Desk, number: int) -> tuple[bool, str]:
    with desk.database.read() as unit:
        found = reading.request(unit, INTAKE, number)
        return found.is_open, found.meaning


@pytest.mark.parametrize("meaning", ["waiting", "completed"])
def test_q07_a_mail_takes_a_waiting_request_back_and_an_automatic_one_does_not(desk: Desk, meaning: str) -> None:
    made = desk.open(responsible_id=2)
    with desk.database.begin() as unit:
        changing.set_status(unit, desk.ada, made.id, 1, desk.status(meaning))
    came(desk, made.id, automatic=True)
    assert now_is(desk, made.id) == (True, meaning)
    came(desk, made.id)
    assert now_is(desk, made.id) == (True, "open")


def test_a_new_request_stays_new_when_mails_come(desk: Desk) -> None:
    made = desk.open()
    came(desk, made.id)
    assert now_is(desk, made.id) == (True, "new")


def closed(desk: Desk) -> int:
    made = desk.open(responsible_id=2)
    with desk.database.begin() as unit:
        closing.close(unit, desk.ada, made.id, 1, "done")
    return made.id


def test_q03_a_closed_request_reopens_within_its_days(desk: Desk) -> None:
    number = closed(desk)
    desk.clock.pass_by(days=30)
    with desk.database.read() as unit:
        assert mailing.takes(unit, SETTINGS, number, desk.clock.time) == number
    came(desk, number, automatic=True)
    assert now_is(desk, number) == (False, "new")
    came(desk, number)
    assert now_is(desk, number) == (True, "new")


def test_q03_after_its_days_a_closed_request_takes_no_mail_and_a_new_one_goes_on(desk: Desk) -> None:
    number = closed(desk)
    desk.clock.pass_by(days=30, seconds=1)
    with desk.database.read() as unit:
        assert mailing.takes(unit, SETTINGS, number, desk.clock.time) is None
    with pytest.raises(Refused):
        came(desk, number)
    made = desk.open(continues=number)
    assert now_is(desk, number) == (False, "new")
    assert made.number == "R-2026-000002"


def test_a_mail_into_spam_opens_nothing(desk: Desk) -> None:
    made = desk.open(spam=True)
    assert not made.is_open
    came(desk, made.id)
    assert now_is(desk, made.id) == (False, "new")


def test_an_answer_is_noted_once_as_the_first_and_makes_nobody_stale(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        mailing.answered(unit, desk.bob, made.id, START)
        mailing.answered(unit, desk.bob, made.id, START + timedelta(hours=1))
        after = reading.request(unit, desk.bob, made.id)
    assert (after.first_answer_at, after.version) == (START, 1)
