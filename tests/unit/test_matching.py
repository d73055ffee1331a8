"""Which of two items without a common UID are the same thing, by what a person would recognise them by (R11)."""

from __future__ import annotations

import pytest

from sync_engine.item import Item
from sync_engine.matching import fingerprint, look_alike


def todo(title: str = "Milk", **lines: str) -> Item:
    own = "".join(f"{name.replace('__', ';')}:{value}\r\n" for name, value in {"SUMMARY": title, **lines}.items())
    task = f"BEGIN:VTODO\r\nUID:{title}\r\nDTSTAMP:20260101T000000Z\r\n{own}END:VTODO\r\n"
    return Item.read(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n{task}END:VCALENDAR\r\n")


DAY = {"DUE__VALUE=DATE": "20260301"}


def test_r11_the_hour_of_a_deadline_is_no_part_of_what_a_task_is_recognised_by() -> None:
    timed = fingerprint(todo(DUE="20260301T100000Z", DTSTART="20260228T100000Z").record)
    assert fingerprint(todo(**DAY).record) == timed
    assert fingerprint(todo(DUE="20260302T100000Z").record) != timed
    assert fingerprint(todo().record) != timed


def test_r11_a_task_that_says_less_is_the_same_and_one_that_says_otherwise_is_another() -> None:
    known = todo(**DAY, **{"DTSTART__VALUE=DATE": "20260228"}).record
    assert look_alike(known, todo(**DAY).record)
    assert look_alike(todo(**DAY).record, known)
    assert not look_alike(known, todo(**DAY, **{"DTSTART__VALUE=DATE": "20260227"}).record)
    assert not look_alike(known, todo(**DAY, DESCRIPTION="soy", **{"DTSTART__VALUE=DATE": "20260201"}).record)


@pytest.mark.parametrize("hour", ["090000", "110000"])
def test_r11_two_hours_of_one_day_are_two_tasks(hour: str) -> None:
    assert not look_alike(todo(DUE="20260301T100000Z").record, todo(DUE=f"20260301T{hour}Z").record)
