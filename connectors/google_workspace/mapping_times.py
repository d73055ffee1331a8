"""Moments as Google's EventDateTime: a date, or a time with its offset and the IANA name of its zone."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.described import Document, Json
from connectors.google_workspace.mapping_zones import iana_name, loaded, zone_said
from connectors.occasions import Occasion, moment_at, start_of
from sync_engine.errors import Rejected, Unreadable
from sync_engine.model import Moment
from sync_engine.occurrence_ids import occurrence
from sync_engine.zones import instant, local_time, resolve, wall_clock


def put_time(moment: Moment, occasion: Occasion) -> dict[str, Json]:
    """A day, or a moment in its own zone, or in UTC where no zone has its rules. Floating times are in the home zone.

    What is not said is cleared: Google merges a patch into the time that is there.
    """
    if moment.is_date:
        return {"date": f"{local_time(moment):%Y-%m-%d}", "dateTime": None, "timeZone": None}
    zone = zone_of(moment, occasion) or "UTC"
    local = wall_clock(instant_of(moment, occasion), loaded(zone)).replace(tzinfo=UTC)
    offset = local - instant_of(moment, occasion)
    minutes = int(offset.total_seconds()) // 60
    sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
    text = f"{local:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02}:{minutes % 60:02}"
    return {"date": None, "dateTime": text, "timeZone": zone}


def zone_of(moment: Moment, occasion: Occasion) -> str | None:
    """The IANA name of the zone of a moment; None where there is none."""
    return iana_name(moment.zone or occasion.home_zone, occasion.zones, local_time(moment))


def zone_of_series(occasion: Occasion) -> str:
    """The zone that a series is expanded in; empty for a series of days. Raises `Rejected`."""
    start = start_of(occasion)
    if start.is_date:
        return ""
    zone = zone_of(start, occasion)
    if zone is None:
        raise Rejected(f"Google has no time zone with the rules of {start.zone[:60]!r}; use another for this series.")
    return zone


def instant_of(moment: Moment, occasion: Occasion) -> datetime:
    """The UTC instant of a moment."""
    home = loaded(occasion.home_zone)
    return resolve(moment, occasion.zones) if moment.zone else instant(local_time(moment), home)


def get_time(value: Document | None) -> Moment | None:
    """The moment of an EventDateTime. Raises `Unreadable`."""
    if value and value.get("date"):
        return Moment(f"{_read(value['date']):%Y%m%d}")
    if not value or not value.get("dateTime"):
        return None
    zone = zone_said(value.get("timeZone"))
    at = _read(value["dateTime"])
    return moment_at(wall_clock(at.astimezone(UTC), loaded(zone)) if at.tzinfo else at, zone)


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"Google sent a time that is none: {str(text)[:40]!r}.") from error


# ---------------------------------------------------------------- occurrences


def meant(moment: Moment, series: Occasion) -> Moment:
    """The occurrence that an EXDATE, RDATE or RECURRENCE-ID means, as the series itself has it."""
    first = start_of(series)
    if first.is_date:
        return Moment(f"{occurrence(moment, first, series.zones):%Y%m%d}")
    zone = zone_of_series(series)
    at = occurrence(moment, first, series.zones, loaded(series.home_zone))
    return moment_at(wall_clock(at, loaded(zone)), zone)


def key_of(moment: Moment) -> str:
    """How the ids of instances name an occurrence: 20260301, or 20260301T080000Z. Its zone is one that has a name."""
    if moment.is_date:
        return moment.value
    return f"{instant(local_time(moment), loaded(moment.zone)):%Y%m%dT%H%M%SZ}"


def time_of(key: str) -> str:
    """The same as Google takes a time: 2026-03-01, or 2026-03-01T08:00:00Z."""
    day = f"{key[:4]}-{key[4:6]}-{key[6:8]}"
    return f"{day}T{key[9:11]}:{key[11:13]}:{key[13:15]}Z" if len(key) > 8 else day
