"""When something takes place, in a record's words: what every system with appointments needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sync_engine.errors import Rejected
from sync_engine.model import Component, EventDetails, Moment
from sync_engine.recurrence import duration
from sync_engine.zones import local_time, resolve, wall_clock, zone_for

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event, or one occurrence of it, with what its times mean."""

    details: EventDetails
    zones: tuple[Component, ...] = ()
    home_zone: str = "UTC"  # IANA: where floating times are, for systems that have none


def start_of(occasion: Occasion) -> Moment:
    """When it starts. Raises `Rejected`."""
    if occasion.details.start is None:
        raise Rejected("An appointment without a start has no place in a calendar; give it one.")
    return occasion.details.start


def end_of(occasion: Occasion) -> Moment:
    """When it ends: said, or by its duration; a day for one of days (RFC 5545 3.6.1). Raises `Rejected`."""
    start, end = start_of(occasion), occasion.details.end
    if start.is_date:
        return _end_day(start, end, occasion.details.duration)
    if end is None or end.is_date:
        return _after(start, duration(occasion.details.duration) or timedelta(0), occasion)
    if resolve(end, occasion.zones) < resolve(start, occasion.zones):
        raise Rejected("An appointment that ends before it starts has no place in a calendar; mend its times.")
    return end


def _after(start: Moment, length: timedelta, occasion: Occasion) -> Moment:
    zone = zone_for(start, occasion.zones)
    return moment_at(wall_clock(resolve(start, occasion.zones) + length, zone), start.zone)


def _end_day(start: Moment, end: Moment | None, length: str) -> Moment:
    """Exclusive, and a day later at least (G16)."""
    first = local_time(start)
    last = local_time(end) if end else first + (duration(length) or _DAY)
    return Moment(f"{max(last, first + _DAY):%Y%m%d}")


def start_on(occasion: Occasion, day: date) -> Moment:
    """When the occurrence of a day starts."""
    first = start_of(occasion)
    if first.is_date:
        return Moment(f"{day:%Y%m%d}")
    return Moment(f"{day:%Y%m%d}{first.value[8:]}", first.zone)


def moment_at(local: datetime, zone: str) -> Moment:
    """A moment of a record."""
    return Moment(f"{local:%Y%m%dT%H%M%S}", zone)


def shifted(moment: Moment, by: timedelta) -> Moment:
    """Later by so much on the clock on the wall."""
    local = local_time(moment) + by
    return Moment(f"{local:%Y%m%d}") if moment.is_date else moment_at(local, moment.zone)
