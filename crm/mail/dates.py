"""The Date of a mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_tz

_YEARS = range(1970, 2101)


def instant(value: str) -> datetime | None:
    """In UTC; None when it cannot be read, or is no time that a mail could have been written at."""
    try:
        told = parsedate_tz(value[:200])
        if told is None or told[0] not in _YEARS:
            return None
        moment = datetime(*told[:5], min(told[5], 59), tzinfo=UTC)  # a leap second
        return _minus(moment, told[9] or 0)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def _minus(moment: datetime, seconds: int) -> datetime | None:
    if abs(seconds) > 86_400:
        return None
    return datetime.fromtimestamp(moment.timestamp() - seconds, UTC)
