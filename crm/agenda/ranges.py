"""Which times one may ask about."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.errors import Invalid

_LONGEST = timedelta(days=400)


def check_range(start: datetime, end: datetime) -> None:
    """Raises `Invalid`."""
    if start.tzinfo is None or end.tzinfo is None:
        raise Invalid("Times carry a zone.")
    if not start < end:
        raise Invalid("The range ends before it starts.")
    if end - start > _LONGEST:
        raise Invalid(f"At most {_LONGEST.days} days can be shown at once.")
    if not 1900 <= start.year <= end.year <= 2100:
        raise Invalid("The range lies between the years 1900 and 2100.")
