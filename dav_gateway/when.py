"""When the components of one item take place, for the time ranges of a query (RFC 4791 9.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from dav_gateway.filters import TimeRange
from dav_gateway.occurrence import falls_into, instants_of, is_due
from dav_gateway.steps import Steps
from sync_engine import recurrence
from sync_engine.formats.moments import read_moment
from sync_engine.model import Component, ContentLine, Event, Moment, Task
from sync_engine.occurrence_ids import AnyDetails
from sync_engine.recurrence import Occurrence

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 12, 31, tzinfo=UTC)
_NONE = timedelta(0)
_MOST_REPEATS = 1000
_SECOND = timedelta(seconds=1)


class When:
    """Tells of one item."""

    def __init__(self, record: Event | Task, floating: tzinfo, steps: Steps | None = None) -> None:
        """`steps`: what may be expanded for the request."""
        self._record = record
        self._floating = floating
        self._steps = steps or Steps()

    def in_range(self, path: Sequence[Component], wanted: TimeRange) -> bool:
        """Whether a component falls into a range; it comes last, after those it is in. Others than these never do."""
        component = path[-1]
        if component.name in ("VEVENT", "VTODO"):
            return self._takes_place(component, wanted)
        return component.name == "VALARM" and len(path) > 1 and self._rings(path[-2], component, wanted)

    def instants_of(self, line: ContentLine) -> list[datetime]:
        """See `occurrence.instants_of`."""
        return instants_of(line, self._record, self._floating)

    def _takes_place(self, component: Component, wanted: TimeRange) -> bool:
        start, end = wanted.start or EARLIEST, wanted.end or LATEST
        if not self._record.overrides:
            return falls_into(self._record, start, end, self._floating, self._steps)
        around = (_moved(start, -_SECOND), _moved(end, _SECOND))
        if isinstance(self._record, Task):
            return any(is_due(one, start, end) for one in self._occurrences(component, *around))
        return bool(self._occurrences(component, start, end))

    def _occurrences(self, component: Component, start: datetime, end: datetime) -> list[Occurrence]:
        """Those that this component tells of, not those of other components of the item."""
        with self._steps.of_one() as budget:
            found = recurrence.expanded(self._record, start, end, self._floating, budget)
        details = _details_of(component, self._record)
        return found if details is None else [one for one in found if one.source is details]

    # ---------------------------------------------------------------- alarms

    def _rings(self, parent: Component, alarm: Component, wanted: TimeRange) -> bool:
        start, end = wanted.start or EARLIEST, wanted.end or LATEST
        return any(start <= at < end for at in self._rung(parent, alarm, start, end))

    def _rung(self, parent: Component, alarm: Component, start: datetime, end: datetime) -> Iterator[datetime]:
        """When an alarm goes off; at least all times that are in the range."""
        trigger = _line(alarm, "TRIGGER")
        repeats = [step * number for step, most in [_repeated(alarm)] for number in range(most + 1)]
        after = None if trigger is None else _signed(trigger.value)
        if trigger is None or after is None:
            at = self.instants_of(trigger) if trigger else []
            yield from (one + repeat for one in at for repeat in repeats)
            return
        by_end = any(name == "RELATED" and values == ("END",) for name, values in trigger.params)
        first, last = _moved(start, -after - repeats[-1] - _SECOND), _moved(end, _SECOND - after)
        for one in self._occurrences(parent, first, last):
            anchor = one.end if by_end else one.start
            yield from (_moved(anchor, after + repeat) for repeat in repeats)


def _details_of(component: Component, record: Event | Task) -> AnyDetails | None:
    """The part of the record that a component became; None when that cannot be told."""
    line = _line(component, "RECURRENCE-ID")
    if line is None:
        return record.master
    zone = next((values[0] for name, values in line.params if name == "TZID" and values), "")
    moment: Moment | None = read_moment(line.value, zone)
    return next((one for one in record.overrides if one.recurrence_id == moment), None)


def _line(component: Component, name: str) -> ContentLine | None:
    return next((line for line in component.lines if line.name == name), None)


def _signed(text: str) -> timedelta | None:
    """A duration that may be negative; None when it is none."""
    text = text.strip()
    length = recurrence.duration(text.lstrip("+-"))
    return -length if length is not None and text.startswith("-") else length


def _repeated(alarm: Component) -> tuple[timedelta, int]:
    """After what time an alarm goes off again, and how often."""
    number, step = _line(alarm, "REPEAT"), _line(alarm, "DURATION")
    if number is None or step is None or not (number.value.strip().isdecimal() and number.value.isascii()):
        return _NONE, 0
    return recurrence.duration(step.value) or _NONE, min(int(number.value.strip()[:9]), _MOST_REPEATS)


def _moved(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return LATEST if by > _NONE else EARLIEST
