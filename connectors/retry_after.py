"""The Retry-After header (RFC 9110 10.2.3)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import time

_MOST = 86400.0  # seconds


def seconds_of(written: str) -> float | None:
    """Seconds to wait, said as a number or as a date; None of what is neither. At most a day."""
    written = written.strip()
    if not written:
        return None
    if written.isascii() and written.isdigit():
        return min(float(written[:9]), _MOST)
    try:
        return min(max(parsedate_to_datetime(written).timestamp() - time(), 0.0), _MOST)
    except ValueError:
        return None
