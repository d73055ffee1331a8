"""What the gateway remembers of an item is enough to say when it takes place, and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dav_gateway.occurrence import falls_into
from dav_gateway.timetables import known, learn, takes_place
from sync_engine.formats import parse
from sync_engine.model import Contact
from sync_engine.recurrence import instances, span
from tests import series_samples
from tests.samples import task

FILES = sorted((Path(__file__).parents[1] / "samples").rglob("*.ics"))
TEXTS = [path.read_bytes().decode() for path in FILES] + [task().text, series_samples.ZURICH]
TEXTS += [series_samples.ZURICH.replace("RRULE:FREQ=WEEKLY", "EXRULE:FREQ=WEEKLY;INTERVAL=3\r\nRRULE:FREQ=WEEKLY")]
WINDOW = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_an_item_takes_place_at_the_same_times_as_remembered(number: int) -> None:
    record = parse(TEXTS[number])
    assert not isinstance(record, Contact)
    etag = f"of the text {number}"
    assert known(etag) is None
    learned = learn(etag, TEXTS[number], "")
    assert known(etag) is learned
    assert [one[:2] for one in instances(learned, *WINDOW)] == [one[:2] for one in instances(record, *WINDOW)]
    assert span(learned) == span(record)
    assert "SUMMARY" not in repr(learned)
    assert learned.master is None or learned.master.alarms == ()
    assert "CN" not in repr(learned)


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tokyo")], ids=str)
@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_a_year_that_is_remembered_tells_the_same_of_each_of_its_days(number: int, zone: tzinfo) -> None:
    record = parse(TEXTS[number])
    assert not isinstance(record, Contact)
    begin = span(record)
    first = datetime((begin[0] if begin else WINDOW[0]).year, 1, 1, tzinfo=UTC)
    told = []
    for day in range(0, 760, 5):
        start = first + timedelta(days=day)
        for end in (start + timedelta(days=1), start + timedelta(hours=11, days=31)):
            found = takes_place(f"of {number}", record, start, end, zone)
            assert found is falls_into(record, start, end, zone), (start, end)
            told.append(found)
    assert any(told)


def test_the_end_of_all_days_is_no_trouble() -> None:
    record = parse(series_samples.ZURICH)
    assert not isinstance(record, Contact)
    last = datetime(9999, 12, 31, tzinfo=UTC)
    assert takes_place("last", record, last, last + timedelta(hours=1), UTC) is False


AT, LATER = "20260310T120000Z", "20260310T130000Z"


@pytest.mark.parametrize(
    ("lines", "start", "end", "found"),  # hours of the day; the table for VTODO of RFC 4791 9.9
    [
        (f"DTSTART:{AT}\r\nDURATION:PT1H", 13, 14, True),
        (f"DTSTART:{AT}\r\nDURATION:PT1H", 14, 15, False),
        (f"DTSTART:{AT}\r\nDURATION:PT1H", 11, 12, False),
        (f"DTSTART:{AT}\r\nDUE:{LATER}", 13, 14, False),
        (f"DTSTART:{AT}\r\nDUE:{LATER}", 12, 13, True),
        (f"DTSTART:{AT}\r\nDUE:{AT}", 12, 13, True),
        (f"DTSTART:{AT}\r\nDUE:{AT}", 11, 12, True),
        (f"DTSTART:{AT}", 12, 13, True),
        (f"DTSTART:{AT}", 11, 12, False),
        (f"DUE:{AT}", 11, 12, True),
        (f"DUE:{AT}", 12, 13, False),
        (f"COMPLETED:{AT}\r\nCREATED:{AT}", 11, 12, True),
        (f"COMPLETED:{AT}", 12, 13, True),
        (f"COMPLETED:{AT}", 13, 14, False),
        (f"CREATED:{AT}", 13, 14, True),
        (f"CREATED:{AT}", 11, 12, False),
        ("SUMMARY:x", 1, 2, True),
    ],
)
def test_when_tasks_are_in_a_range(lines: str, start: int, end: int, found: bool) -> None:
    record = parse(f"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\n{lines}\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    assert not isinstance(record, Contact)
    day = datetime(2026, 3, 10, tzinfo=UTC)
    assert falls_into(record, day + timedelta(hours=start), day + timedelta(hours=end), UTC) is found
