"""Entries of a calendar as single occurrences in a range. What was read is remembered by its text's hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, tzinfo
from typing import TypeVar

from storage.crm import agenda_lists
from storage.crm.agenda_lists import Entry
from storage.unit_of_work import SqlUnitOfWork
from sync_engine import recurrence
from sync_engine.errors import ItemError
from sync_engine.formats import parse
from sync_engine.model import Contact, Event, EventDetails, Task, TaskDetails
from sync_engine.occurrence_ids import begin_of
from sync_engine.privacy import is_private
from sync_engine.rules import Budget
from sync_engine.zones import instant, wall_clock

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_MOST = 4096  # items that are remembered, of about 1 KiB each
_MOST_OF_ONE = 1000  # occurrences of one item in a range
_known: dict[str, Event | Task] = {}  # by a hash of the text: what is known stays true
_D = TypeVar("_D", bound=EventDetails | TaskDetails)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Once of something."""

    entry: Entry
    starts_at: datetime  # UTC; of a day its midnight where the viewer is
    ends_at: datetime
    all_day: bool
    title: str
    location: str
    status: str
    private: bool
    free: bool  # does not take the time of whoever has it (TRANSP)


def expanded(
    unit: SqlUnitOfWork, entries: Iterable[Entry], start: datetime, end: datetime, zone: tzinfo, *, exact: bool
) -> Iterator[Occurrence]:
    """All that overlap [start, end). `exact`: the texts are read, as only they tell what leaves the time free.

    One that cannot be read is taken from the columns. One budget of work for all together.
    """
    budget = Budget()
    listed = list(entries)
    plain = [entry for entry in listed if not exact and is_plain(entry)]
    rest = [entry for entry in listed if exact or not is_plain(entry)]
    for entry in plain:
        yield from _within(of_columns(entry, zone), start, end)
    for entry, record in _read(unit, rest):
        if record is None:
            yield from _within(of_columns(entry, zone), start, end)
        else:
            yield from _of_record(entry, record, start, end, zone, budget)


def undated(unit: SqlUnitOfWork, entries: Iterable[Entry]) -> Iterator[Occurrence]:
    """Tasks without a date, at no time in particular. One whose text cannot be read is private, for all we know."""
    for entry, record in _read(unit, list(entries)):
        details = record.master if record is not None else None
        private = details is None or is_private(details.classification)
        words = (entry.summary, details.location if details else "", entry.status)
        yield Occurrence(entry, NEVER, NEVER, False, *words, private, free=True)


def _read(unit: SqlUnitOfWork, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Event | Task | None]]:
    """Their records; None of what cannot be read."""
    missing = [entry.revision_id for entry in entries if entry.etag not in _known]
    texts = agenda_lists.texts(unit.session.connection, missing)
    for entry in entries:
        yield entry, _known.get(entry.etag) or _learn(entry, texts.get(entry.revision_id, ""))


def is_plain(entry: Entry) -> bool:
    """Once, at a time that the columns tell."""
    whole = (entry.range_start, entry.range_end) == (entry.starts_at, entry.ends_at)
    return whole and entry.ends_at is not None and not entry.recurring and bool(entry.zone or entry.all_day)


def of_columns(entry: Entry, zone: tzinfo) -> list[Occurrence]:
    """What the columns tell of it."""
    if entry.starts_at is None:
        return []
    start, end = entry.starts_at, entry.ends_at or entry.starts_at
    if entry.all_day:  # kept as if in UTC
        start, end = (instant(at.replace(tzinfo=None), zone) for at in (start, end))
    words = (entry.summary, entry.location, entry.status)
    private = is_private(entry.classification)
    return [Occurrence(entry, start, end, entry.all_day, *words, private, free=False)]


def day(at: datetime, zone: tzinfo) -> datetime:
    """The midnight of the viewer as the same day's midnight in UTC: days have no zone."""
    return datetime.combine(wall_clock(at, zone).date(), time.min, UTC)


def _within(found: Iterable[Occurrence], start: datetime, end: datetime) -> Iterator[Occurrence]:
    for one in found:
        if one.starts_at < end and (one.ends_at > start or one.starts_at >= start):
            yield one


def _of_record(
    entry: Entry, record: Event | Task, start: datetime, end: datetime, zone: tzinfo, budget: Budget
) -> Iterator[Occurrence]:
    found = recurrence.instances(record, start, end, _MOST_OF_ONE, zone, budget)
    whole = record.master is not None and is_private(record.master.classification)  # with its exceptions (SYNC.md R32)
    for begins, ends, details in found:
        begin = begin_of(details)
        all_day = begin is not None and begin.is_date
        private = whole or is_private(details.classification)
        free = isinstance(details, EventDetails) and details.transparency == "TRANSPARENT"
        words = (details.summary, details.location, details.status)
        yield Occurrence(entry, begins, max(ends, begins), all_day, *words, private, free)


def _learn(entry: Entry, text: str) -> Event | Task | None:
    try:
        record = parse(text, uid_if_missing=entry.uid)
    except ItemError:
        return None
    if isinstance(record, Contact):
        return None
    light = _light(record)
    if len(_known) >= _MOST:
        _known.clear()
    _known[entry.etag] = light
    return light


def _light(record: Event | Task) -> Event | Task:
    if isinstance(record, Event):
        event = _times(record.master) if record.master else None
        return replace(record, master=event, overrides=tuple(map(_times, record.overrides)), extra=(), stamps=())
    task = _times(record.master) if record.master else None
    return replace(record, master=task, overrides=tuple(map(_times, record.overrides)), extra=(), stamps=())


def _times(details: _D) -> _D:
    """Without what no calendar view shows."""
    rules = tuple(line for line in details.extra if line.name == "EXRULE")
    return replace(
        details, description="", url="", organizer=None, attendees=(), alarms=(), attachments=(), params=(),
        extra=rules, components=(), stamps=(),
    )  # fmt: skip
