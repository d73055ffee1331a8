"""Moments as EWS has them: instants in UTC, with the zone apart (E11). Days are midnights of the appointment's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from exchangelib import EWSDateTime, EWSTimeZone

from connectors.described import Document
from connectors.exchange.mapping_zones import known_zone, zone_and_name
from connectors.microsoft.zone_names import windows_name
from connectors.occasions import Occasion, end_of, moment_at, start_of
from sync_engine.model import Moment
from sync_engine.zones import by_name, instant, local_time, resolve, wall_clock

TIMES = ("is_all_day", "start", "end", "_start_timezone", "_end_timezone")


def put_times(occasion: Occasion) -> dict[str, Any]:
    """When it takes place; in UTC where Windows has no such zone. Raises `Rejected`."""
    start, end = start_of(occasion), end_of(occasion)
    if start.is_date:
        zone = known_zone(occasion.home_zone)
        values = [_at(instant(local_time(moment), zone), zone) for moment in (start, end)]
        return dict(zip(TIMES, [True, *values, zone, zone], strict=True))
    zones = [_zone(moment, occasion) for moment in (start, end)]
    home = by_name(occasion.home_zone) or UTC
    values = [
        _at(resolve(moment, occasion.zones, home), zone) for moment, zone in zip((start, end), zones, strict=True)
    ]
    return dict(zip(TIMES, [False, *values, *zones], strict=True))


def _zone(moment: Moment, occasion: Occasion) -> EWSTimeZone:
    windows = windows_name(moment.zone or occasion.home_zone, occasion.zones, local_time(moment))
    return EWSTimeZone.from_ms_id(windows or "UTC")


def _at(at: datetime, zone: EWSTimeZone) -> EWSDateTime:
    return put_instant(at).astimezone(zone)


def put_instant(at: datetime) -> EWSDateTime:
    """An instant."""
    utc = at.astimezone(UTC)
    return EWSDateTime(
        utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, tzinfo=EWSTimeZone("UTC")
    )  # no fractions: xs:dateTime of Exchange has none


def get_times(shown: Document) -> dict[str, Any]:
    """Start and end."""
    zones = shown.get("_start_timezone"), shown.get("_end_timezone")
    if shown.get("is_all_day"):
        return {name: _day(shown, name, zone) for name, zone in zip(("start", "end"), zones, strict=True)}
    return {name: get_moment(shown.get(name), zone) for name, zone in zip(("start", "end"), zones, strict=True)}


def _day(shown: Document, name: str, zone: Any) -> Moment | None:
    """The day whose midnight is nearest: programs also write the midnight of another zone than they say."""
    at = shown.get(f"{name}s_at") or shown.get(name)
    if not isinstance(at, datetime):
        return None
    local = wall_clock(plain_instant(at), zone_and_name(zone)[0])
    return Moment(f"{local + timedelta(hours=12):%Y%m%d}")


def get_moment(value: Any, zone: Any) -> Moment | None:
    """An instant by the clock on the wall of a zone."""
    if not isinstance(value, datetime):
        return None
    rules, name = zone_and_name(zone)
    return moment_at(wall_clock(plain_instant(value), rules), name)


def plain_instant(value: datetime) -> datetime:
    """An instant without exchangelib's own class."""
    return datetime.fromtimestamp(value.timestamp(), UTC)
