"""When items take place, remembered by entity tag: a month's view asks for the same series again and again."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar

from dav_gateway.contents import Contents
from dav_gateway.occurrence import falls_into, record_of
from dav_gateway.steps import Steps
from storage.dav_items import Leaf
from storage.unit_of_work import SqlUnitOfWork
from sync_engine import recurrence
from sync_engine.errors import ItemError
from sync_engine.model import CalendarUser, Event, EventDetails, Task, TaskDetails
from sync_engine.rules import LAST_YEAR

_MOST = 8192  # items, of about 1 KiB each
_D = TypeVar("_D", EventDetails, TaskDetails)

_known: dict[str, Event | Task] = {}  # by entity tag, which is a hash of the text: what is known stays true


def known(etag: str) -> Event | Task | None:
    """What is remembered of an item: its times, and nothing else."""
    return _known.get(etag)


def learn(etag: str, text: str, uid: str) -> Event | Task:
    """Read an item and remember its times. Raises `ItemError`."""
    record = record_of(text, uid)
    found: Event | Task
    if isinstance(record, Event):
        master = _times(record.master) if record.master else None
        found = replace(record, master=master, overrides=tuple(map(_times, record.overrides)), extra=(), stamps=())
    else:
        task = _times(record.master) if record.master else None
        found = replace(record, master=task, overrides=tuple(map(_times, record.overrides)), extra=(), stamps=())
    if len(_known) >= _MOST:
        _known.clear()
    _known[etag] = found
    return found


# ---------------------------------------------------------------- years


@dataclass(frozen=True, slots=True)
class _Year:
    """The occurrences of an item that overlap a year, in seconds since 1970; in order of their starts."""

    starts: array[float]
    ends: array[float]
    longest: float

    def overlaps(self, start: float, end: float) -> bool:
        """Whether one overlaps from `start` up to, without, `end`."""
        at = bisect_left(self.starts, start - self.longest)
        for begins, ends in zip(self.starts[at:], self.ends[at:], strict=True):
            if begins >= end:
                return False
            if ends > start or begins >= start:
                return True
        return False


_MOST_YEARS = 4 * _MOST
_MOST_OF_A_YEAR = 400  # occurrences: one a day; more are not remembered
_MOST_STEPS_OF_A_YEAR = 4_000  # what takes more, such as a week that begins every day, is not worth it
_years: dict[tuple[str, str, int], _Year | None] = {}  # by entity tag, zone and year


def takes_place(
    etag: str, record: Event | Task, start: datetime, end: datetime, floating: tzinfo, steps: Steps | None = None
) -> bool:
    """As `falls_into`. Of events that recur the year is remembered: who looks at a month looks at the next one."""
    steps = steps or Steps()
    last_year = (end - timedelta(microseconds=1)).year
    recurs = record.master and (record.master.rules or record.overrides)
    if not recurs or isinstance(record, Task) or last_year - start.year > 1 or last_year > LAST_YEAR:
        return falls_into(record, start, end, floating, steps)
    years = [_year(etag, record, year, floating, steps) for year in range(start.year, last_year + 1)]
    if None in years:
        return falls_into(record, start, end, floating, steps)
    first, last = start.timestamp(), end.timestamp()
    return any(year.overlaps(first, last) for year in years if year)


def _year(etag: str, record: Event | Task, year: int, floating: tzinfo, steps: Steps) -> _Year | None:
    """None where it is not worth remembering."""
    key = (etag, str(floating), year)
    if key not in _years and not steps.plenty:
        return None
    if key not in _years:
        if len(_years) >= _MOST_YEARS:
            _years.clear()
        _years[key] = found = _read_year(record, year, floating, steps)
        return found
    return _years.get(key)


def _read_year(record: Event | Task, year: int, floating: tzinfo, steps: Steps) -> _Year | None:
    first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    with steps.of_one(_MOST_STEPS_OF_A_YEAR) as budget:
        found = recurrence.expanded(record, first, last, floating, budget)
    if len(found) > _MOST_OF_A_YEAR or budget.left < 0:
        return None
    starts = array("d", [one.start.timestamp() for one in found])
    ends = array("d", [one.end.timestamp() for one in found])
    return _Year(starts, ends, max((end - start for start, end in zip(starts, ends, strict=True)), default=0.0))


# ---------------------------------------------------------------- several


def timetables(unit: SqlUnitOfWork, contents: Contents, leaves: Sequence[Leaf]) -> list[Event | Task]:
    """Of several items, those that can be read; only texts that were not looked at before are."""
    found = {leaf.etag: _known.get(leaf.etag) for leaf in leaves}
    missing = [leaf for leaf in leaves if found[leaf.etag] is None]
    texts = contents.texts(unit, missing) if missing else {}
    for leaf in missing:
        try:
            found[leaf.etag] = learn(leaf.etag, texts.get(leaf.href, ""), leaf.uid)
        except ItemError:
            continue
    return [one for leaf in leaves if (one := found[leaf.etag]) is not None]


_KEPT = ("EXRULE", "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS")  # say when, and whether one is away


def _times(details: _D) -> _D:
    kept = tuple(line for line in details.extra if line.name in _KEPT)
    return replace(
        details, summary="", description="", location="", url="", categories=(), organizer=None,
        attendees=tuple(_undecided(details.attendees)),
        alarms=(), attachments=(), params=(), extra=kept, components=(),
    )  # fmt: skip


def _undecided(attendees: Sequence[CalendarUser]) -> Iterator[CalendarUser]:
    """Those who did not accept, with nothing but their answer: their own time is not, or not quite, taken."""
    for one in attendees:
        answer = next((param for param in one.params if param[0] == "PARTSTAT"), None)
        if answer != ("PARTSTAT", ("ACCEPTED",)):
            yield CalendarUser(one.address, (answer,) if answer else ())
