"""Laws of activities and invitations: what is written into the agenda is read back, whatever times and texts are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.activity.model import KINDS, Activity
from crm.activity.records import About, People, changed_record, new_record, plain_title, said_by, same_words
from crm.activity.times import moments, times, times_of
from crm.agenda.free_busy import Busy, merged
from crm.invitation.agenda_event import merged as merged_events
from crm.invitation.agenda_event import tamed, without
from crm.invitation.parts import Told, Unread, told_by
from crm.mail.model import CalendarPart
from sync_engine.formats import decode, parse
from sync_engine.item import Item
from sync_engine.model import Event, EventDetails

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")
CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
SAMPLES = Path(__file__).parents[1] / "samples"
words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)
minutes = st.integers(0, 3 * 366 * 24 * 60)


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    """With or without a time; in the hours in which clocks change, too."""
    zone, all_day = draw(st.sampled_from(ZONES)), draw(st.booleans())
    start = START + timedelta(minutes=draw(minutes))
    end = start + timedelta(minutes=draw(st.integers(0, 5000)))
    when = times(start, end, zone, all_day=all_day) if draw(st.booleans()) else None
    title = plain_title(draw(words)) or "x"
    return Activity(
        id=1, request_id=1, kind=draw(st.sampled_from(KINDS)), title=title, text=draw(words).strip(), assigned_id=None,
        state="planned", starts_at=when.starts_at if when else None, ends_at=when.ends_at if when else None, zone=zone,
        all_day=bool(when and all_day), minutes_planned=None, minutes_done=None, done_at=None, result="", item_id=None,
        revision_id=None, created_at=START, created_by="x", changed_at=START, changed_by="x", version=1,
    )  # fmt: skip


ABOUT = st.sampled_from([About(), About("R-2026-17", "https://hub.example.org/requests/R-2026-17")])


@given(activities(), ABOUT)
def test_q12_what_is_written_is_what_is_read(activity: Activity, about: About) -> None:
    record = new_record(activity, "u", about, "", People(), START)
    said = said_by(Item.read(Item.of(record).text).record, activity, about)
    assert said is not None
    assert said.title == activity.title
    assert same_words(said.text, activity.text)
    if activity.starts_at is None:
        assert said.times is None
    else:
        assert said.times is not None
        assert (said.times.starts_at, said.times.ends_at) == (activity.starts_at, activity.ends_at)
        assert (said.times.zone, said.times.all_day) == (activity.zone, activity.all_day)


@given(activities(), activities(), ABOUT)
def test_q12_a_change_is_read_back_and_leaves_the_rest(before: Activity, after: Activity, about: About) -> None:
    if (before.starts_at is None) is not (after.starts_at is None):
        return
    made = new_record(before, "u", about, "There", People(), START)
    changed = changed_record(made, before, after, about, None, START)
    said = said_by(Item.read(Item.of(changed).text).record, after, about)
    assert said is not None
    assert (said.title, said.location) == (after.title, "There")
    if after.starts_at is not None:
        assert said.times is not None
        assert (said.times.starts_at, said.times.ends_at) == (after.starts_at, after.ends_at)


@pytest.mark.parametrize(
    ("zone", "near"),
    [
        ("Europe/Rome", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("Europe/Rome", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ],
)
def test_q12_the_hour_that_comes_twice_is_not_mistaken(zone: str, near: datetime) -> None:
    for quarter in range(-12, 12):
        when = times(near + timedelta(minutes=15 * quarter), None, zone, all_day=False)
        start, end = moments(when)
        back = times_of(EventDetails(start=start, end=end), (), zone)
        assert back is not None
        assert (back.starts_at, back.ends_at) == (when.starts_at, when.ends_at)


def _at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


spans = st.builds(
    lambda begin, length, maybe: Busy(
        START + timedelta(minutes=begin), START + timedelta(minutes=begin + length), maybe
    ),
    st.integers(0, 60),
    st.integers(1, 20),
    st.booleans(),
)


@given(st.lists(spans, max_size=12))
def test_busy_times_merged_are_the_same_minute_for_minute(listed: list[Busy]) -> None:
    found = merged(listed)

    def state(at: datetime, of: list[Busy]) -> str:
        taken = [one.tentative for one in of if one.starts_at <= at < one.ends_at]
        return "" if not taken else "maybe" if all(taken) else "busy"

    for minute in range(90):
        at = START + timedelta(minutes=minute)
        assert state(at, found) == state(at, listed)
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(found))


@given(st.sampled_from(["REQUEST", "REPLY", "CANCEL", "", "X\0"]), st.text(max_size=300))
def test_q09_whatever_a_part_says_there_is_an_answer(method: str, text: str) -> None:
    for wrapped in (text, f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n{text}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"):
        for told in told_by(CalendarPart(method, wrapped)):
            assert isinstance(told, Told | Unread)


def test_q09_a_part_that_would_keep_the_hub_busy_is_not_read() -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:{}\r\nEND:VTIMEZONE\r\n"
    zones = "".join(zone.format(number) for number in range(30))
    used = "".join(f"RDATE;TZID={number}:20260309T090000\r\n" for number in range(30))
    event = f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260309T090000Z\r\n{used}END:VEVENT\r\n"
    for text in (f"BEGIN:VCALENDAR\r\n{zones}{event}END:VCALENDAR\r\n", "x" * 1_100_000):
        (told,) = told_by(CalendarPart("REQUEST", text))
        assert isinstance(told, Unread)
        assert "more than" in told.reason


def _files() -> list[Path]:
    folders = [folder for folder in (SAMPLES, CORPORA) if folder.is_dir()]
    return sorted(path for folder in folders for path in folder.rglob("*.ics"))


def test_q09_events_of_all_programs_can_be_invitations() -> None:
    """Each stands in the agenda as tentative and mails nobody; cancelling what was told leaves nothing or the rest."""
    count = 0
    for path in _files():
        for told in told_by(CalendarPart("REQUEST", decode(path.read_bytes()))):
            if isinstance(told, Unread):
                assert told.reason
                continue
            count += 1
            event = tamed(told.event, "tentative", "https://hub.example.org/requests/R-2026-17")
            text = Item.of(event).text.replace("\r\n ", "")
            assert parse(text, uid_if_missing=told.uid).uid == told.uid
            _is_quiet(event)
            merged_events(event, event)
            rest = without(event, told.event)
            assert rest is None or rest.master is not None or rest.overrides
    assert count > 10


def _is_quiet(event: Event) -> None:
    for one in [*([event.master] if event.master else []), *event.overrides]:
        people = [*([one.organizer] if one.organizer else []), *one.attendees]
        assert all(("SCHEDULE-AGENT", ("CLIENT",)) in user.params for user in people)
        assert (one.alarms, one.attachments) == ((), ())
        assert one.status in ("TENTATIVE", "CANCELLED")
