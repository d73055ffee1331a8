"""Which occurrence of a series a RECURRENCE-ID or EXDATE means (RFC 5545 3.8.4.4, 3.8.5.1), however it is written.

Both are to have the value type and zone of DTSTART. Many are in UTC, without zone, a date in a series of times or a
time in a series of days; they mean an occurrence all the same.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeAlias

from sync_engine.model import Component, EventDetails, Moment, TaskDetails
from sync_engine.zones import instant, local_time, resolve, zone_for

AnyDetails: TypeAlias = EventDetails | TaskDetails


def begin_of(details: AnyDetails) -> Moment | None:
    """When an item begins; of a task without a start, when it is due."""
    if details.start is None and isinstance(details, TaskDetails):
        return details.due
    return details.start or details.recurrence_id


def occurrence(moment: Moment, first: Moment | None, zones: tuple[Component, ...], floating: tzinfo = UTC) -> datetime:
    """The instant at which the occurrence would begin that is meant; `first` is the begin of the series, if known."""
    if first is None or (moment.is_date and first.is_date):
        return resolve(moment, zones, floating)
    zone = zone_for(first, zones, floating)
    if first.is_date:
        return instant(datetime.combine(_day(moment), datetime.min.time()), zone)
    if moment.is_date:
        return instant(datetime.combine(local_time(moment), local_time(first).time()), zone)
    if not (moment.zone and first.zone):  # by the clock on the wall of the series
        return instant(local_time(moment), zone)
    return resolve(moment, zones, floating)


def _day(moment: Moment) -> date:
    """The day that a time means; in UTC it is the midnight of some zone, and the nearest one is meant."""
    local = local_time(moment)
    return (local + timedelta(hours=12)).date() if moment.zone == "UTC" and local.year < 9999 else local.date()
