"""RRULE (RFC 5545 3.3.10): the wall clock times of a recurring item.

Our own expansion, period by period, because it must end: a rule without COUNT is entered at the time that is asked for
and left at its end, and every day and time that is looked at is a step of a budget, whatever the rule says.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from math import prod

from sync_engine.errors import Rejected

LAST_YEAR = 2100
MOST_COUNT = 3500
MOST_TIMES = 48  # on one day
MOST_STEPS = 100_000  # of one expansion: some 200 ms
_END = datetime(LAST_YEAR, 12, 31, 23, 59, 59)  # noqa: DTZ001 - a wall clock time
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STEPS = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", *_STEPS)
_RANGES = {
    "BYSECOND": (0, 60),
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53),
    "BYSETPOS": (-366, 366),
}


class TooMuchWork(Rejected):
    """The budget of an expansion is used up."""


class Budget:
    """How much work an expansion may do. A step is a day, a time or a stretch without any that is looked at."""

    __slots__ = ("left", "most")

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.most = self.left = most

    def take(self, steps: int) -> None:
        """Raises `TooMuchWork`."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork(
                "It would take too long to find the occurrences of this recurrence; give it fewer, or closer ones."
            )


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as read."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: str = ""  # as written: a date, or a time, with Z where it is in UTC
    week_start: int = 0  # Monday
    numbers: tuple[tuple[str, tuple[int, ...]], ...] = ()  # the BY parts, without BYDAY
    weekdays: tuple[tuple[int, int], ...] = ()  # BYDAY: (which one of the month or year, or 0; day from Monday)

    def part(self, name: str) -> tuple[int, ...]:
        """The numbers of a BY part; empty when the rule has none."""
        return next((numbers for part, numbers in self.numbers if part == name), ())


@lru_cache(maxsize=1024)
def read_rule(text: str) -> Rule:
    """Read a rule. Raises `Rejected` when it is malformed or could run away."""
    parts = dict(part.strip().partition("=")[::2] for part in text.upper().split(";") if part.strip())
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise Rejected(f"A recurrence rule without a known FREQ: {text[:60]!r}.")
    rule = Rule(
        frequency,
        interval=_number(parts.get("INTERVAL", "1"), 1, 10_000, "INTERVAL"),
        count=_number(parts["COUNT"], 1, MOST_COUNT, "COUNT") if "COUNT" in parts else None,
        until=parts.get("UNTIL", ""),
        week_start=_WEEKDAYS.index(parts["WKST"]) if parts.get("WKST") in _WEEKDAYS else 0,
        numbers=tuple((name, _numbers(parts[name], name)) for name in _RANGES if parts.get(name)),
        weekdays=tuple(_weekday(one) for one in parts["BYDAY"].split(",")) if parts.get("BYDAY") else (),
    )
    _check(rule, text)
    return rule


