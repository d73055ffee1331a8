"""Recurrences in answers: expanded into single occurrences, or with few overrides (RFC 4791 9.6.5, 9.6.6). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from dav_gateway.filters import TimeRange
from sync_engine import recurrence
from sync_engine.model import Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.occurrence_ids import AnyDetails, begin_of, occurrence
from sync_engine.recurrence import Occurrence
from sync_engine.rules import Budget
from sync_engine.zones import resolve, wall_clock

MOST_OCCURRENCES = 20_000  # in one answer
MOST_STEPS = 2_000_000  # of all expansions in one answer
MOST_CHARACTERS = 64 * 1024 * 1024  # of all expanded texts in one answer
_HALF_A_DAY = timedelta(hours=12)


class TooMuch(Exception):
    """The answer would be too large, or take too long."""


class Work:
    """What may still be done for one answer."""

    __slots__ = ("characters", "occurrences", "steps")

    def __init__(self) -> None:
        self.occurrences = MOST_OCCURRENCES
        self.characters = MOST_CHARACTERS
        self.steps = Budget(MOST_STEPS)

    def expanded(self, record: Event | Task, wanted: TimeRange, floating: tzinfo) -> list[Occurrence]:
        """The occurrences in a range that has both ends. Raises `TooMuch`."""
        if self.steps.left < 0 or wanted.start is None or wanted.end is None:
            raise TooMuch
        budget = Budget()
        found = recurrence.expanded(record, wanted.start, wanted.end, floating, budget)
        self.steps.left -= budget.most - budget.left
        self.occurrences -= len(found)
        if self.occurrences < 0 or budget.left < 0:
            raise TooMuch
        return found

    def write(self, characters: int) -> None:
        """So much is about to be written. Raises `TooMuch`: a long text on every day of ten years fills the memory."""
        self.characters -= characters
        if self.characters < 0:
            raise TooMuch


# ---------------------------------------------------------------- expand


def expanded(record: Event | Task, wanted: TimeRange, floating: tzinfo, work: Work) -> Event | Task:
    """Each occurrence in the range as a component of its own, in UTC, without zones and rules. Raises `TooMuch`.

    Days stay days, and times without a zone stay so. What does not recur is only brought to UTC.
    """
    if not _recurs(record):
        master: Any = record.master and _in_utc(record.master, record)
        return replace(record, master=master, zones=())
    first = begin_of(record.master) if record.master else None
    parts: Any = tuple(_part(one, first, floating) for one in work.expanded(record, wanted, floating))
    return replace(record, master=None, overrides=parts, zones=())


def _recurs(record: Event | Task) -> bool:
    master = record.master
    return bool(record.overrides or master is None or master.rules or master.recurrence_dates)


def _part(one: Occurrence, first: Moment | None, floating: tzinfo) -> AnyDetails:
    """An occurrence as component; `first` is the begin of the series, whose kind of value RECURRENCE-ID has."""
    details = _plain(one.details)
    begin = begin_of(one.details)
    like = first or one.source.recurrence_id or begin
    assert begin is not None
    assert like is not None
    start, end = _moment(one.start, begin, floating), _moment(one.end, begin, floating)
    details = replace(details, recurrence_id=_moment(one.original, like, floating))
    if details.start is not None or isinstance(details, EventDetails):
        details = replace(details, start=start)
    if isinstance(details, EventDetails):
        return replace(details, end=end if details.end else None)
    return replace(details, due=end if details.due else None)


def _plain(details: AnyDetails) -> AnyDetails:
    """Without all that makes it recur."""
    extra = tuple(line for line in details.extra if line.name != "EXRULE")
    return replace(details, this_and_future=False, rules=(), recurrence_dates=(), exception_dates=(), extra=extra)


def _moment(at: datetime, like: Moment, floating: tzinfo) -> Moment:
    """An instant in the kind of value of another moment: a day, a time without zone, or else in UTC."""
    if like.is_date:
        day: date = (wall_clock(at, floating) + _HALF_A_DAY).date()  # a day with a change of clocks has no 24 hours
        return Moment(f"{day:%Y%m%d}")
    if not like.zone:
        return Moment(f"{wall_clock(at, floating):%Y%m%dT%H%M%S}")
    return Moment(f"{at.astimezone(UTC):%Y%m%dT%H%M%S}", "UTC")


def _in_utc(details: AnyDetails, record: Event | Task) -> AnyDetails:
    def turned(moment: Moment | None) -> Moment | None:
        if moment is None or not moment.zone:
            return moment
        return _moment(resolve(moment, record.zones), moment, UTC)

    details = replace(details, start=turned(details.start))
    if isinstance(details, TaskDetails):
        return replace(details, due=turned(details.due), completed=turned(details.completed))
    return replace(details, end=turned(details.end))


# ---------------------------------------------------------------- limit-recurrence-set


def limited(record: Event | Task, wanted: TimeRange, floating: tzinfo) -> Event | Task:
    """With those overrides only that play a part in the range: that are in it, were in it, or move what is in it."""
    kept: Any = tuple(one for one in record.overrides if _matters(one, record, wanted, floating))
    return replace(record, overrides=kept)


def _matters(one: AnyDetails, record: Event | Task, wanted: TimeRange, floating: tzinfo) -> bool:
    begin, master = begin_of(one), record.master
    if begin is None or master is None or one.recurrence_id is None:
        return True
    now = resolve(begin, record.zones, floating)
    before = occurrence(one.recurrence_id, begin_of(master), record.zones, floating)
    return (
        _overlaps(now, recurrence.length(one, record.zones, floating), wanted)
        or _overlaps(before, recurrence.length(master, record.zones, floating), wanted)
        or (one.this_and_future and wanted.end is not None and min(now, before) < wanted.end)
    )


def _overlaps(start: datetime, length: timedelta, wanted: TimeRange) -> bool:
    begins_late = wanted.end is not None and start >= wanted.end
    ends_early = wanted.start is not None and start + length <= wanted.start and start < wanted.start
    return not (begins_late or ends_early)
