"""Birthdays and anniversaries: a day in a record, an instant in Outlook."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?\Z", re.DOTALL)
_YEARLESS = re.compile(r"--(\d\d)-?(\d\d)\Z")
_NO_YEAR = 1604  # as phones and Outlook.com write a birthday without a year; a leap year


def day_of(text: str) -> date | None:
    """The day that BDAY or ANNIVERSARY says (RFC 6350 6.2.5); None of free text."""
    match = _DAY.match(text.strip())
    yearless = _YEARLESS.match(text.strip())
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
        return date(_NO_YEAR, int(yearless[1]), int(yearless[2])) if yearless else None
    except ValueError:
        return None


def text_of_day(day: date | None) -> str:
    """1985-04-12, or --0412 where the year is not known."""
    if day is None:
        return ""
    return f"--{day:%m%d}" if day.year == _NO_YEAR else day.isoformat()


def instant_of(day: date | None) -> str | None:
    """Shortly before noon in UTC, as Outlook writes it: the same day in nearly all zones."""
    return None if day is None else f"{day.isoformat()}T11:59:00Z"


def day_at(instant: str | None) -> date | None:
    """The day of an instant; programs also write the midnight of their own zone, and its nearest day is meant."""
    try:
        at = datetime.fromisoformat(instant) if instant else None
    except ValueError:
        return None
    if at is None or at.year == 1 or at.year >= 4500:  # what Outlook writes for none
        return None
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return (at + timedelta(hours=12)).date()
