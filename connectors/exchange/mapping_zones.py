"""Zones that EWS says by their rules: Exchange sends a definition with each appointment (MS-OXWSDTYPE TimeZoneType)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from exchangelib import EWSTimeZone
from exchangelib.errors import UnknownTimeZone
from exchangelib.properties import AbsoluteDateTransition, RecurringDateTransition, TimeZoneDefinition
from lxml import etree

from connectors.microsoft.zone_names import windows_name, zone_name
from sync_engine.model import Component
from sync_engine.observances import LAST_YEAR, observances_of
from sync_engine.vtimezones import Change, component
from sync_engine.zones import Zone, by_name, guess, wall_clock

_FIRST_YEAR = 1970
_LAST_WEEK = 5
_NAMELESS = "Customized Time Zone"  # as Outlook calls one


class CustomZone(EWSTimeZone):  # type: ignore[misc]
    """A zone that Windows has no name for, with its own rules. It is read, and never written by this name."""

    __module__ = EWSTimeZone.__module__  # exchangelib tells by the module which zones it may count with
    rules: Zone
    described: Component | None  # its VTIMEZONE; None where the server did not say its rules

    @classmethod
    def of(cls, name: str, rules: Zone, described: Component | None) -> CustomZone:
        """A zone of these rules."""
        zone: CustomZone = cls.no_cache("UTC")
        zone.ms_id, zone.ms_name, zone.rules, zone.described = name, "", rules, described
        return zone

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Of a wall clock time."""
        if dt is None:
            return None
        return self._local(dt.replace(tzinfo=UTC)) - dt.replace(tzinfo=UTC)

    def fromutc(self, dt: datetime) -> datetime:
        """The wall clock time of an instant."""
        return dt + (self._local(dt.replace(tzinfo=UTC)) - dt.replace(tzinfo=UTC))

    def _local(self, at: datetime) -> datetime:
        return wall_clock(at, self.rules).replace(tzinfo=UTC)


def known_zone(name: str | None) -> EWSTimeZone:
    """The zone of a Windows or IANA name that is known; UTC for None."""
    windows = windows_name(name, ()) if name else "UTC"
    return EWSTimeZone.from_ms_id(windows or "UTC")


def zone_and_name(zone: Any) -> tuple[Zone, str]:
    """The rules of a zone as an item has it, and what a record calls it."""
    if isinstance(zone, CustomZone):
        return zone.rules, zone.ms_id
    name = zone_name(zone.ms_id if zone is not None else "UTC")
    return by_name(name) or UTC, name


def custom_zone(said: Any) -> EWSTimeZone:
    """The zone of a StartTimeZone or EndTimeZone whose name nobody knows."""
    return _custom_zone(etree.tostring(said))


@lru_cache(maxsize=256)
def _custom_zone(text: bytes) -> EWSTimeZone:
    said = etree.fromstring(text)
    name = said.get("Id") or said.get("Name") or _NAMELESS
    if zone_name(name) == "UTC":
        return EWSTimeZone("UTC")
    described = _described(name, said)
    if described is not None and (rules := observances_of(described)):
        return CustomZone.of(name, rules, described)
    known = by_name(name)
    try:
        return EWSTimeZone(str(known))
    except (UnknownTimeZone, ValueError, OSError):  # flagged to people by its name (SYNC.md R19)
        return CustomZone.of(name, known or guess(name), None)


# ---------------------------------------------------------------- its rules


def _described(name: str, said: Any) -> Component | None:
    try:
        definition = TimeZoneDefinition.from_xml(said, account=None)
        found = list(_changes(definition))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):  # half of a definition
        return None
    if not found:
        return None
    first = found[0]
    standing = Change(datetime(_FIRST_YEAR, 1, 1), first.before, first.before)  # noqa: DTZ001 - a wall clock time
    return component(name, [one for one in found if one.before != one.after], standing)


def _changes(definition: Any) -> Iterator[Change]:
    """All of them; the first one may change nothing, and says what holds from the start."""
    offsets = {period.id: -period.bias for period in definition.periods}
    groups = {group.id: group.transitions for group in definition.transitions_groups}
    summer = {period.id for period in definition.periods if period.name == "Daylight"}
    held: timedelta | None = None
    for year in range(_FIRST_YEAR, LAST_YEAR + 1):
        onsets = sorted(_onset(one, year) for one in groups[_group(definition, year)])
        if held is None:
            held = offsets[onsets[-1][1]]
            yield Change(datetime(year, 1, 1), held, held)  # noqa: DTZ001
        for at, period in onsets:
            after = offsets[period]
            if after != held:
                yield Change(at, held, after, daylight=period in summer)
            held = after


def _group(definition: Any, year: int) -> str:
    """The id of the group of transitions that holds in a year."""
    found = ""
    for one in definition.transitions:
        since = one.date.year if isinstance(one, AbsoluteDateTransition) else 0
        if since <= year and one.kind == "Group":
            found = one.to
    return found


def _onset(one: Any, year: int) -> tuple[datetime, str]:
    """When a transition takes place in a year, and to which period; one that says no day holds all year."""
    if isinstance(one, RecurringDateTransition):
        day = date(year, one.month, one.day)
    elif hasattr(one, "day_of_week"):
        day = _weekday(year, one.month, one.day_of_week - 1, one.occurrence)
    else:
        return datetime(year, 1, 1), one.to  # noqa: DTZ001
    return datetime.combine(day, datetime.min.time()) + one.offset, one.to


def _weekday(year: int, month: int, weekday: int, which: int) -> date:
    if which == _LAST_WEEK:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
