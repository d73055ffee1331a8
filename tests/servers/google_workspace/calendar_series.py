"""Recurrence lines as Calendar takes them, and the times they stand for.

They are expanded by python-dateutil, which shares nothing with the engine's own recurrence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr

from tests.servers.google_workspace.calendar_times import Moment
from tests.servers.google_workspace.protocol import GoogleError

MOST = 2000  # instances of an endless series that are looked at
_LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)((?:;[A-Z-]+=[^:;]+)*):(.+)")
_TIME = re.compile(r"\d{8}(T\d{6}Z?)?")
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6}Z)")


def check(lines: Sequence[str], start: Moment) -> None:
    """GoogleError for lines that are none of RRULE, EXRULE, RDATE and EXDATE, or cannot be read (C16)."""
    for line in lines:
        if not _LINE.fullmatch(line):
            raise _invalid()
    try:
        next(iter(times(lines, start)), None)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise _invalid() from error


def times(lines: Sequence[str], start: Moment) -> Iterator[Moment]:
    """When its instances begin, in order."""
    zone = start.zone or "UTC"
    for wall in islice(_set(lines, start, zone), MOST):
        yield start.shifted(wall, zone)


def has(lines: Sequence[str], start: Moment, original: Moment) -> bool:
    """Is there an instance that begins then?"""
    if original.all_day != start.all_day:
        return False
    wall = Moment(original.day, original.at, start.zone).wall()
    found = _set(lines, start, start.zone or "UTC").between(wall, wall, inc=True)
    return bool(found)


def _set(lines: Sequence[str], start: Moment, zone: str) -> rruleset:
    made, first = rruleset(), start.wall()
    made.rdate(first)  # the first one is there, whether or not the rule says so (RFC 5545, 3.8.5.3)
    for line in lines:
        found = _LINE.fullmatch(line)
        assert found is not None
        name, params, value = found[1], found[2], found[3]
        if name.endswith("RULE"):
            (made.rrule if name == "RRULE" else made.exrule)(_rule(value, first, zone))
            continue
        for text in value.split(","):
            (made.rdate if name == "RDATE" else made.exdate)(_wall(text.partition("/")[0], params, zone))
    return made


def _rule(value: str, first: datetime, zone: str) -> rrule:
    def local(until: re.Match[str]) -> str:
        at = datetime.strptime(until[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return f"UNTIL={at.astimezone(ZoneInfo(zone)):%Y%m%dT%H%M%S}"

    whole_day = re.sub(r"UNTIL=(\d{8})(?!\d|T)", r"UNTIL=\1T235959", value)
    made = rrulestr(_UNTIL.sub(local, whole_day), dtstart=first)
    assert isinstance(made, rrule)
    return made


def _wall(text: str, params: str, zone: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d")
    at = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")
    named = re.search(r";TZID=([^;:]+)", params)
    if not text.endswith("Z") and not named:
        return at
    own = UTC if text.endswith("Z") else ZoneInfo(named[1] if named else zone)
    return at.replace(tzinfo=own).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _invalid() -> GoogleError:
    return GoogleError(400, "invalid", "Invalid recurrence rule.")
