"""The zone of a calendar by its name (RFC 7809 5.2), as the VCALENDAR that is kept of it (RFC 4791 5.2.2). Pure."""

from __future__ import annotations

from dav_gateway.elements import cal
from dav_gateway.occurrence import component_of
from sync_engine.errors import ItemError
from sync_engine.formats.content_lines import fold
from sync_engine.formats.icalendar_writer import PRODUCT, component_lines
from sync_engine.vtimezones import vtimezone

TIMEZONE_ID = cal("calendar-timezone-id")
_SINCE = 2000  # the year from which on the rules are told


def zone_text(name: str) -> str:
    """The VCALENDAR of a zone; "" for no name. Raises `ValueError` for a zone that nobody knows."""
    if not name:
        return ""
    zone = vtimezone(name, _SINCE)
    if zone is None:
        raise ValueError(name)
    return fold(["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", *component_lines(zone), "END:VCALENDAR"])


def is_zone(text: str) -> bool:
    """Whether a text is a VCALENDAR with one VTIMEZONE and nothing else (RFC 4791 5.2.2, 9.8)."""
    try:
        calendar = component_of(text)
    except ItemError:
        return False
    return calendar.name == "VCALENDAR" and [one.name for one in calendar.components] == ["VTIMEZONE"]
