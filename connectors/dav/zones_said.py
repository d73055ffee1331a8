"""Calendars as CalDAV wants them: every zone that is named is described (RFC 5545 3.2.19, RFC 4791 4.1).

Other systems know zones by name alone, and a server may refuse what it cannot resolve.
"""

from __future__ import annotations

import re

from sync_engine.formats.content_lines import fold
from sync_engine.formats.icalendar_writer import component_lines
from sync_engine.item import Item
from sync_engine.model import Contact
from sync_engine.vtimezones import missing_zones

_FIRST = re.compile(r"^BEGIN:(?:VEVENT|VTODO)\s*$", re.IGNORECASE | re.MULTILINE)


def text_with_zones(item: Item) -> str:
    """The text of an item, and before its first event or task the VTIMEZONEs that it lacks of zones that are known."""
    text = item.text
    if "TZID=" not in text.upper() or isinstance(item.record, Contact):
        return text
    missing = missing_zones(item.record)
    first = _FIRST.search(text)
    if not missing or first is None:
        return text
    lines = fold([line for zone in missing for line in component_lines(zone)])
    if "\r\n" not in text:
        lines = lines.replace("\r\n", "\n")
    return text[: first.start()] + lines + text[first.start() :]
