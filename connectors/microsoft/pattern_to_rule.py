"""Outlook's pattern as a recurrence rule, in the canonical spelling of records: FREQ first, the other parts sorted."""

from __future__ import annotations

from calendar import monthrange

from connectors.microsoft.patterns import SHORT, Pattern, PatternKind, Recurrence
from connectors.microsoft.rule_to_pattern import until_of
from sync_engine.model import Component, Moment

_LONG_ENOUGH = 28
_FREQUENCIES = {
    PatternKind.DAILY: "DAILY",
    PatternKind.WEEKLY: "WEEKLY",
    PatternKind.MONTHLY: "MONTHLY",
    PatternKind.MONTHLY_BY_DAY: "MONTHLY",
    PatternKind.YEARLY: "YEARLY",
    PatternKind.YEARLY_BY_DAY: "YEARLY",
}


def rule_of(recurrence: Recurrence, first: Moment, zones: tuple[Component, ...] = ()) -> str:
    """RRULE of a recurrence whose first occurrence is at `first`."""
    pattern = recurrence.pattern
    parts = _days(pattern)
    if pattern.interval != 1:
        parts["INTERVAL"] = str(pattern.interval)
    if pattern.month:
        parts["BYMONTH"] = str(pattern.month)
    if pattern.kind is PatternKind.WEEKLY and pattern.week_start:
        parts["WKST"] = SHORT[pattern.week_start]
    if recurrence.until is not None:
        parts["UNTIL"] = until_of(recurrence.until, first, zones)
    elif recurrence.count is not None:
        parts["COUNT"] = str(recurrence.count)
    return ";".join([f"FREQ={_FREQUENCIES[pattern.kind]}", *sorted(f"{name}={text}" for name, text in parts.items())])


def _days(pattern: Pattern) -> dict[str, str]:
    if pattern.kind in (PatternKind.MONTHLY, PatternKind.YEARLY):
        return _month_days(pattern)
    weekdays = [SHORT[day] for day in pattern.weekdays]
    if pattern.kind is PatternKind.DAILY or not weekdays:
        return {}
    if pattern.kind is PatternKind.WEEKLY:
        return {"BYDAY": ",".join(weekdays)}
    if len(weekdays) == 1:
        return {"BYDAY": f"{pattern.index}{weekdays[0]}"}
    return {"BYDAY": ",".join(weekdays), "BYSETPOS": str(pattern.index)}


def _month_days(pattern: Pattern) -> dict[str, str]:
    """A day that some month has not is the last one there: of the days from 28 on the last that is."""
    longest = monthrange(2024, pattern.month)[1] if pattern.month else 31
    shortest = monthrange(2023, pattern.month)[1] if pattern.month else _LONG_ENOUGH
    if pattern.day <= shortest:
        return {"BYMONTHDAY": str(pattern.day)}
    if pattern.day >= longest:
        return {"BYMONTHDAY": "-1"}
    days = range(_LONG_ENOUGH, pattern.day + 1)
    return {"BYMONTHDAY": ",".join(map(str, days)), "BYSETPOS": "-1"}
