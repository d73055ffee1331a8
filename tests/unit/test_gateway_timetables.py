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
