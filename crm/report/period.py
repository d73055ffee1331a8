"""What a report is asked for: a period, by what its rows are grouped, and the zone in which months begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm.errors import Invalid


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` until just before `until`."""

    since: datetime
    until: datetime
    by: str  # what the rows are grouped by
    zone: str = "UTC"  # IANA

    def __post_init__(self) -> None:
        """Raises Invalid."""
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise Invalid("The times of a report say their zone: 2026-01-31T00:00:00+01:00.")
        if self.since >= self.until:
            raise Invalid("The end of the period must come after its start.")
        self.tz()

    def tz(self) -> tzinfo:
        """Raises Invalid for a zone that does not exist."""
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise Invalid(f"There is no time zone {self.zone!r}; name one such as Europe/Rome.") from err

    def grouped(self, *allowed: str) -> str:
        """`by`, if it is one of these. Raises Invalid."""
        if self.by not in allowed:
            raise Invalid(f"This report is by {', '.join(allowed)}; {self.by!r} is none of them.")
        return self.by


def month(at: datetime, zone: tzinfo) -> str:
    """2026-01"""
    local = at.astimezone(zone)
    return f"{local.year:04}-{local.month:02}"
