"""Times as an admin writes them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agendahub.failure import Failure
from agendahub.moments import moment, told

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)  # 14:00 in Zurich


@pytest.fixture(autouse=True)
def zurich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Zurich")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("13:30", "2026-07-01T11:30"),
        ("14:30", "2026-06-30T12:30"),  # not yet today
        ("13:30:15", "2026-07-01T11:30:15"),
        ("2h", "2026-07-01T10:00"),
        ("90m", "2026-07-01T10:30"),
        ("1d", "2026-06-30T12:00"),
        ("2026-01-31T09:00", "2026-01-31T08:00"),  # winter time, whatever it is now
        ("2026-06-30 09:00", "2026-06-30T07:00"),
        ("2026-06-30", "2026-06-29T22:00"),
        ("2026-06-30T09:00Z", "2026-06-30T09:00"),
        ("2026-06-30T09:00+05:30", "2026-06-30T03:30"),
    ],
)
def test_times_are_local_unless_they_say_otherwise(written: str, utc: str) -> None:
    assert moment(written, NOW) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "soon", "25:00", "12:60", "2026-02-30", "9999999999d", "h"])
def test_what_is_no_time_is_told_with_examples(written: str) -> None:
    with pytest.raises(Failure, match="2026-01-31T09:00Z"):
        moment(written, NOW)


def test_a_time_is_told_with_its_zone() -> None:
    assert told(NOW) == "2026-07-01 14:00:00 CEST (UTC+0200)"
