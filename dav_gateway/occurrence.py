"""When a stored calendar item takes place, for time ranges in queries (RFC 4791 9.9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from dav_gateway.steps import Steps
from sync_engine import recurrence, zones
from sync_engine.errors import ItemError, Unreadable
from sync_engine.formats import parse
from sync_engine.formats.content_lines import unfold
from sync_engine.formats.outline import OddLineError, mend, outline, read_component
from sync_engine.formats.text_values import unescape
from sync_engine.model import Component, Contact, ContentLine, Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.recurrence import Occurrence

_SECOND = timedelta(seconds=1)
MOST_VALUES = 1000  # of a list that are looked at
_MOMENT = re.compile(r"(\d{8}(?:T\d{6})?)(Z?)\Z")


def component_of(text: str) -> Component:
    """The outermost component of a text. Raises `Unreadable`."""
    lines = unfold(text.removeprefix("\ufeff"))
    try:
        return _component(lines)
    except OddLineError:
        pass
    try:
        return _component(mend(lines))
    except OddLineError as odd:
        raise Unreadable(f"A line cannot be read as a property: {str(odd)[:60]!r}.") from odd


def _component(lines: list[str]) -> Component:
    root = outline(lines)
    if not root.children:
        raise Unreadable("There is no component in this text.")
    return read_component(root.children[0], lines)


def record_of(text: str, uid: str) -> Event | Task:
    """A calendar item as record. Raises `ItemError`."""
    record = parse(text, uid_if_missing=uid)
    if isinstance(record, Contact):
        raise Unreadable("This is a card.")
    return record


def zone_name(timezone: str) -> str:
    """The TZID in a VCALENDAR with one VTIMEZONE; "" when there is none."""
    try:
        calendar = component_of(timezone) if timezone else Component("")
    except ItemError:
        return ""
    among = calendar.components if calendar.name == "VCALENDAR" else (calendar,)
    names = [line.value for zone in among if zone.name == "VTIMEZONE" for line in zone.lines if line.name == "TZID"]
    return unescape(names[0]) if names else ""


def zone_of_calendar(timezone: str) -> tzinfo:
    """The zone of floating times: that of a VCALENDAR with one VTIMEZONE, by its name; UTC when there is none."""
    name = zone_name(timezone)
    return (zones.by_name(name) if name else None) or UTC


def falls_into(
    record: Event | Task, start: datetime, end: datetime, floating: tzinfo, steps: Steps | None = None
) -> bool:
    """Whether an occurrence overlaps from `start` up to, without, `end`. Undated tasks do (RFC 4791 9.9)."""
    if not any(_is_dated(details) for details in (record.master, *record.overrides) if details):
        return isinstance(record, Task) and _stamps_overlap(record, start, end)
    with (steps or Steps()).of_one() as budget:
        if isinstance(record, Event):
            return recurrence.occurs(record, start, end, floating, budget)
        around = (_moved(start, -_SECOND), _moved(end, _SECOND))
        return any(is_due(one, start, end) for one in recurrence.expanded(record, *around, floating, budget))


def _moved(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return at


def is_due(one: Occurrence, start: datetime, end: datetime) -> bool:
    """The first rows of the table for VTODO: what is due at the very end of a range belongs to it."""
    details = one.details
    begins_or_ends = end > one.start or end >= one.end
    if details.start and details.duration:
        return start <= one.end and begins_or_ends
    if details.start and isinstance(details, TaskDetails) and details.due:
        return (start < one.end or start <= one.start) and begins_or_ends
    return start <= one.start < end if details.start else start < one.start <= end


def _is_dated(details: EventDetails | TaskDetails) -> bool:
    due = details.due if isinstance(details, TaskDetails) else None
    return bool(details.start or details.recurrence_id or due)


def _stamps_overlap(task: Task, start: datetime, end: datetime) -> bool:
    """The last rows of the table for VTODO: by COMPLETED and CREATED."""
    details = task.master or next(iter(task.overrides), None)
    if details is None:
        return False
    created = next(
        (at for line in details.stamps if line.name == "CREATED" for at in instants_of(line, task, UTC)), None
    )
    if details.completed is None:
        return created is None or end > created
    completed = zones.resolve(details.completed, task.zones)
    return (start <= (created or completed) or start <= completed) and (
        end >= (created or completed) or end >= completed
    )


def instants_of(line: ContentLine, record: Event | Task, floating: tzinfo) -> list[datetime]:
    """The instants of a property that is a date, a time or a list of them; of periods their starts."""
    named = next((values[0] for name, values in line.params if name == "TZID" and values), "")
    found = (_MOMENT.match(value.strip().partition("/")[0]) for value in line.value.split(",")[:MOST_VALUES])
    moments = (Moment(match[1], "UTC" if match[2] else named) for match in found if match)
    return [zones.resolve(moment, record.zones, floating) for moment in moments]
