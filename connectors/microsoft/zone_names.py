"""Zones of a record and the Windows names that Exchange knows them by.

A custom zone is known by its rules, not its name (SYNC.md R19): it is the Windows zone that goes with it day for day.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from connectors.zone_rules import same_hours, same_rules
from sync_engine.model import Component
from sync_engine.observances import Observances
from sync_engine.windows_zones import WINDOWS_ZONES
from sync_engine.zones import Zone, by_name, zone_of

_BY_IANA = {iana: windows for windows, iana in WINDOWS_ZONES.items()}
_BY_LOWER = {windows.lower(): windows for windows in WINDOWS_ZONES}
_LIKELY = ("W. Europe Standard Time", "Eastern Standard Time", "Pacific Standard Time", "GMT Standard Time")
_NEIGHBOURS = {
    "W. Europe Standard Time": "Amsterdam Andorra Luxembourg Malta Monaco Oslo Rome San_Marino Stockholm Vaduz "
    "Vatican Vienna Zurich",
    "Central Europe Standard Time": "Belgrade Bratislava Ljubljana Podgorica Prague Tirane",
    "Romance Standard Time": "Brussels Copenhagen Madrid",
    "Central European Standard Time": "Sarajevo Skopje Zagreb",
    "FLE Standard Time": "Helsinki Kyiv Mariehamn Riga Sofia Tallinn Vilnius",
    "GTB Standard Time": "Athens",
    "GMT Standard Time": "Dublin Guernsey Isle_of_Man Jersey Lisbon",
}
"""Zones of equal rules that Windows calls by different names: what it calls them in each place (CLDR 48)."""
_PLACES = {f"Europe/{place}": windows for windows, places in _NEIGHBOURS.items() for place in places.split()}


def windows_name(zone: str, zones: tuple[Component, ...], clock: datetime | None = None) -> str | None:
    """What Windows calls a zone; None when it has none of these rules. Floating times have no zone.

    `clock` is a time on the wall: then it is enough that nobody who comes at that hour, on any day of the years that
    follow, could tell the two zones apart. Programs write VTIMEZONEs whose clocks change at a wrong hour of the night.
    """
    if zone in ("UTC", "Etc/UTC"):
        return "UTC"
    meant = zone_of(zone, zones)
    if meant is None:
        return None
    if isinstance(meant, Observances):
        exactly = _named(zone, meant) or _alike(meant)
        return exactly or (_at_this_hour(zone, meant, clock.replace(month=1, day=1)) if clock else None)
    known = _BY_LOWER.get(zone.lower()) or _of_iana(str(meant))
    return known or _alike(meant)


def _of_iana(name: str) -> str | None:
    return _PLACES.get(name) or _BY_IANA.get(name)


@lru_cache(maxsize=256)
def _named(zone: str, rules: Observances) -> str | None:
    """The Windows zone that the name says, if the rules agree with it."""
    meant = by_name(zone)
    name = _BY_LOWER.get(zone.lower()) or (_of_iana(str(meant)) if meant else None)
    return name if name and same_rules(rules, by_name(WINDOWS_ZONES[name])) else None


@lru_cache(maxsize=256)
def _alike(zone: Zone) -> str | None:
    """The first Windows zone that goes with this one, places with many people before others."""
    for name in (*_LIKELY, *WINDOWS_ZONES):
        if same_rules(zone, by_name(WINDOWS_ZONES[name])):
            return name
    return None


@lru_cache(maxsize=1024)
def _at_this_hour(zone: str, rules: Observances, clock: datetime) -> str | None:
    meant = by_name(zone)
    said = _BY_LOWER.get(zone.lower()) or (_of_iana(str(meant)) if meant else None)
    names: list[str] = [*([said] if said else []), *_LIKELY, *WINDOWS_ZONES]
    for name in names:
        other = by_name(WINDOWS_ZONES[name])
        if other is not None and same_hours(rules, other, clock):
            return name
    return None


def zone_name(windows: str | None) -> str:
    """The name that a record uses for a zone as Exchange says it: its IANA name where it has one; "UTC"."""
    name = (windows or "UTC").strip()
    if name.lower() in ("utc", "etc/utc", "tzone://microsoft/utc"):
        return "UTC"
    return WINDOWS_ZONES.get(_BY_LOWER.get(name.lower(), ""), name)
