"""R18: dates stay dates, floating times floating, and every moment keeps the zone it was written in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_engine.item import Item
from sync_engine.merge import merge
from sync_engine.model import ContentLine, Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.ports import Prefer
from sync_engine.zones import resolve

many = settings(max_examples=100, deadline=None)
days = st.dates().map(lambda day: f"{day.year:04}{day.month:02}{day.day:02}")
times = st.times().map(lambda time: f"T{time.hour:02}{time.minute:02}{time.second:02}")
dates = days.map(Moment)
timed = st.builds(
    lambda day, time, zone: Moment(day + time, zone), days, times, st.sampled_from(["", "UTC", "Europe/Zurich"])
)
moments = dates | timed
several = st.lists(moments, max_size=3, unique=True).map(lambda found: tuple(sorted(found, key=_order)))
prefers = st.sampled_from(Prefer)


def _order(moment: Moment) -> tuple[str, str]:
    return moment.value, moment.zone


def _again(record: Any) -> Any:
    return Item.read(Item.of(record).text).record


@many
@given(moments, moments, moments, several, several)
def test_r18_what_is_written_of_an_event_is_read_with_the_same_types(
    start: Moment, end: Moment, occurrence: Moment, cancelled: tuple[Moment, ...], more: tuple[Moment, ...]
) -> None:
    master = EventDetails(start=start, end=end, exception_dates=cancelled, recurrence_dates=more, summary="a")
    override = EventDetails(recurrence_id=occurrence, start=end, summary="b")
    event = Event("u", replace(master, rules=("FREQ=DAILY",)), (override,))
    found = _again(event)
    assert set(found.master.exception_dates) == set(cancelled)
    assert set(found.master.recurrence_dates) == set(more)
    assert (found.master.start, found.master.end) == (start, end)
    assert [(d.recurrence_id, d.start) for d in found.overrides] == [(occurrence, end)]


@many
@given(moments, moments)
def test_r18_what_is_written_of_a_task_is_read_with_the_same_types(start: Moment, due: Moment) -> None:
    found = _again(Task("u", TaskDetails(start=start, due=due, summary="a")))
    assert (found.master.start, found.master.due) == (start, due)


@many
@given(dates, st.integers(-11, 14))
def test_r18_a_day_begins_where_one_is_and_keeps_its_date(day: Moment, hours: int) -> None:
    there = ZoneInfo(f"Etc/GMT{-hours:+d}")
    assert f"{resolve(day, (), there).astimezone(there):%m%d}" == day.value[4:] or day.value < "00010103"
    assert _again(Event("u", EventDetails(start=day, summary="a"))).master.start == day


@pytest.mark.parametrize("begin", [";VALUE=DATE:20260301", ":20260301T090000", ";TZID=Europe/Zurich:20260301T090000"])
@pytest.mark.parametrize("other", [";VALUE=DATE:20260303", ":20260303T090000", ":20260303T090000Z"])
def test_r18_every_moment_is_written_in_the_type_it_was_read_in(begin: str, other: str) -> None:
    lines = [f"DTSTART{begin}", f"EXDATE{other}", f"RDATE{other}", f"RECURRENCE-ID{begin}", f"DTSTART{other}"]
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
        f"{lines[0]}\r\nRRULE:FREQ=DAILY\r\n{lines[1]}\r\n{lines[2]}\r\nSUMMARY:a\r\nEND:VEVENT\r\n"
        f"BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n{lines[3]}\r\n{lines[4]}\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )
    written = Item.of(Item.read(text).record).text.split("\r\n")
    assert sorted(line for line in written if line.startswith(("DTSTART", "EXDATE", "RDATE", "REC"))) == sorted(lines)


@many
@given(moments, several, prefers)
def test_r18_a_merge_changes_no_type(start: Moment, cancelled: tuple[Moment, ...], prefer: Prefer) -> None:
    base = Event("u", EventDetails(start=start, rules=("FREQ=DAILY",), summary="a"))
    assert base.master is not None
    hub = replace(base, master=replace(base.master, exception_dates=cancelled))
    remote = replace(base, master=replace(base.master, location="elsewhere"))
    merged: Any = merge(base, hub, remote, prefer).record
    assert merged.master.start == start
    assert set(merged.master.exception_dates) == set(cancelled)


@many
@given(st.sampled_from(["X-WR-CALNAME", "X-OTHER"]), prefers)
def test_r20_lines_of_the_calendar_itself_survive_a_merge(name: str, prefer: Prefer) -> None:
    base = Event("u", EventDetails(summary="a"), extra=(ContentLine(name, "kept"),))
    assert base.master is not None
    hub = replace(base, master=replace(base.master, location="here"))
    remote = replace(base, master=replace(base.master, description="there"))
    assert merge(base, hub, remote, prefer).record.extra == base.extra
