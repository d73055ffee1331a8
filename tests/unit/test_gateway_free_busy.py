"""Times that events take."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dav_gateway.free_busy import BusyTime, Taken, busy_of, free_busy_text, merged
from sync_engine.formats import parse
from sync_engine.model import Event


def event(*lines: str, more: str = "") -> Event:
    text = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"))
    record = parse(f"{text}\r\n{more}END:VCALENDAR\r\n")
    assert isinstance(record, Event)
    return record


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


MARCH = (at(1), at(31))
NINE = ("DTSTART:20260310T090000Z", "DTEND:20260310T110000Z")


def test_an_event_takes_its_time_cut_to_the_range() -> None:
    assert busy_of([event(*NINE)], *MARCH) == [(at(10, 9), at(10, 11), Taken.BUSY)]
    assert busy_of([event(*NINE)], at(10, 10), at(11)) == [(at(10, 10), at(10, 11), Taken.BUSY)]
    assert busy_of([event(*NINE)], at(10, 11), at(11)) == []


def test_what_is_transparent_or_cancelled_takes_none() -> None:
    assert busy_of([event(*NINE, "TRANSP:TRANSPARENT"), event(*NINE, "STATUS:CANCELLED")], *MARCH) == []


def test_tentative_and_away() -> None:
    assert busy_of([event(*NINE, "STATUS:TENTATIVE")], *MARCH)[0].taken is Taken.TENTATIVE
    assert busy_of([event(*NINE, "X-MICROSOFT-CDO-BUSYSTATUS:OOF")], *MARCH)[0].taken is Taken.UNAVAILABLE


def test_an_answer_counts_for_the_one_who_is_asked_about() -> None:
    declined = event(*NINE, "ATTENDEE;PARTSTAT=DECLINED:mailto:Ada@example.org", "ATTENDEE:mailto:bob@example.org")
    assert busy_of([declined], *MARCH, addresses=["mailto:ada@example.org"]) == []
    assert busy_of([declined], *MARCH, addresses=["mailto:bob@example.org"])[0].taken is Taken.TENTATIVE
    assert busy_of([declined], *MARCH)[0].taken is Taken.BUSY


def test_occurrences_with_one_moved_and_one_free() -> None:
    override = "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:202603{0}T090000Z\r\n{1}\r\nEND:VEVENT\r\n"
    moved = override.format(17, "DTSTART:20260318T120000Z\r\nDURATION:PT1H")
    free = override.format(24, "DTSTART:20260324T090000Z\r\nDURATION:PT1H\r\nTRANSP:TRANSPARENT")
    weekly = event(*NINE, "RRULE:FREQ=WEEKLY;COUNT=4", more=moved + free)
    assert [one.start for one in busy_of([weekly], *MARCH)] == [at(10, 9), at(18, 12)]


def test_days_are_days_where_one_is() -> None:
    day = event("DTSTART;VALUE=DATE:20260310")
    assert busy_of([day], *MARCH, floating=ZoneInfo("Asia/Tokyo"))[0][:2] == (at(9, 15), at(10, 15))


def test_the_times_as_text() -> None:
    text = free_busy_text([BusyTime(at(2), at(3))], *MARCH, stamp=at(1), method="REPLY", lines=["UID:x"])
    assert "METHOD:REPLY\r\nBEGIN:VFREEBUSY\r\nDTSTAMP:20260301T000000Z\r\nDTSTART:20260301T000000Z\r\n" in text
    assert "UID:x\r\nFREEBUSY;FBTYPE=BUSY:20260302T000000Z/20260303T000000Z\r\nEND:VFREEBUSY" in text


HOURS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8), st.sampled_from(Taken)), max_size=12)


@given(HOURS)
def test_each_hour_is_taken_by_the_strongest_of_all_that_take_it(drawn: list[tuple[int, int, Taken]]) -> None:
    def when(hour: int) -> datetime:
        return at(1 + hour // 24, hour % 24)

    found = merged(BusyTime(when(start), when(start + length), kind) for start, length, kind in drawn)
    assert all(one.start < one.end <= other.start for one, other in pairwise(found))
    order = list(Taken)
    for hour in range(50):
        wanted = [kind for start, length, kind in drawn if start <= hour < start + length]
        told = [one.taken for one in found if one.start <= when(hour) < one.end]
        assert told == sorted(wanted, key=order.index)[:1]
