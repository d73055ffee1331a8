"""What a recurring item may ask of us (QUALITY: recurrence bombs). Looked at before it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sync_engine.errors import Rejected
from sync_engine.model import Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.occurrence_ids import AnyDetails, begin_of
from sync_engine.rules import LAST_YEAR, Budget, Rule, occurrences, read_rule, step_of
from sync_engine.zones import local_time

MOST_RULES = 10  # of one component
MOST_DATES = 3500  # RDATE and EXDATE of one component
MOST_ZONES = 100
MOST_WITHIN_DAYS = 100_000  # occurrences of a rule that goes on within the day


def check(record: Event | Task) -> None:
    """Refuse recurrences that could run away. Raises `Rejected` with the reason."""
    if len(record.zones) > MOST_ZONES:
        raise Rejected(f"An item may bring {MOST_ZONES} time zones; this one has {len(record.zones)}.")
    budget = Budget()
    for details in (record.master, *record.overrides):
        if details is not None:
            _check_dates(details)
            _check_rules(details, budget)


def exception_rules(details: AnyDetails) -> list[str]:
    """EXRULE (RFC 2445 4.8.5.2): no longer to be written, but old calendars have it."""
    return [line.value for line in details.extra if line.name == "EXRULE"] if details.extra else []


def _check_dates(details: AnyDetails) -> None:
    dates = len(details.recurrence_dates) + len(details.exception_dates)
    if dates > MOST_DATES:
        raise Rejected(f"A recurrence may have {MOST_DATES} single dates (RDATE, EXDATE); this one has {dates}.")
    for moment in _moments(details):
        if moment.value[:4] > str(LAST_YEAR):
            raise Rejected(f"Dates may lie in the years until {LAST_YEAR}; this item has {moment.value[:15]}.")


def _moments(details: EventDetails | TaskDetails) -> Iterator[Moment]:
    last = details.end if isinstance(details, EventDetails) else details.due
    single = (details.recurrence_id, details.start, last)
    yield from (moment for moment in single if moment is not None)
    yield from details.recurrence_dates
    yield from details.exception_dates


def _check_rules(details: AnyDetails, budget: Budget) -> None:
    rules = [*details.rules, *exception_rules(details)]
    if len(rules) > MOST_RULES:
        raise Rejected(f"An item may have {MOST_RULES} recurrence rules; this one has {len(rules)}.")
    first = begin_of(details)
    for text in rules:
        rule = read_rule(text)
        if first is not None:
            _check_work(rule, local_time(first), text, budget)


def _check_work(rule: Rule, start: datetime, text: str, budget: Budget) -> None:
    """Raises `Rejected` when there are too many occurrences, or it takes too long to find them."""
    if rule.count is not None:
        for _ in occurrences(rule, start, start, budget=budget):
            pass
    elif step := step_of(rule):
        until = local_time(Moment(rule.until))
        if (until - start) // step > MOST_WITHIN_DAYS:
            raise Rejected(f"A recurrence within the day may have {MOST_WITHIN_DAYS} occurrences: {text[:60]!r}.")
