"""Whether two zones are the same for people: by their rules, not their names (SYNC.md R19)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync_engine.zones import Zone, instant, wall_clock

_FIRST, _YEARS = datetime(2024, 1, 1, tzinfo=UTC), 8


def same_rules(one: Zone, other: Zone | None) -> bool:
    """Whether both clocks show the same on every day, at three-hour steps on the days when they may change."""
    if other is None:
        return False
    half_years = (_FIRST + timedelta(days=183 * number) for number in range(_YEARS * 2))
    if any(wall_clock(at, one) != wall_clock(at, other) for at in half_years):
        return False
    steps = (_FIRST + timedelta(hours=3 * number) for number in range(_YEARS * 366 * 8))
    return all(wall_clock(at, one) == wall_clock(at, other) for at in steps)


def same_hours(one: Zone, other: Zone, clock: datetime) -> bool:
    """Whether nobody who comes at this hour, on any day of the years that follow, could tell the two apart."""
    if any(instant(day, one) != instant(day, other) for day in (clock, clock + timedelta(days=182))):
        return False
    days = (clock + timedelta(days=number) for number in range(_YEARS * 366))
    return all(instant(day, one) == instant(day, other) for day in days)