def _check(rule: Rule, text: str) -> None:
    if rule.frequency in _STEPS and ((rule.count is None and not rule.until) or rule.numbers or rule.weekdays):
        raise Rejected(f"A recurrence within the day must have COUNT or UNTIL and no BY parts: {text[:60]!r}.")
    times = prod(max(1, len(rule.part(name))) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if times > MOST_TIMES:
        raise Rejected(f"A recurrence may have {MOST_TIMES} times a day; this one has more.")
    if rule.until and not (rule.until[:8].isdecimal() and len(rule.until) >= 8):
        raise Rejected(f"UNTIL of a recurrence rule is not a date: {text[:60]!r}.")
    if rule.until[:4] > str(LAST_YEAR):
        raise Rejected(f"A recurrence may go on until {LAST_YEAR} or without end, not until {rule.until[:15]}.")


def _number(text: str, least: int, most: int, name: str) -> int:
    sign, digits = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if not (digits.isdecimal() and len(digits) < 7) or not least <= sign * int(digits) <= most:
        raise Rejected(f"{name} of a recurrence rule must be from {least} to {most}, not {text[:20]!r}.")
    return sign * int(digits)


def _numbers(text: str, name: str) -> tuple[int, ...]:
    least, most = _RANGES[name]
    return tuple(sorted({_number(one.strip(), least, most, name) for one in text.split(",")[:366]}))


def _weekday(text: str) -> tuple[int, int]:
    name, number = text.strip()[-2:], text.strip()[:-2]
    if name not in _WEEKDAYS:
        raise Rejected(f"BYDAY of a recurrence rule has no weekday: {text[:20]!r}.")
    return (_number(number, -53, 53, "BYDAY") if number else 0), _WEEKDAYS.index(name)


# ---------------------------------------------------------------- expansion


def occurrences(
    rule: Rule, start: datetime, after: datetime, before: datetime = _END, budget: Budget | None = None
) -> Iterator[datetime]:
    """Wall clock times of a rule in order, to 2100; `TooMuchWork` when the budget is used up.

    Without COUNT they begin soon before `after`, with COUNT at the start; they end soon after `before`. UNTIL is not
    looked at: it may be in UTC, and what that is here only the caller knows.
    """
    budget = budget or Budget()
    begin = start if rule.count is not None else max(start, min(after, _END))
    if rule.frequency in _STEPS:
        times = _steps(rule, start, begin, before, budget)
    else:
        days = _plan(rule, start)
        times = (time for period in _periods(days, start, begin, before, budget) for time in period if time >= start)
    return islice(times, rule.count) if rule.count is not None else times


def _steps(rule: Rule, start: datetime, begin: datetime, before: datetime, budget: Budget) -> Iterator[datetime]:
    step = step_of(rule)
    time = start + (begin - start) // step * step
    while time.year <= LAST_YEAR and time <= before:
        budget.take(1)
        yield time
        time += step


def step_of(rule: Rule) -> timedelta:
    """From one occurrence to the next of a rule within the day; zero for other rules."""
    return timedelta(seconds=_STEPS.get(rule.frequency, 0) * rule.interval)


def _filled(rule: Rule, start: datetime) -> Rule:
    """What the rule leaves open is taken from the start (RFC 5545 3.3.10)."""
    given = dict(rule.numbers)
    weekdays = rule.weekdays
    if not (weekdays or "BYMONTHDAY" in given or "BYYEARDAY" in given or "BYWEEKNO" in given):
        if rule.frequency == "YEARLY":
            given.setdefault("BYMONTH", (start.month,))
        if rule.frequency in ("YEARLY", "MONTHLY"):
            given["BYMONTHDAY"] = (start.day,)
        elif rule.frequency == "WEEKLY":
            weekdays = ((0, start.weekday()),)
    for name, number in (("BYHOUR", start.hour), ("BYMINUTE", start.minute), ("BYSECOND", start.second)):
        given.setdefault(name, (number,))
    return Rule(rule.frequency, rule.interval, rule.count, rule.until, rule.week_start, tuple(given.items()), weekdays)


def _periods(
    days_of: _Days, start: datetime, begin: datetime, before: datetime, budget: Budget
) -> Iterator[list[datetime]]:
    """The times of each year, month, week or day that the rule visits."""
    times, positions = days_of.times, days_of.rule.part("BYSETPOS")
    last_day = before.date()
    for first, last in _spans(days_of.rule, start.date(), begin.date()):
        if first > last_day:
            return
        days = days_of.between(first, last, budget)
        if not days:
            continue
        budget.take(len(days) * len(times))
        period = [datetime.combine(day, time) for day in days for time in times]
        if positions:
            indexes = {position - 1 if position > 0 else len(period) + position for position in positions}
            period = [period[index] for index in sorted(indexes) if 0 <= index < len(period)]
        yield period


def _spans(rule: Rule, start: date, begin: date) -> Iterator[tuple[date, date]]:
    """First and last day of each period, from the one that `begin` is in."""
    if rule.frequency == "YEARLY":
        skipped = (begin.year - start.year) // rule.interval * rule.interval
        for year in range(start.year + skipped, LAST_YEAR + 1, rule.interval):
            yield date(year, 1, 1), date(year, 12, 31)
    elif rule.frequency == "MONTHLY" or (rule.frequency != "WEEKLY" and _by_months(rule)):
        months = start.year * 12 + start.month - 1
        interval = rule.interval if rule.frequency == "MONTHLY" else 1
        skipped = (begin.year * 12 + begin.month - 1 - months) // interval * interval
        for month in range(months + skipped, (LAST_YEAR + 1) * 12, interval):
            year, number = month // 12, month % 12 + 1
            yield date(year, number, 1), date(year, number, monthrange(year, number)[1])
    else:
        yield from _short_spans(rule, start, begin)


def _by_months(rule: Rule) -> bool:
    """Whether a rule for single days looks at few of them: then whole months are passed over at once."""
    chosen = rule.part("BYMONTH") or rule.part("BYMONTHDAY") or rule.part("BYYEARDAY")
    return bool(chosen) and rule.interval == 1 and not rule.part("BYSETPOS")


def _short_spans(rule: Rule, start: date, begin: date) -> Iterator[tuple[date, date]]:
    length = 7 if rule.frequency == "WEEKLY" else 1
    first = start.toordinal()
    if length == 7:
        first = max(1, first - (start.weekday() - rule.week_start) % 7)
    step = length * rule.interval
    first += (begin.toordinal() - first) // step * step
    for ordinal in range(first, date(LAST_YEAR, 12, 31).toordinal() + 1, step):
        yield date.fromordinal(ordinal), date.fromordinal(ordinal + length - 1)


class _Days:
    """Which days of a period a rule means, and at what times."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.times = [
            time(hour, minute, min(second, 59))
            for hour in rule.part("BYHOUR")
            for minute in rule.part("BYMINUTE")
            for second in rule.part("BYSECOND")
        ]
        self.months = rule.part("BYMONTH")
        self.month_days = rule.part("BYMONTHDAY")
        self.year_days = rule.part("BYYEARDAY")
        self.weeks = rule.part("BYWEEKNO") if rule.frequency == "YEARLY" else ()
        counted = rule.frequency in ("YEARLY", "MONTHLY")
        self.plain = {day for number, day in rule.weekdays if not number or not counted}
        self.counted = {(number, day) for number, day in rule.weekdays if number and counted}
        self.in_month = rule.frequency == "MONTHLY" or bool(self.months)
        narrow = self.year_days or self.weeks or self.counted
        self.weekdays_only = not (narrow or (self.month_days and self.plain))  # and so found without looking at days
        self.by_weekday_alone = not (self.months or self.month_days or narrow)

    def between(self, first: date, last: date, budget: Budget) -> list[date]:
        """The days from first to last that the rule means."""
        if self.by_weekday_alone:
            ordinals = range(first.toordinal(), last.toordinal() + 1)
            budget.take(len(ordinals))
            return [date.fromordinal(number) for number in ordinals if not self.plain or (number + 6) % 7 in self.plain]
        days: list[date] = []
        while first <= last:
            length = monthrange(first.year, first.month)[1]
            end = min(last, first.replace(day=length))
            found: list[date] = []
            if not self.months or first.month in self.months:
                found = self._within_month(first, end, length)
            budget.take(1 + len(found))
            days += found if self.weekdays_only else [day for day in found if self._means(day)]
            first = end + timedelta(days=1)
        return days

    def _within_month(self, first: date, last: date, length: int) -> list[date]:
        """The days that may be meant, by the number in the month or the weekday alone."""
        if self.month_days:
            numbers = {number if number > 0 else length + 1 + number for number in self.month_days}
            return [first.replace(day=number) for number in sorted(numbers) if first.day <= number <= last.day]
        ordinals = range(first.toordinal(), last.toordinal() + 1)
        if self.plain and not self.counted:
            return [date.fromordinal(ordinal) for ordinal in ordinals if (ordinal + 6) % 7 in self.plain]
        return [date.fromordinal(ordinal) for ordinal in ordinals]

    def _means(self, day: date) -> bool:
        if (self.plain or self.counted) and not self._is_weekday(day):
            return False
        of_year = day.timetuple().tm_yday
        if self.year_days and not self._one_of(self.year_days, of_year, 365 + (monthrange(day.year, 2)[1] == 29)):
            return False
        return not self.weeks or self._in_week(day)

    @staticmethod
    def _one_of(numbers: tuple[int, ...], number: int, last: int) -> bool:
        return number in numbers or number - last - 1 in numbers

    def _is_weekday(self, day: date) -> bool:
        weekday = day.weekday()
        if weekday in self.plain:
            return True
        if not self.counted:
            return False
        if self.in_month:
            number, last = day.day, monthrange(day.year, day.month)[1]
        else:
            number, last = day.timetuple().tm_yday, 365 + (monthrange(day.year, 2)[1] == 29)
        return ((number + 6) // 7, weekday) in self.counted or (-((last - number) // 7 + 1), weekday) in self.counted

    def _in_week(self, day: date) -> bool:
        """A week belongs to the year that has most of its days."""
        middle = day + timedelta(days=3 - (day.weekday() - self.rule.week_start) % 7)
        number = (middle.timetuple().tm_yday + 6) // 7
        last = (date(middle.year, 12, 31).timetuple().tm_yday - middle.timetuple().tm_yday) // 7 + number
        return self._one_of(self.weeks, number, last)


@lru_cache(maxsize=4096)
def _plan(rule: Rule, start: datetime) -> _Days:
    return _Days(_filled(rule, start))
