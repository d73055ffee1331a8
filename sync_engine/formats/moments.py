"""DATE, DATE-TIME and PERIOD values (RFC 5545 3.3.4, 3.3.5, 3.3.9)."""

from __future__ import annotations

from datetime import date

from sync_engine.model import Moment

NAMELESS = " "  # what TZID="" is read as: not a floating time, but one in a zone without a name (SYNC.md R19)
_DATE = 8
_TIME = 15
_LEAP_SECOND = 60


def read_moment(value: str, zone: str, *, only_date: bool = False) -> Moment | None:
    """A date or a date with time; None when it is neither. ISO 8601's dashes and missing seconds are taken."""
    if len(value) > _TIME + 1 or (not value[-1:].isdigit() and value[-1:] != "Z"):
        value = value.strip().upper().replace("-", "").replace(":", "")
    if len(value) == _TIME + 1 and value[_TIME] == "Z":
        value, zone = value[:_TIME], "UTC"
    elif len(value) in (_TIME - 2, _TIME - 1) and value[_DATE] == "T":
        value, zone = _with_seconds(value, zone)
    if not is_valid(value):
        return None
    if only_date and value[_DATE:] == "T000000":
        value = value[:_DATE]
    return Moment(value, "" if len(value) == _DATE else zone)


def _with_seconds(value: str, zone: str) -> tuple[str, str]:
    if value[-1] == "Z":
        return value[:-1] + "00", "UTC"
    return value + "00", zone


def is_valid(value: str) -> bool:
    """Eight digits that are a date, and maybe T and a time of day."""
    digits = value[:_DATE]
    if len(digits) != _DATE or not (digits.isdigit() and digits.isascii()):
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return len(value) == _DATE or _is_time(value[_DATE:])


def _is_time(value: str) -> bool:
    digits = value[1:]
    if len(value) != _TIME - _DATE or value[0] != "T" or not (digits.isdigit() and digits.isascii()):
        return False
    return digits[:2] < "24" and digits[2:4] < "60" and int(digits[4:]) <= _LEAP_SECOND


def read_period(value: str, zone: str) -> Moment | None:
    """A period: its start, a slash, its end or duration. Both ends in UTC, or none."""
    first, _, second = value.strip().upper().partition("/")
    start = read_moment(first, zone)
    if start is None or start.is_date or not second:
        return None
    if second.lstrip("+").startswith("P"):
        return Moment(f"{start.value}/{second}", start.zone)
    end = read_moment(second, zone)
    if end is None or end.is_date or end.zone != start.zone:
        return None
    return Moment(f"{start.value}/{end.value}", start.zone)


def written(moment: Moment) -> str:
    """The value as it stands in a calendar."""
    if moment.zone != "UTC":
        return moment.value
    start, slash, end = moment.value.partition("/")
    if not slash or end.lstrip("+").startswith("P"):
        return f"{start}Z{slash}{end}"
    return f"{start}Z/{end}Z"
