"""Recurrence lines: RRULE, EXRULE, RDATE and EXDATE as Google takes and tells them, without DTSTART (C16).

An UNTIL is of the kind of the start: a date in a series of days, else in UTC (RFC 5545 3.3.10); Google refuses others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from connectors.described import Json
from connectors.google_workspace.mapping_times import instant_of, meant, zone_of_series
from connectors.google_workspace.mapping_zones import loaded
from connectors.occasions import Occasion, end_of, start_of
from sync_engine.errors import Rejected, Unreadable
from sync_engine.formats import parse
from sync_engine.formats.details_reader import canonical_rule
from sync_engine.model import ContentLine, Event, EventDetails, Moment
from sync_engine.recurrence import duration
from sync_engine.recurrence_limits import exception_rules
from sync_engine.rules import Rule, read_rule
from sync_engine.zones import instant, local_time, resolve

_WITHIN_A_DAY = ("HOURLY", "MINUTELY", "SECONDLY")
EXRULE = "EXRULE"
_LINE = re.compile(r"(?:RRULE|EXRULE|RDATE|EXDATE)[;:][^\r\n]+", re.IGNORECASE)


class Lines(NamedTuple):
    """What the recurrence lines of an event say."""

    rules: tuple[str, ...] = ()
    added: tuple[Moment, ...] = ()
    cancelled: tuple[Moment, ...] = ()
    excepted: tuple[ContentLine, ...] = ()  # EXRULE


def recurs(details: EventDetails) -> bool:
    """Whether an event has more than one occurrence."""
    return bool(details.rules or details.recurrence_dates)


def put_recurrence(occasion: Occasion, cancelled: Iterable[Moment] = ()) -> list[Json] | None:
    """The lines of a series; None of a single event. Raises `Rejected` for what Google does not take."""
    details = occasion.details
    if not recurs(details):
        return None
    lines = [f"RRULE:{_rule(text, occasion)}" for text in details.rules]
    lines += [f"{EXRULE}:{_rule(text, occasion)}" for text in exception_rules(details)]
    lines += _dates("RDATE", {_added(moment, occasion) for moment in details.recurrence_dates}, occasion)
    return lines + _dates("EXDATE", {meant(moment, occasion) for moment in cancelled}, occasion)


def _rule(text: str, occasion: Occasion) -> str:
    rule = read_rule(text)
    if rule.frequency in _WITHIN_A_DAY:
        raise Rejected("Google holds no recurrence of several times a day; make one series for each time.")
    if rule.until and rule.count is not None:
        raise Rejected("A recurrence rule has either COUNT or UNTIL, not both (RFC 5545); mend it.")
    parts = [part for part in canonical_rule(text).split(";") if not part.startswith("UNTIL=")]
    return canonical_rule(";".join([*parts, f"UNTIL={_until(rule, occasion)}"])) if rule.until else ";".join(parts)


def _until(rule: Rule, occasion: Occasion) -> str:
    if start_of(occasion).is_date:
        return rule.until[:8]
    if rule.until.endswith("Z"):
        return rule.until
    last = rule.until if len(rule.until) > 8 else f"{rule.until}T235959"  # the whole of that day
    return f"{instant(local_time(Moment(last[:15])), loaded(zone_of_series(occasion))):%Y%m%dT%H%M%SZ}"


def _added(moment: Moment, occasion: Occasion) -> Moment:
    start, _, end = moment.value.partition("/")
    if end and _length(end, moment, occasion) != _usual_length(occasion):
        raise Rejected(
            "Google holds no added date that is longer or shorter than its series; change that occurrence alone."
        )
    return meant(Moment(start, moment.zone), occasion)


def _length(end: str, moment: Moment, occasion: Occasion) -> timedelta | None:
    if "P" in end:
        return duration(end)
    return resolve(Moment(end, moment.zone), occasion.zones) - resolve(moment, occasion.zones)


def _usual_length(occasion: Occasion) -> timedelta:
    return instant_of(end_of(occasion), occasion) - instant_of(start_of(occasion), occasion)


def _dates(name: str, moments: set[Moment], occasion: Occasion) -> list[str]:
    if not moments:
        return []
    zone = zone_of_series(occasion)
    values = sorted(moment.value for moment in moments)
    if zone == "UTC":
        return [f"{name}:{','.join(f'{value}Z' for value in values)}"]
    return [f"{name};{f'TZID={zone}' if zone else 'VALUE=DATE'}:{','.join(values)}"]


# ---------------------------------------------------------------- from Google


def read_lines(lines: Sequence[str]) -> Lines:
    """What recurrence lines say. Raises `Unreadable`."""
    return _read(tuple(map(str, lines))) if lines else Lines()


@lru_cache(maxsize=256)
def _read(lines: tuple[str, ...]) -> Lines:
    if not all(_LINE.fullmatch(line) for line in lines):
        raise Unreadable(f"Google sent a recurrence that cannot be read: {str(lines)[:200]}.")
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:x", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    event = parse(text)
    details = event.master if isinstance(event, Event) else None
    assert details is not None
    excepted = tuple(line for line in details.extra if line.name == EXRULE)
    return Lines(details.rules, details.recurrence_dates, details.exception_dates, excepted)


def in_series(moments: Iterable[Moment], series: Occasion) -> tuple[Moment, ...]:
    """The occurrences that are meant, each once and in order."""
    found = {meant(moment, series) for moment in moments}
    return tuple(sorted(found, key=lambda moment: (moment.value, moment.zone)))
