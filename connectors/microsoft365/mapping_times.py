"""Moments as Graph's dateTimeTimeZone: a wall clock time and the Windows name of its zone."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.described import Document, Json
from connectors.microsoft.zone_names import windows_name, zone_name
from connectors.occasions import moment_at
from sync_engine.errors import Unreadable
from sync_engine.model import Component, Moment
from sync_engine.zones import by_name, guess, instant, local_time, resolve, wall_clock, zone_for


def put_day(moment: Moment) -> dict[str, Json]:
    """The day of a moment: midnight in UTC, which Graph takes as the same date everywhere."""
    return {"dateTime": f"{local_time(moment):%Y-%m-%d}T00:00:00", "timeZone": "UTC"}


def put_moment(moment: Moment, zones: tuple[Component, ...], home_zone: str) -> dict[str, Json]:
    """A moment in its own zone, or in UTC where Windows has no such zone. Floating times are in `home_zone` (IANA)."""
    zone = moment.zone or home_zone
    windows = windows_name(zone, zones, local_time(moment))
    if windows is not None:
        return _written(local_time(moment), windows)
    return _written(resolve(moment, zones), "UTC")


def put_instant(at: datetime) -> dict[str, Json]:
    """An instant, in UTC."""
    return _written(at.astimezone(UTC), "UTC")


def _written(local: datetime, zone: str) -> dict[str, Json]:
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S}", "timeZone": zone}


def get_moment(value: Document | None, meant_zone: str | None = None) -> Moment | None:
    """The moment of a dateTimeTimeZone, in the zone that is meant (a Windows name).

    Graph answers in the zone that the request prefers and says the item's own one apart (originalStartTimeZone).
    """
    if not value or not value.get("dateTime"):
        return None
    local, said = read_local(value["dateTime"]), zone_name(value.get("timeZone"))
    meant = zone_name(meant_zone) if meant_zone else said
    if meant == said:
        return moment_at(local, said)
    there = by_name(meant) or guess(meant)  # one that nobody knows keeps its name, and people are told (SYNC.md R19)
    return moment_at(wall_clock(instant(local, zone_for(Moment("", said), ())), there), meant)


def get_day(value: Document | None) -> Moment | None:
    """The day of a dateTimeTimeZone of an all-day item."""
    return Moment(f"{read_local(value['dateTime']):%Y%m%d}") if value and value.get("dateTime") else None


def read_local(text: str) -> datetime:
    """The wall clock time of ``2026-01-31T09:00:00.0000000``. Raises `Unreadable`."""
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - the zone stands apart
    except ValueError as error:
        raise Unreadable(f"Microsoft 365 sent a time that is none: {text[:40]!r}.") from error


def read_instant(text: str) -> datetime:
    """The instant of ``2026-01-31T08:00:00Z``. Raises `Unreadable`."""
    return read_local(text).replace(tzinfo=UTC)
