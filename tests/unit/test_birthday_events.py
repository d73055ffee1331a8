"""Birthdays as events: how BDAY is written, leap days, years that nobody knows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dav_gateway.sharing.birthday_events import born_on, falls_between, text_of
from sync_engine import recurrence
from sync_engine.item import Item
from sync_engine.model import Event


@pytest.mark.parametrize(
    ("written", "born"),
    [
        ("1985-04-12", (date(1985, 4, 12), True)),
        ("19850412", (date(1985, 4, 12), True)),
        ("1985-04-12T10:22:00Z", (date(1985, 4, 12), True)),
        ("19850412T102200", (date(1985, 4, 12), True)),
        ("--0412", (date(1972, 4, 12), False)),
        ("--04-12", (date(1972, 4, 12), False)),
        ("--0229", (date(1972, 2, 29), False)),
        ("1604-02-29", (date(1972, 2, 29), False)),
        ("0000-04-12", (date(1972, 4, 12), False)),
        ("0999-04-12", (date(1972, 4, 12), False)),
        ("1985-02-29", None),
        ("1985-04", None),
        ("1985", None),
        ("---12", None),
        ("--04", None),
        ("circa 1800", None),
        ("", None),
        ("1985-13-01", None),
    ],
)
def test_what_a_card_says_of_a_birthday(written: str, born: tuple[date, bool] | None) -> None:
    assert born_on(written) == born


def days_of(text: str, start: str, end: str) -> list[str]:
    """The days of the event between two dates, by the engine's own expansion."""
    record = Item.read(text).record
    assert isinstance(record, Event)
    found = recurrence.instances(record, midnight(start), midnight(end))
    return [f"{begins:%Y-%m-%d}" for begins, *_ in found]


def midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def test_a_birthday_is_every_year_and_free_time() -> None:
    text = text_of(7, "Ada, Lovelace; A\\B", date(1985, 4, 12), year_known=True)
    assert "SUMMARY:Ada\\, Lovelace\\; A\\\\B (1985)\r\n" in text
    assert "TRANSP:TRANSPARENT\r\n" in text
    assert "DTSTART;VALUE=DATE:19850412\r\n" in text
    assert days_of(text, "2025-01-01", "2027-12-31") == ["2025-04-12", "2026-04-12", "2027-04-12"]
    assert "(1972)" not in text_of(7, "Ada", date(1972, 4, 12), year_known=False)


def test_who_was_born_on_a_leap_day_celebrates_on_the_last_of_february() -> None:
    text = text_of(7, "Leap", date(1996, 2, 29), year_known=True)
    assert days_of(text, "2023-01-01", "2025-12-31") == ["2023-02-28", "2024-02-29", "2025-02-28"]


@given(
    st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(0, 500)
)
def test_no_birthday_of_a_time_range_is_missed(born: date, start: date, length: int) -> None:
    end = date.fromordinal(start.toordinal() + length)
    days = (date.fromordinal(n) for n in range(start.toordinal(), end.toordinal() + 1))
    leap = (born.month, born.day) == (2, 29)
    hits = [
        day
        for day in days
        if day >= born
        and (
            (day.month, day.day) == (born.month, born.day)
            or (leap and (day.month, day.day) == (2, 28) and date.fromordinal(day.toordinal() + 1).month == 3)
        )
    ]
    assert falls_between(born, start, end) or not hits
    if length < 366:
        assert falls_between(born, start, end) == bool(hits)
