"""When a calendar item takes place, according to others: icalendar reads, dateutil expands and knows the zones.

Nothing of ours has a part in it. Instants are told apart from days and from floating times.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import tz
from dateutil.rrule import rrulestr
from icalendar.parser import Contentline
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

FIRST, LAST = datetime(2025, 6, 1), datetime(2027, 6, 1)
"""The window of two years."""


def occurrences(text: str, zones: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """(begin, title) of all occurrences in the window; `zones` names others for TZIDs that only we know."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        return _Calendar(text, zones or {}).occurrences()
    finally:
        logging.disable(before)


class _Calendar:
    def __init__(self, text: str, zones: dict[str, str]) -> None:
        lines = text.replace("\r\n ", "").replace("\r\n\t", "").splitlines()
        self.events = list(_blocks(lines, "VEVENT"))
        self.described = {_value(block, "TZID").replace("\\", ""): block for block in _blocks(lines, "VTIMEZONE")}
        self.named = zones
        self.cache: dict[str, tzinfo] = {}

    def occurrences(self) -> list[tuple[str, str]]:
        masters = [block for block in self.events if not _lines(block, "RECURRENCE-ID")]
        overrides = [block for block in self.events if _lines(block, "RECURRENCE-ID")]
        found: list[tuple[str, str]] = []
        replaced: set[str] = set()
        for block in overrides:
            replaced.update(self.shown(one) for one in self.moments(block, "RECURRENCE-ID"))
            found += [(self.shown(one), _value(block, "SUMMARY")) for one in self.moments(block, "DTSTART")]
        futures = [block for block in overrides if "RANGE=THISANDFUTURE" in _lines(block, "RECURRENCE-ID")[0]]
        for block in masters:
            for one in self.series(block):
                if self.shown(one) not in replaced:
                    found.append(self.moved(one, _value(block, "SUMMARY"), futures))
        window = (FIRST.strftime("%Y-%m-%dT%H:%M"), LAST.strftime("%Y-%m-%dT%H:%M"))
        return sorted(one for one in found if window[0] <= one[0] < window[1])

    def moved(self, one: Any, title: str, futures: list[list[str]]) -> tuple[str, str]:
        for block in futures:
            (since,), (start,) = self.moments(block, "RECURRENCE-ID"), self.moments(block, "DTSTART")
            if self.shown(one) >= self.shown(since):
                one, title = _at(one, start[0] - since[0]), _value(block, "SUMMARY")
        return self.shown(one), title

    def series(self, block: list[str]) -> Iterator[Any]:
        """Begins as (wall clock time, zone or None, is a day)."""
        (first,) = self.moments(block, "DTSTART")
        cancelled = {self.shown(one) for one in self.moments(block, "EXDATE")}
        times = [first, *self.moments(block, "RDATE")]
        for line in _lines(block, "RRULE"):
            rule = self.local_until(line.partition(":")[2], first)
            found = rrulestr(rule, dtstart=first[0]).between(datetime.min, LAST + timedelta(days=2))
            times += [_at(first, time - first[0]) for time in found]
        seen: set[str] = set()
        for one in times:
            shown = self.shown(one)
            if shown not in cancelled and shown not in seen:
                seen.add(shown)
                yield one

    def local_until(self, rule: str, first: Any) -> str:
        """UNTIL by the clock on the wall, as dateutil wants it for a start without zone."""
        parts = dict(part.split("=") for part in rule.split(";"))
        until = parts.get("UNTIL", "")
        if until.endswith("Z"):
            at = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            parts["UNTIL"] = at.astimezone(first[1] or UTC).strftime("%Y%m%dT%H%M%S")
        elif len(until) == 8:
            parts["UNTIL"] = f"{until}T235959"
        return ";".join(f"{name}={value}" for name, value in parts.items())

    def moments(self, block: list[str], name: str) -> list[Any]:
        found = []
        for line in _lines(block, name):
            head, _, values = line.partition(":") if '"' not in line else _quoted(line)
            params: Any = Contentline(f"{head}:").parts()[1]  # type: ignore[no-untyped-call]
            for value in values.split(","):
                found.append(self.moment(value.partition("/")[0], str(params.get("TZID", ""))))
        return found

    def moment(self, value: str, name: str) -> Any:
        if len(value) == 8:
            return datetime.strptime(value, "%Y%m%d"), None, True
        zone = UTC if value.endswith("Z") else self.zone(name) if name else None
        return datetime.strptime(value[:15], "%Y%m%dT%H%M%S"), zone, False

    def zone(self, name: str) -> tzinfo:
        if name not in self.cache:
            self.cache[name] = self.find(name)
        return self.cache[name]

    def find(self, name: str) -> tzinfo:
        if name in self.described:
            lines = ["TZID:it" if line.startswith("TZID") else line for line in self.described[name]]
            found = tz.tzical(StringIO("\r\n".join(lines))).get("it")
            assert found is not None
            return found
        return ZoneInfo(self.named.get(name) or WINDOWS_TO_OLSON.get(name) or name)

    @staticmethod
    def shown(one: Any) -> str:
        """2026-01-05 (a day), 2026-01-05T09:00 (floating), 2026-01-05T09:00Z (an instant)."""
        time, zone, is_day = one
        if is_day:
            return str(time.date())
        if zone is None:
            return str(time.strftime("%Y-%m-%dT%H:%M"))
        return as_utc(time, zone).strftime("%Y-%m-%dT%H:%MZ")


def as_utc(time: datetime, zone: tzinfo) -> datetime:
    """A time that is skipped has the offset before the gap, of one that comes twice the first is meant (RFC 5545)."""
    aware = time.replace(tzinfo=zone)
    if tz.datetime_exists(aware):
        return aware.astimezone(UTC).replace(tzinfo=None)
    before = (time - timedelta(days=1)).replace(tzinfo=zone).utcoffset()
    assert before is not None
    return time - before


def _at(one: Any, by: timedelta) -> Any:
    return one[0] + by, *one[1:]


def _quoted(line: str) -> tuple[str, str, str]:
    inside = False
    for at, letter in enumerate(line):
        inside ^= letter == '"'
        if letter == ":" and not inside:
            return line[:at], ":", line[at + 1 :]
    raise AssertionError(line)


def _blocks(lines: Iterable[str], name: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        if line == f"BEGIN:{name}":
            block = []
        block.append(line)
        if line == f"END:{name}":
            yield block


def _lines(block: list[str], name: str) -> list[str]:
    return [line for line in block if line.startswith((f"{name}:", f"{name};"))]


def _value(block: list[str], name: str) -> str:
    return next((line.partition(":")[2] for line in _lines(block, name)), "")
