"""Points in time as Calendar writes them: {"dateTime": "2026-03-01T09:00:00+01:00", "timeZone": "Europe/Prague"}."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import GoogleError


@dataclass(frozen=True)
class Moment:
    """A day, or a point in time with the zone that it was given in."""

    day: date | None
    at: datetime | None  # aware UTC
    zone: str  # IANA; "" where none was given

    @property
    def all_day(self) -> bool:
        """Is it a day?"""
        return self.day is not None

    def wall(self, zone: str = "") -> datetime:
        """The naive time on the wall of its zone, or of this one; midnight for a day."""
        if self.day is not None:
            return datetime.combine(self.day, time())
        assert self.at is not None
        return self.at.astimezone(ZoneInfo(self.zone or zone or "UTC")).replace(tzinfo=None)

    def instant(self, zone: str) -> datetime:
        """In UTC; a day begins at midnight of this zone."""
        if self.at is not None:
            return self.at
        return self.wall().replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def shifted(self, to: datetime, zone: str) -> Moment:
        """The same at another time on the wall of the zone."""
        if self.day is not None:
            return Moment(to.date(), None, "")
        return Moment(None, to.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), self.zone)

    def plus(self, more: timedelta) -> Moment:
        """So much later."""
        if self.day is not None:
            return Moment(self.day + more, None, "")
        assert self.at is not None
        return Moment(None, self.at + more, self.zone)

    @property
    def key(self) -> str:
        """What the id of an instance ends with: 20260301T080000Z or 20260301."""
        return f"{self.day:%Y%m%d}" if self.day is not None else f"{self.at:%Y%m%dT%H%M%SZ}"

    def told(self, zone: str, own: str) -> Json:
        """Written on the wall of `zone`; `own` is the calendar's, for an event that names none."""
        if self.day is not None:
            return {"date": self.day.isoformat()}
        assert self.at is not None
        text = self.at.astimezone(ZoneInfo(zone)).isoformat()
        return {"dateTime": text.replace("+00:00", "Z"), "timeZone": self.zone or own}


def read(value: Json | None, what: str, *, recurring: bool) -> Moment:
    """A start or an end of a body; GoogleError as Google refuses it. `what` is start or end."""
    value = {key: inner for key, inner in (value or {}).items() if inner is not None}
    if not value.get("date") and not value.get("dateTime"):
        raise GoogleError(400, "required", f"Missing {what} time.")
    if "date" in value and "dateTime" in value:
        raise GoogleError(400, "invalid", f"Invalid {what} time.")
    zone = value.get("timeZone", "")
    if zone and not known(zone):
        raise GoogleError(400, "invalid", f"Invalid time zone definition for {what} time.")
    if "date" in value:
        return Moment(date.fromisoformat(value["date"]), None, "")
    at = datetime.fromisoformat(value["dateTime"]).replace(microsecond=0)
    if not zone and (at.tzinfo is None or recurring):
        raise GoogleError(400, "required", f"Missing time zone definition for {what} time.")
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    return Moment(None, at.astimezone(UTC), zone)


def from_key(key: str) -> Moment:
    """What the id of an instance ends with."""
    if len(key) == 8:
        return Moment(datetime.strptime(key, "%Y%m%d").date(), None, "")
    return Moment(None, datetime.strptime(key, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), "")


def known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
