"""Occurrences of an event: which there are, when they are, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.servers.microsoft import moments, recurrence
from tests.servers.microsoft.mailbox import Fields, Item

_MARK = ".OCC."


@dataclass(frozen=True)
class Occurrence:
    """One of a series, or a single event (day is "")."""

    master: Item
    day: str  # on which it would be, ISO; "" for a single event
    start: datetime  # aware, UTC
    end: datetime
    original: datetime  # where it would be, UTC
    fields: Fields  # of the master, and over them what the exception says
    type: str  # singleInstance, occurrence, exception

    @property
    def id(self) -> str:
        """Derived from the master's."""
        return occurrence_id(self.master.id, self.day) if self.day else self.master.id


def occurrence_id(master: str, day: str) -> str:
    """The id under which one occurrence is addressed."""
    return f"{master}{_MARK}{day}"


def split_id(item_id: str) -> tuple[str, str]:
    """The master's id, and the day; "" if this is no occurrence."""
    master, _, day = item_id.partition(_MARK)
    return master, day


def occurrence(master: Item, day: str) -> Occurrence | None:
    """The one of this day, unless it was cancelled or there never was one."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return None
    if not master.recurs or day in master.cancelled:
        return None
    if wanted not in set(recurrence.days(master.fields["recurrence"], wanted)):
        return None
    return _built(master, wanted)


def occurrences(item: Item, start: datetime, end: datetime) -> Iterator[Occurrence]:
    """Those that touch [start, end), moved ones where they are now."""
    if not item.recurs:
        single = _single(item)
        if _touches(single, start, end):
            yield single
        return
    far = max([end.date(), *(date.fromisoformat(day) for day in item.exceptions)]) + timedelta(days=1)
    for day in recurrence.days(item.fields["recurrence"], far):
        if day.isoformat() not in item.cancelled:
            found = _built(item, day)
            if _touches(found, start, end):
                yield found


def _single(item: Item) -> Occurrence:
    start, end = moments.instant(item.fields["start"]), moments.instant(item.fields["end"])
    return Occurrence(item, "", start, end, start, item.fields, "singleInstance")


def _built(master: Item, day: date) -> Occurrence:
    begin, finish = master.fields["start"], master.fields["end"]
    here, there = begin.get("timeZone") or "UTC", finish.get("timeZone") or "UTC"
    zone = moments.zone(here)
    length = moments.wall(finish) - moments.wall(begin)
    local = datetime.combine(day, moments.wall(begin).time())
    original = local.replace(tzinfo=zone).astimezone(UTC)
    until = (local + length).replace(tzinfo=moments.zone(there)).astimezone(UTC)
    own = master.exceptions.get(day.isoformat())
    where = {"start": moments.written(original, here), "end": moments.written(until, there)}
    fields = {**master.fields, **where, **(own or {})}
    fields.pop("recurrence", None)
    start, end = moments.instant(fields["start"]), moments.instant(fields["end"])
    return Occurrence(master, day.isoformat(), start, end, original, fields, "exception" if own else "occurrence")


def _touches(one: Occurrence, start: datetime, end: datetime) -> bool:
    return one.start < end and (one.end > start or one.start == one.end == start)
