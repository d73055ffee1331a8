"""A recurrence rule (RFC 5545 3.3.10) as Outlook's pattern, or the reason why there is none. Nothing is bent."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from connectors.microsoft.patterns import INDEXES, MOST_COUNT, Pattern, PatternKind, Recurrence
from sync_engine.errors import Rejected
from sync_engine.model import Component, Details, Moment
from sync_engine.recurrence_limits import exception_rules
from sync_engine.rules import Budget, Rule, occurrences, read_rule
from sync_engine.zones import instant, local_time, wall_clock, zone_for

_LONG_ENOUGH = 28  # every month has so many days


def recurrence_of(master: Details, first: Moment | None, zones: tuple[Component, ...]) -> Recurrence | None:
    """The recurrence of an event or task that begins at `first`; None when it has none.

    Raises `Rejected`, with the reason, for one that Outlook cannot express.
    """
    if master.recurrence_dates:
        _refuse("it has single dates added to it (RDATE)")
    if exception_rules(master):  # type: ignore[arg-type]
        _refuse("it has a rule for its exceptions (EXRULE)")
    if not master.rules:
        return None
    if len(master.rules) > 1:
        _refuse("it has more than one rule")
    if first is None:
        _refuse("it has no start")
    return _recurrence(read_rule(master.rules[0]), first, zones)


def _recurrence(rule: Rule, first: Moment, zones: tuple[Component, ...]) -> Recurrence:
    start = local_time(first)
    pattern = pattern_of(rule, start)
    if next(occurrences(rule, start, start, start + timedelta(days=1), Budget()), None) != start:
        _refuse("its first day is not a day of its own rule")
    if rule.count is not None and rule.count > MOST_COUNT:
        _refuse(f"it takes place more than {MOST_COUNT} times")
    until = _last_day(rule.until, first, zones) if rule.until else None
    if until is not None and until < start.date():
        _refuse("it ends before it starts")
    return Recurrence(pattern, start.date(), until, rule.count if until is None else None)


def _last_day(until: str, first: Moment, zones: tuple[Component, ...]) -> date:
    """The last day on which an occurrence at the time of `first` is not after UNTIL."""
    local = local_time(Moment(until[:15]))
    if len(until) == 8 or first.is_date:
        return local.date()
    if until.endswith("Z"):
        local = wall_clock(local.replace(tzinfo=UTC), zone_for(first, zones))
    return local.date() if local.time() >= local_time(first).time() else local.date() - timedelta(days=1)


def until_of(last: date, first: Moment, zones: tuple[Component, ...]) -> str:
    """UNTIL of a series that starts at `first` and may take place on its last day (RFC 5545 3.3.10)."""
    if first.is_date:
        return f"{last:%Y%m%d}"
    local = datetime.combine(last, local_time(first).time())
    if not first.zone:
        return f"{local:%Y%m%dT%H%M%S}"
    return f"{instant(local, zone_for(first, zones)):%Y%m%dT%H%M%SZ}"


def pattern_of(rule: Rule, start: datetime) -> Pattern:
    """The pattern of a rule whose first occurrence is at `start`. Raises `Rejected`."""
    for name, number in (("BYHOUR", start.hour), ("BYMINUTE", start.minute), ("BYSECOND", start.second)):
        if rule.part(name) not in ((), (number,)):
            _refuse("it takes place at several times of the day")
    for name, words in (("BYYEARDAY", "days of the year"), ("BYWEEKNO", "weeks of the year")):
        if rule.part(name):
            _refuse(f"it counts {words} ({name})")
    makers = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly, "YEARLY": _yearly}
    if rule.frequency not in makers:
        _refuse("it takes place several times a day")
    return _within_limits(makers[rule.frequency](rule, start))


def _within_limits(pattern: Pattern) -> Pattern:
    most = 999 if pattern.kind is PatternKind.DAILY else 99
    if pattern.interval > most:
        _refuse(f"its interval is longer than {most}")
    return pattern


def _daily(rule: Rule, _start: datetime) -> Pattern:
    if rule.part("BYMONTH") or rule.part("BYMONTHDAY") or rule.part("BYSETPOS"):
        _refuse("it takes place every day of some months only")
    if not rule.weekdays:
        return Pattern(PatternKind.DAILY, rule.interval)
    if rule.interval != 1:
        _refuse("it counts days and leaves out some weekdays")
    return Pattern(PatternKind.WEEKLY, 1, _days(rule))


def _weekly(rule: Rule, start: datetime) -> Pattern:
    if rule.part("BYMONTH") or rule.part("BYMONTHDAY") or rule.part("BYSETPOS"):
        _refuse("it takes place in some weeks of a year or month only")
    return Pattern(PatternKind.WEEKLY, rule.interval, _days(rule) or (start.weekday(),), rule.week_start)


def _days(rule: Rule) -> tuple[int, ...]:
    """The weekdays; their numbers have no meaning in rules by day and week."""
    return tuple(sorted({day for _, day in rule.weekdays}))


def _monthly(rule: Rule, start: datetime) -> Pattern:
    if rule.part("BYMONTH"):
        _refuse("it takes place in some months only")
    if rule.weekdays:
        index, days = _which(rule)
        return Pattern(PatternKind.MONTHLY_BY_DAY, rule.interval, days, index=index)
    return Pattern(PatternKind.MONTHLY, rule.interval, day=_day_of_month(rule, start, 31))


def _yearly(rule: Rule, start: datetime) -> Pattern:
    months = rule.part("BYMONTH")
    if len(months) > 1:
        _refuse("it takes place in several months of the year")
    if rule.weekdays:
        if not months:
            _refuse("it counts the weekdays of a whole year")
        index, days = _which(rule)
        return Pattern(PatternKind.YEARLY_BY_DAY, rule.interval, days, index=index, month=months[0])
    if rule.part("BYMONTHDAY") and not months:
        _refuse("it takes place on a day of every month, year by year")
    month = months[0] if months else start.month
    day = _day_of_month(rule, start, monthrange(2024, month)[1])
    return Pattern(PatternKind.YEARLY, rule.interval, day=day, month=month)


def _day_of_month(rule: Rule, start: datetime, longest: int) -> int:
    """The day that Outlook would have in its pattern: of its days, those behind the end of a month are the last."""
    days, positions = rule.part("BYMONTHDAY") or (start.day,), rule.part("BYSETPOS")
    if positions == (-1,) and days == tuple(range(_LONG_ENOUGH, days[-1] + 1)):
        return min(days[-1], longest)
    if positions or len(days) > 1:
        _refuse("it takes place on several days of the month")
    if days[0] == -1:
        return longest
    if days[0] < 0:
        _refuse("it counts days from the end of the month")
    if days[0] > _LONG_ENOUGH and not _has_day(rule, start, days[0]):
        _refuse(f"it leaves out the months that have no day {days[0]}")
    return days[0]


def _has_day(rule: Rule, start: datetime, day: int) -> bool:
    """Whether every month that the rule visits has this day."""
    if rule.frequency == "YEARLY":
        month = (rule.part("BYMONTH") or (start.month,))[0]
        return day <= monthrange(2023, month)[1]
    visited = {(start.month - 1 + rule.interval * number) % 12 + 1 for number in range(12)}
    return all(day <= monthrange(2023, month)[1] for month in visited)


def _which(rule: Rule) -> tuple[int, tuple[int, ...]]:
    """Which one of which weekdays in the month."""
    if rule.part("BYMONTHDAY"):
        _refuse("it wants weekdays that fall on given days of the month")
    positions, numbers = rule.part("BYSETPOS"), {number for number, _ in rule.weekdays}
    days = _days(rule)
    if positions and numbers != {0}:
        _refuse("it counts its weekdays twice")
    if not positions and (len(rule.weekdays) != 1 or numbers == {0}):
        _refuse("it takes place on several weekdays of the month")
    found = positions or tuple(numbers)
    if len(found) != 1 or found[0] not in INDEXES:
        _refuse("it counts weekdays other than the first four and the last of the month")
    return found[0], days


def _refuse(reason: str) -> NoReturn:
    raise Rejected(f"Outlook cannot hold this recurrence: {reason}. Simplify it, or leave this item out of the sync.")
