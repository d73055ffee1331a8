"""Single occurrences of a series: what each has of its own, and how that changes at Google.

Nobody says whether an exception follows its series when that changes, and what Google keeps of exceptions when the
times or the rule of a series change. So what would depend on it is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from connectors.described import Json, put
from connectors.google_workspace.mapping_event_tables import OCCURRENCE_TABLE, changes
from connectors.google_workspace.mapping_recurrence import EXRULE
from connectors.google_workspace.mapping_times import instant_of, key_of, meant
from connectors.google_workspace.mapping_zones import loaded
from connectors.occasions import Occasion, end_of, moment_at, start_of
from sync_engine.model import Event, Moment
from sync_engine.recurrence import instances
from sync_engine.zones import local_time, wall_clock, zone_for

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Single:
    """One occurrence that is not as its series."""

    moment: Moment  # of the series
    own: Occasion


@dataclass(frozen=True, slots=True)
class Series:
    """A series, with its single occurrences by the keys that Google names them by."""

    master: Occasion
    singles: dict[str, Single]
    gone: dict[str, Moment]  # cancelled ones


def series_of(event: Event, master: Occasion) -> Series:
    """The series of an event. What is cancelled is not changed as well."""
    cancelled = [meant(moment, master) for moment in master.details.exception_dates]
    gone = {key_of(moment): moment for moment in cancelled}
    found = [(meant(one.recurrence_id, master), one) for one in event.overrides if one.recurrence_id]
    singles = {key_of(moment): Single(moment, replace(master, details=one)) for moment, one in found}
    return Series(master, {key: one for key, one in sorted(singles.items()) if key not in gone}, gone)


def inherited(master: Occasion, moment: Moment) -> Occasion:
    """An occurrence as the series has it."""
    first, last = start_of(master), end_of(master)
    if moment.is_date:
        days = local_time(last) - local_time(first)
        start, end = moment, Moment(f"{local_time(moment) + days:%Y%m%d}")
    else:
        start, end = _in_zone_of(first, moment, master), _shifted(last, moment, master)
    extra = tuple(line for line in master.details.extra if line.name != EXRULE)
    details = replace(master.details, start=start, end=end, duration="", rules=(), recurrence_dates=(), extra=extra)
    return replace(master, details=replace(details, exception_dates=()))


def _in_zone_of(first: Moment, moment: Moment, master: Occasion) -> Moment:
    zone = zone_for(first, master.zones, loaded(master.home_zone))
    return moment_at(wall_clock(instant_of(moment, master), zone), first.zone)


def _shifted(last: Moment, moment: Moment, master: Occasion) -> Moment:
    """The end of an occurrence: as long after its start as in the series."""
    length = instant_of(last, master) - instant_of(start_of(master), master)
    zone = zone_for(last, master.zones, loaded(master.home_zone))
    return moment_at(wall_clock(instant_of(moment, master) + length, zone), last.zone)


def own_properties(series: Series) -> dict[str, dict[str, Json]]:
    """Of every single occurrence, what it has different from its series."""
    found = {key: _differences(one, series.master) for key, one in series.singles.items()}
    return {key: own for key, own in found.items() if own}


def _differences(one: Single, master: Occasion) -> dict[str, Json]:
    return changes(OCCURRENCE_TABLE, inherited(master, one.moment), one.own)


def changed_singles(before: Series, after: Series, changed: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """What changes of single occurrences, where of the series `changed` does and neither its times nor its rule."""
    found = {}
    for key in sorted({*before.singles, *after.singles} - after.gone.keys()):
        was, now = before.singles.get(key), after.singles.get(key)
        if was is None:
            found[key] = _differences(after.singles[key], after.master)
        else:
            own = now.own if now else inherited(after.master, was.moment)
            follows = changed.keys() - _differences(was, before.master).keys()
            found[key] = changes(OCCURRENCE_TABLE, was.own, own) | _said(own, follows)
    return {key: own for key, own in found.items() if own}


def _said(own: Occasion, names: set[str]) -> dict[str, Json]:
    return {name: value for name, value in put(OCCURRENCE_TABLE, own).items() if name in names} if names else {}


def singles_anew(event: Event, before: Series, after: Series) -> tuple[dict[str, dict[str, Json]], tuple[str, ...]]:
    """All single occurrences of a series whose times or rule change, or of which a cancelled one comes back.

    Whatever Google kept of those before: all that they are, and which ones to delete that are not there any more.
    """
    found, stale = own_properties(after), []
    was = {key: one.moment for key, one in before.singles.items()} | before.gone
    for key, moment in sorted(was.items()):
        if key in after.singles:
            found[key] = put(OCCURRENCE_TABLE, after.singles[key].own)
        elif key not in after.gone and is_occurrence(event, after.master, moment):
            found[key] = put(OCCURRENCE_TABLE, inherited(after.master, moment))
        elif key in before.singles:
            stale.append(key)
    return dict(sorted(found.items())), tuple(stale)


def is_occurrence(event: Event, master: Occasion, moment: Moment) -> bool:
    """Whether the series has this occurrence, cancelled or not."""
    bare = replace(event, master=replace(master.details, exception_dates=()), overrides=())
    at = instant_of(moment, master) if not moment.is_date else instant_of(moment, replace(master, home_zone="UTC"))
    floating = loaded("UTC" if moment.is_date else master.home_zone)
    return any(start == at for start, _, _ in instances(bare, at, at + _SECOND, floating=floating))
