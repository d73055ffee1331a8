"""From instants to moments of a calendar and back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from crm.errors import Invalid
from sync_engine.model import Component, EventDetails, Moment
from sync_engine.recurrence import duration
from sync_engine.zones import by_name, instant, local_time, resolve, wall_clock, zone_for

_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """When something takes place."""

    starts_at: datetime  # UTC
    ends_at: datetime  # UTC, not included
    zone: str  # IANA
    all_day: bool  # both are midnight in the zone


def zone_named(name: str) -> tzinfo:
    """Raises `Invalid` for a name that no zone has."""
    zone = UTC if name == "UTC" else by_name(name)
    if zone is None:
        raise Invalid(f"There is no time zone {name[:60]!r}; give one like Europe/Rome.")
    return zone


def times(
    starts_at: datetime, ends_at: datetime | None, zone: str, *, all_day: bool, minutes: int | None = None
) -> Times:
    """Checked and completed. Raises `Invalid`: no zone, no time at all, the end before the start."""
    place = zone_named(zone)
    for at in (starts_at, ends_at):
        if at is not None and (at.tzinfo is None or not _EARLIEST <= at <= _LATEST):
            raise Invalid("Times carry a zone, and lie between 1900 and 2100.")
    if all_day:
        return _days(starts_at, ends_at, zone, place)
    end = ends_at or starts_at + (timedelta(minutes=minutes) if minutes else HOUR)
    if end < starts_at:
        raise Invalid("It ends before it starts.")
    return Times(_whole_second(starts_at), _whole_second(end), zone, all_day=False)


def _days(starts_at: datetime, ends_at: datetime | None, zone: str, place: tzinfo) -> Times:
    first = wall_clock(starts_at, place).date()
    after = wall_clock(ends_at, place).date() if ends_at else first
    if after < first:
        raise Invalid("It ends before it starts.")
    after = max(after, first + DAY)
    begin, end = (instant(datetime.combine(day, time.min), place) for day in (first, after))
    return Times(begin, end, zone, all_day=True)


def _whole_second(at: datetime) -> datetime:
    """Calendars know nothing shorter."""
    return at.astimezone(UTC).replace(microsecond=0)


def moments(when: Times) -> tuple[Moment, Moment]:
    """Start and end as a calendar says them."""
    place = zone_named(when.zone)
    if when.all_day:
        days = (wall_clock(at, place).strftime("%Y%m%d") for at in (when.starts_at, when.ends_at))
        first, after = days
        return Moment(first), Moment(after)
    return _moment(when.starts_at, when.zone, place), _moment(when.ends_at, when.zone, place)


def _moment(at: datetime, zone: str, place: tzinfo) -> Moment:
    local = wall_clock(at, place).replace(fold=0)  # as it will be read
    if place is UTC or instant(local, place) != at:  # in the hour that comes twice when summer ends
        return Moment(at.strftime("%Y%m%dT%H%M%S"), "UTC")
    return Moment(local.strftime("%Y%m%dT%H%M%S"), zone)


def times_of(details: EventDetails, zones: tuple[Component, ...], zone: str) -> Times | None:
    """What an event says; None where it has no start. `zone`: in which it was planned, of days and floating times."""
    if details.start is None:
        return None
    place = zone_named(zone)
    start = resolve(details.start, zones, place)
    end = resolve(details.end, zones, place) if details.end else _end(details, start, place)
    return Times(start, max(start, end), _zone_of(details.start, zones, zone), all_day=details.start.is_date)


def _end(details: EventDetails, start: datetime, place: tzinfo) -> datetime:
    assert details.start is not None
    length = duration(details.duration) if details.duration else None
    try:
        if details.start.is_date:
            return instant(local_time(details.start) + (length or DAY), place)
        return start + (length or timedelta(0))
    except OverflowError:
        return start


def _zone_of(moment: Moment, zones: tuple[Component, ...], planned: str) -> str:
    """An IANA name. Many programs turn every time into UTC: that says nothing about where one is."""
    if moment.zone in ("", "UTC"):
        return planned
    found = zone_for(moment, zones)
    named = by_name(moment.zone) if not isinstance(found, ZoneInfo) else found
    return named.key if isinstance(named, ZoneInfo) else planned
