"""What the gateway remembers of an item is enough to say when it takes place, and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dav_gateway.timetables import known, learn
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
