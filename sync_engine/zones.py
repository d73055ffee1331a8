"""Time zones: what instant a moment of a calendar is.

A zone is first what its VTIMEZONE says (its rules, not its name), then what its name says: IANA, Windows, or one of the
ways in which programs dress these up. A zone that nobody knows is taken as the offset in its name, or else as UTC, and
`is_known` says so: nothing is dropped, and the machine's own zone is never used (SYNC.md R19).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TypeAlias
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sync_engine.formats.text_values import unescape
from sync_engine.model import Component, Moment
from sync_engine.observances import Observances, observances_of
from sync_engine.windows_zones import WINDOWS_ZONES
from sync_engine.zone_aliases import OTHERS, PLACES, SEASONS

Zone: TypeAlias = tzinfo | Observances

_OFFSET = re.compile(r"\(?(?:UTC|GMT|Z)?\s*([+-−])\s*(\d{1,2})(?:[:.]?(\d{2}))?\)?(?=\D|$)", re.IGNORECASE)
_NAMED = re.compile(r"\((?:UTC|GMT)[^)]*\)\s*(?P<places>.+)", re.IGNORECASE)
_SEASON = re.compile(
    r"(?:GMT|UTC)\s*([+-])(\d{2}):?(\d{2})?", re.IGNORECASE
)  # GMT +0100 (Standard) / GMT +0200 (Daylight)
_LONGEST_NAME = 200


def resolve(moment: Moment, zones: tuple[Component, ...], floating: tzinfo = UTC) -> datetime:
    """The UTC instant of a moment (of a period: its start); dates, floating times are in `floating`. Never raises."""
    return instant(local_time(moment), zone_for(moment, zones, floating))


def zone_for(moment: Moment, zones: tuple[Component, ...], floating: tzinfo = UTC) -> Zone:
    """The zone a moment is in. One that nobody knows is the only one that its calendar describes, or a `guess`."""
    if not moment.zone:
        return floating
    if moment.zone == "UTC":
        return UTC
    return zone_of(moment.zone, zones) or _only(zones) or guess(moment.zone)


def _only(zones: tuple[Component, ...]) -> Observances | None:
    """The rules of a calendar that describes one zone, under whatever name."""
    described = [component for component in zones if component.name == "VTIMEZONE"]
    return observances_of(described[0]) if len(described) == 1 else None


def instant(local: datetime, zone: Zone) -> datetime:
    """The UTC instant of a wall clock time in a zone. Never raises."""
    try:
        if isinstance(zone, Observances):
            return (local - zone.offset_at(local)).replace(tzinfo=UTC)
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):  # at the ends of the calendar
        return local.replace(tzinfo=UTC)


def wall_clock(at: datetime, zone: Zone) -> datetime:
    """The wall clock time of a UTC instant in a zone, without zone. Never raises."""
    utc = at.replace(tzinfo=None)
    try:
        return (
            utc + zone.offset_from(utc) if isinstance(zone, Observances) else at.astimezone(zone).replace(tzinfo=None)
        )
    except (OverflowError, ValueError):  # at the ends of the calendar
        return utc


def local_time(moment: Moment) -> datetime:
    """The wall clock time of a moment, without zone; the start of a date or period."""
    return _local_time(moment.value)


@lru_cache(maxsize=8192)
def _local_time(text: str) -> datetime:
    try:
        day = datetime(int(text[:4]), int(text[4:6]), int(text[6:8]))  # noqa: DTZ001
        seconds = int(text[9:11]) * 3600 + int(text[11:13]) * 60 + min(int(text[13:15]), 59) if text[8:9] == "T" else 0
    except ValueError:
        return datetime(1970, 1, 1)  # noqa: DTZ001 - not a moment the reader made
    return day + timedelta(seconds=seconds)


def is_known(zone: str, zones: tuple[Component, ...]) -> bool:
    """Whether the zone's rules are known: from the calendar itself or by name. Dates and floating times need none."""
    return zone in ("", "UTC") or zone_of(zone, zones) is not None


def zone_of(zone: str, zones: tuple[Component, ...]) -> Zone | None:
    """The zone of this name; None when nobody knows it."""
    for component in zones:
        if component.name == "VTIMEZONE" and _tzid(component) == zone.strip():
            observances = observances_of(component)
            if observances is not None:
                return observances
    return by_name(zone) if len(zone) <= _LONGEST_NAME else None


