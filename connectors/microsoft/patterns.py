"""Outlook's recurrences: six kinds of pattern and three kinds of range, and when they occur.

Outlook has no pattern for the last but one day, no lists of months and no time but one. A day of the month that a month
has not is its last day; in a recurrence rule (RFC 5545 3.3.10) that month is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORT = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
INDEXES = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
MOST_COUNT = 999


class PatternKind(StrEnum):
    """The kinds of pattern, as Graph calls them."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "absoluteMonthly"
    MONTHLY_BY_DAY = "relativeMonthly"
    YEARLY = "absoluteYearly"
    YEARLY_BY_DAY = "relativeYearly"


@dataclass(frozen=True, slots=True)
class Pattern:
    """On which days something takes place."""

    kind: PatternKind
    interval: int = 1
    weekdays: tuple[int, ...] = ()  # from Monday, sorted; of weekly and the relative kinds
    week_start: int = 0  # from Monday; of weekly
    day: int = 0  # of the month; of the absolute kinds
    index: int = 0  # which one of these weekdays in the month: 1 to 4, or -1 for the last; of the relative kinds
    month: int = 0  # of the yearly kinds


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A pattern and how long it goes on. At most one of until and count is set."""

    pattern: Pattern
    start: date
    until: date | None = None  # the last day on which it may take place
    count: int | None = None
