"""Points in time as Graph writes them: {"dateTime": "2026-11-22T09:00:00.0000000", "timeZone": "Europe/Prague"}."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync_engine.windows_zones import WINDOWS_ZONES

DateTimeZone = dict[str, str]


class UnknownZone(Exception):
    """Neither Windows nor IANA knows this zone."""


def zone(name: str) -> ZoneInfo:
    """By its Windows or its IANA name."""
    if name in {"UTC", "tzone://Microsoft/Utc"}:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(WINDOWS_ZONES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(name) from error


def wall(moment: DateTimeZone) -> datetime:
    """The naive time on the wall."""
    return datetime.fromisoformat(moment["dateTime"][:26].rstrip("Z")).replace(tzinfo=None)


def instant(moment: DateTimeZone) -> datetime:
    """The point in time, in UTC."""
    return wall(moment).replace(tzinfo=zone(moment.get("timeZone") or "UTC")).astimezone(UTC)


def written(at: datetime, name: str) -> DateTimeZone:
    """An aware time in this zone, with Microsoft's seven digits."""
    return {"dateTime": seven(at.astimezone(zone(name))), "timeZone": name}


def seven(at: datetime) -> str:
    """Whatever the zone: 2026-11-22T09:00:00.0000000."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}0"


def parse(text: str) -> datetime:
    """A dateTime of a query: UTC if it says nothing else."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def stamp(at: datetime) -> str:
    """2026-11-22T09:00:00Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
