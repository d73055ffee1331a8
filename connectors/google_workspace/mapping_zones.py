"""Zones of a record and the IANA names that Google knows them by.

A custom zone is known by its rules, not its name (SYNC.md R19): it is the IANA zone that goes with it day for day.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from connectors.zone_rules import same_hours, same_rules
from sync_engine.model import Component, Moment
from sync_engine.observances import Observances
from sync_engine.windows_zones import WINDOWS_ZONES
from sync_engine.zones import by_name, guess, zone_for, zone_of

_UTC_NAMES = ("UTC", "Etc/UTC", "Etc/GMT")
_LIKELY = ("Europe/Berlin", "America/New_York", "America/Los_Angeles", "Europe/London")
_HOUR = timedelta(hours=1)
_SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock time


def iana_name(zone: str, zones: tuple[Component, ...], clock: datetime) -> str | None:
    """The IANA name of a zone, "UTC" of UTC; None when no zone has these rules. Floating times have no zone.

    `clock` is a time on the wall: it is enough that nobody who comes at that hour could tell the two zones apart.
    """
    if zone in _UTC_NAMES:
        return "UTC"
    meant = zone_of(zone, zones) or zone_for(Moment("", zone), zones)
    if isinstance(meant, Observances):
        return _alike(zone, meant) or _at_this_hour(zone, meant, clock.replace(month=1, day=1))
    return _name_of(meant) if by_name(zone) else None


def _name_of(zone: tzinfo) -> str | None:
    if isinstance(zone, ZoneInfo):
        return "UTC" if zone.key in _UTC_NAMES else zone.key
    offset = zone.utcoffset(_SOME_DAY) or timedelta(0)
    if offset % _HOUR:
        return None
    hours = offset // _HOUR
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # the sign says what UTC is ahead of the zone (POSIX)


@lru_cache(maxsize=256)
def _alike(zone: str, rules: Observances) -> str | None:
    """The first zone that goes with these rules: the one that the name says, then places with many people."""
    return next((name for name in _candidates(zone) if same_rules(rules, by_name(name))), None)


@lru_cache(maxsize=1024)
def _at_this_hour(zone: str, rules: Observances, clock: datetime) -> str | None:
    for name in _candidates(zone):
        other = by_name(name)
        if other is not None and same_hours(rules, other, clock):
            return name
    return None


def _candidates(zone: str) -> tuple[str, ...]:
    said = by_name(zone)
    named = _name_of(said) if said else None
    return tuple(dict.fromkeys([*([named] if named else []), *_LIKELY, *WINDOWS_ZONES.values()]))


def zone_said(name: str | None) -> str:
    """The zone that a record uses for what Google says: "UTC", an IANA name, or a name that nobody knows."""
    found = (name or "UTC").strip()
    return "UTC" if found in (*_UTC_NAMES, "GMT") else found


def loaded(zone: str) -> tzinfo:
    """The zone of a name that Google says; one that nobody knows keeps its name, and people are told (SYNC.md R19)."""
    return by_name(zone) or guess(zone)