def _tzid(component: Component) -> str:
    value = next((line.value for line in component.lines if line.name == "TZID"), "")
    return unescape(value).strip().strip('"')


@lru_cache(maxsize=1024)
def by_name(name: str) -> tzinfo | None:
    """A zone by its IANA or Windows name, or by what programs make of these."""
    name = name.strip().strip('"')
    return _exact(name) or _path(name) or _display_name(name) or _fixed(name)


def _exact(name: str) -> tzinfo | None:
    found = _iana_name(name)
    return _load(found) if found else None


def _iana_name(name: str) -> str | None:
    plain = _plain(name)
    summer = re.sub(r" (daylight|summer) time\b", " standard time", plain)
    for known in (plain, summer, f"{plain} standard time"):
        if known in _aliases():
            return _aliases()[known]
    return _iana().get(plain.replace(" ", "_"))


def _load(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _plain(name: str) -> str:
    """Without accents, capitals and double spaces."""
    letters = (letter for letter in normalize("NFKD", name) if not combining(letter))
    return " ".join("".join(letters).casefold().split())


@lru_cache(maxsize=1)
def _iana() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    """Windows names, and what else stands for one."""
    others = {_plain(name): WINDOWS_ZONES[zone] for name, zone in (PLACES | OTHERS).items()}
    return others | {_plain(name): zone for name, zone in WINDOWS_ZONES.items()}


def _path(name: str) -> tzinfo | None:
    """``/mozilla.org/2005/Basic_1/Europe/Berlin``, ``posix/Europe/Vaduz``, ``custom_America/New_York``."""
    if "/" not in name:
        return None
    parts = name.replace("custom_", "").strip("/").split("/")
    for count in (3, 2, 1)[: 3 if name.startswith("/") else 2]:
        found = _iana().get("/".join(parts[-count:]).lower().replace(" ", "_")) if len(parts) >= count else None
        if found:
            return _load(found)
    return None


def _display_name(name: str) -> tzinfo | None:
    """``(UTC+01:00) Amsterdam, Berlin, Bern``: what Windows calls so, else the first place that the IANA names know."""
    match = _NAMED.match(name)
    places = (match["places"] if match else name).replace("\\,", ",")
    if match is None and "," not in name:
        return None
    found = _exact(places)
    if found:
        return found
    told = _fixed(name[: name.index(")") + 1]) if match else None
    for place in places.split(","):
        city = _cities().get(_plain(place).replace(" ", "_"))
        if city and (told is None or _goes_by(city, told)):
            return _load(city)
    return None


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "US/")))
    return {name.rpartition("/")[2].lower(): name for name in names}


def _goes_by(name: str, offset: tzinfo) -> bool:
    """Whether a zone has this offset in winter or in summer."""
    days = [datetime(2024, month, 1, tzinfo=UTC) for month in (1, 7)]
    zone = _load(name)
    return zone is not None and any(zone.utcoffset(day) == offset.utcoffset(day) for day in days)


def guess(name: str) -> tzinfo:
    """What to take for a zone that nobody knows: the offsets in its name, or else UTC."""
    seasons = [_minutes(*found) for found in _SEASON.findall(name[:_LONGEST_NAME])]
    if len(seasons) == 2:
        likely = SEASONS.get((min(seasons), max(seasons)))
        return (likely and _load(likely)) or timezone(timedelta(minutes=seasons[0]))
    match = _OFFSET.match(name) if name.startswith("(") else None
    return (match and _fixed(match[0])) or UTC


def _minutes(sign: str, hours: str, minutes: str) -> int:
    total = min(int(hours), 14) * 60 + min(int(minutes or 0), 59)
    return total if sign == "+" else -total


def _fixed(name: str) -> tzinfo | None:
    """``UTC+11``, ``GMT-0330``: an offset and nothing else."""
    match = _OFFSET.fullmatch(name)
    if match is None or not name.upper().lstrip("(").startswith(("UTC", "GMT", "+", "-")):
        return None
    if int(match[2]) > 14 or int(match[3] or 0) > 59:
        return None
    return timezone(timedelta(minutes=_minutes(match[1], match[2], match[3])))
