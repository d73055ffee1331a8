"""exchangelib's recurrences and our neutral one. EWS counts weekdays and months from 1; the last week is its 5th."""

from __future__ import annotations

from datetime import date
from typing import Any

from exchangelib import EWSDate
from exchangelib import recurrence as ews

from connectors.microsoft.patterns import Pattern, PatternKind, Recurrence
from sync_engine.errors import Rejected, Unreadable

_LAST_WEEK = 5
_GROUPS = {tuple(range(7)): 8, (0, 1, 2, 3, 4): 9, (5, 6): 10}
"""Day, Weekday and WeekendDay: the only sets of days that a relative pattern may have."""
_DAYS = {number: days for days, number in _GROUPS.items()} | {day + 1: (day,) for day in range(7)}
_MOST_MONTHS = 99


def put_recurrence(recurrence: Recurrence) -> Any:
    """exchangelib's recurrence. Raises `Rejected` for the few that Graph can express and EWS cannot."""
    return ews.Recurrence(pattern=_pattern(recurrence.pattern), boundary=_boundary(recurrence))


def _boundary(recurrence: Recurrence) -> Any:
    start = EWSDate.from_date(recurrence.start)
    if recurrence.until is not None:
        return ews.EndDatePattern(start=start, end=EWSDate.from_date(recurrence.until))
    if recurrence.count is not None:
        return ews.NumberedPattern(start=start, number=recurrence.count)
    return ews.NoEndPattern(start=start)


def another_recurrence(value: Any) -> Any:
    """One that differs in its end alone."""
    limits = value.boundary
    if isinstance(limits, ews.NumberedPattern):
        return ews.Recurrence(
            pattern=value.pattern, boundary=ews.NumberedPattern(start=limits.start, number=limits.number + 1)
        )
    if isinstance(limits, ews.NoEndPattern):
        return ews.Recurrence(pattern=value.pattern, boundary=ews.NumberedPattern(start=limits.start, number=1))
    return ews.Recurrence(pattern=value.pattern, boundary=ews.NoEndPattern(start=limits.start))


def _pattern(pattern: Pattern) -> Any:
    if pattern.kind is PatternKind.DAILY:
        return ews.DailyPattern(interval=pattern.interval)
    if pattern.kind is PatternKind.WEEKLY:
        days = [day + 1 for day in pattern.weekdays]
        return ews.WeeklyPattern(interval=pattern.interval, weekdays=days, first_day_of_week=pattern.week_start + 1)
    return _by_day_of_month(pattern) if pattern.day else _by_weekday(pattern)


def _by_day_of_month(pattern: Pattern) -> Any:
    if pattern.month and pattern.interval == 1:
        return ews.AbsoluteYearlyPattern(day_of_month=pattern.day, month=pattern.month)
    return ews.AbsoluteMonthlyPattern(interval=_months(pattern), day_of_month=pattern.day)


def _by_weekday(pattern: Pattern) -> Any:
    number = pattern.weekdays[0] + 1 if len(pattern.weekdays) == 1 else _GROUPS.get(pattern.weekdays)
    if number is None:
        raise Rejected("Exchange cannot hold this recurrence: it counts a set of weekdays in the month. Simplify it.")
    week = _LAST_WEEK if pattern.index == -1 else pattern.index
    if pattern.month and pattern.interval == 1:
        return ews.RelativeYearlyPattern(weekday=number, week_number=week, month=pattern.month)
    return ews.RelativeMonthlyPattern(interval=_months(pattern), weekday=number, week_number=week)


def _months(pattern: Pattern) -> int:
    """Every second year is every 24 months: EWS has no years but each one."""
    months = pattern.interval * (12 if pattern.month else 1)
    if months > _MOST_MONTHS:
        raise Rejected("Exchange cannot hold this recurrence: it takes place less than once in eight years.")
    return months


def get_recurrence(value: Any) -> Recurrence:
    """The recurrence of exchangelib's one. Raises `Unreadable`."""
    limits = value.boundary
    return Recurrence(
        _read_pattern(value.pattern),
        _date(limits.start),
        _date(limits.end) if isinstance(limits, ews.EndDatePattern) else None,
        limits.number if isinstance(limits, ews.NumberedPattern) else None,
    )


def _date(value: date) -> date:
    return date(value.year, value.month, value.day)


def _read_pattern(how: Any) -> Pattern:
    if isinstance(how, ews.DailyPattern):
        return Pattern(PatternKind.DAILY, how.interval)
    if isinstance(how, ews.WeeklyPattern):
        days = tuple(sorted(day - 1 for day in how.weekdays))
        return Pattern(PatternKind.WEEKLY, how.interval, days, week_start=how.first_day_of_week - 1)
    if isinstance(how, ews.AbsoluteMonthlyPattern):
        return Pattern(PatternKind.MONTHLY, how.interval, day=how.day_of_month)
    if isinstance(how, ews.AbsoluteYearlyPattern):
        return Pattern(PatternKind.YEARLY, day=how.day_of_month, month=how.month)
    if isinstance(how, ews.RelativeMonthlyPattern):
        return Pattern(PatternKind.MONTHLY_BY_DAY, how.interval, _DAYS[how.weekday], index=_index(how))
    if isinstance(how, ews.RelativeYearlyPattern):
        return Pattern(PatternKind.YEARLY_BY_DAY, 1, _DAYS[how.weekday], index=_index(how), month=how.month)
    raise Unreadable(f"Exchange sent a recurrence of a kind that is not known: {type(how).__name__}.")


def _index(how: Any) -> int:
    return -1 if how.week_number == _LAST_WEEK else int(how.week_number)
