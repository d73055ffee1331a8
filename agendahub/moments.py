"""Times as an admin writes and reads them: local unless they say otherwise."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from agendahub.failure import Failure
from agendahub.texts import _

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def moment(written: str, now: datetime) -> datetime:
    """An instant from "14:00" (the last time it was that), "2026-01-31 09:00" (local), "...+01:00", "...Z", "2h".

    `now` is aware. Raises Failure.
    """
    written = written.strip()
    if written[-1:] in _UNITS and written[:-1].isdecimal() and len(written) < 7:
        return now - timedelta(**{_UNITS[written[-1]]: int(written[:-1])})
    try:
        if clock := _CLOCK.fullmatch(written):
            return _last(now, *(int(part or 0) for part in clock.groups()))
        found = datetime.fromisoformat(written)
        return (found if found.tzinfo else found.astimezone()).astimezone(UTC)  # naive: this machine's zone
    except (ValueError, OverflowError) as err:
        hint = _("{time} is no time; write 14:00, 2026-01-31T09:00 (local), 2026-01-31T09:00Z, or 30m, 2h, 1d.")
        raise Failure(hint.format(time=repr(written))) from err


def _last(now: datetime, hour: int, minute: int, second: int) -> datetime:
    local = now.astimezone()
    today = local.replace(tzinfo=None, hour=hour, minute=minute, second=second, microsecond=0)
    found = today.astimezone()
    return (found if found <= now else (today - timedelta(days=1)).astimezone()).astimezone(UTC)


def told(at: datetime) -> str:
    """A time for a person: local, with its zone and distance from UTC."""
    local = at.astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()} (UTC{local:%z})"
