"""One file out of many items: cards one after the other, events and tasks in one VCALENDAR with each time zone once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//AgendaHub//AgendaHub//EN")


def cards(texts: Iterable[str]) -> Iterator[str]:
    """vCards, each ending with a line break (RFC 6350 3.3)."""
    for text in texts:
        yield text if text.endswith("\n") else text + "\r\n"


def calendars(texts: Iterable[str]) -> Iterator[str]:
    """iCalendar objects. One, unless items mean different zones by the same name (RFC 5545 3.4 allows a stream)."""
    found: list[_Calendar] = []
    for text in texts:
        zones, components = _parts(text)
        place = next((calendar for calendar in found if calendar.agrees(zones)), None)
        if place is None:
            place = _Calendar()
            found.append(place)
        place.zones.update(zones)
        place.components += components
    for calendar in found or [_Calendar()]:
        yield "\r\n".join([*_HEAD, *calendar.zones.values(), *calendar.components, "END:VCALENDAR", ""])


@dataclass(slots=True)
class _Calendar:
    zones: dict[str, str] = field(default_factory=dict)  # TZID -> VTIMEZONE
    components: list[str] = field(default_factory=list)

    def agrees(self, zones: dict[str, str]) -> bool:
        return all(self.zones.get(name, zone) == zone for name, zone in zones.items())


def _parts(text: str) -> tuple[dict[str, str], list[str]]:
    """The zones by name and the other components of one calendar text; folded lines stay folded."""
    zones: dict[str, str] = {}
    components: list[str] = []
    block: list[str] = []
    depth = 0
    for line in text.splitlines():
        upper = line[:6].upper()
        depth += upper == "BEGIN:"
        if depth > 1:
            block.append(line)
        depth -= upper.startswith("END:")
        if block and depth == 1:
            _sort(block, zones, components)
            block = []
    return zones, components


def _sort(block: list[str], zones: dict[str, str], components: list[str]) -> None:
    whole = "\r\n".join(block)
    name = next((line[5:] for line in block if line.upper().startswith("TZID:")), None)
    if block[0].upper() == "BEGIN:VTIMEZONE" and name is not None:
        zones[name] = whole
    else:
        components.append(whole)
