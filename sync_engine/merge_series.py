"""What is special about merging series: one occurrence has several names, and a series can be cut short.

Pure, like all of the merge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sync_engine.merge_report import Report
from sync_engine.model import Event, Moment, Task
from sync_engine.occurrence_ids import begin_of, occurrence
from sync_engine.ports import Prefer
from sync_engine.recurrence import instances

_BOUNDS = re.compile(r";(?:UNTIL|COUNT)=[^;]*")
_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
_Spellings = dict[datetime, Moment]


# ---------------------------------------------------------------- one occurrence, one name


def in_one_spelling(base: Any, hub: Any, remote: Any) -> tuple[Any, Any, Any]:
    """The three versions with the same RECURRENCE-ID or EXDATE for the same occurrence: the hub's, else the remote's.

    Servers write them in UTC, in the zone of the series or in another one, as they like.
    """
    if not any(_named(series) for series in (base, hub, remote)):
        return base, hub, remote
    spellings: _Spellings = {}
    for series in (hub, remote, base):
        for moment in _named(series):
            spellings.setdefault(_meant(moment, series), moment)
    return tuple(_spelled(series, spellings) for series in (base, hub, remote))


def _named(series: Any) -> list[Moment]:
    cancelled = series.master.exception_dates if series.master else ()
    return [*cancelled, *(one.recurrence_id for one in series.overrides if one.recurrence_id)]


def _meant(moment: Moment, series: Any) -> datetime:
    return occurrence(moment, begin_of(series.master) if series.master else None, series.zones)


def _spelled(series: Any, spellings: _Spellings) -> Any:
    master = series.master
    if master is not None and master.exception_dates:
        dates = dict.fromkeys(spellings[_meant(moment, series)] for moment in master.exception_dates)
        master = replace(master, exception_dates=tuple(dates))
    return replace(series, master=master, overrides=tuple(_overrides(series, spellings)))


def _overrides(series: Any, spellings: _Spellings) -> Iterator[Any]:
    """Two overrides of one occurrence keep their names: none may be lost."""
    taken = {one.recurrence_id for one in series.overrides}
    for one in series.overrides:
        named = spellings[_meant(one.recurrence_id, series)] if one.recurrence_id else None
        if named == one.recurrence_id or named in taken:
            yield one
        else:
            taken.add(named)
            yield replace(one, recurrence_id=named)


# ---------------------------------------------------------------- a series cut short


def timing(series: Any) -> tuple[Any, tuple[str, ...]]:
    """What tells the times of occurrences apart from how many there are: a changed UNTIL moves none of them."""
    return series.master.start, tuple(_BOUNDS.sub("", rule) for rule in series.master.rules)


def without_cut_off(report: Report, base: Any, hub: Any, remote: Any, merged: Any) -> Any:
    """Without the single occurrences that one side edited while the other ended the series before them.

    They are part of another series by then ("this and following"); what was edited is reported.
    """
    sides = (base, hub, remote, merged)
    if any(series.master is None for series in sides) or not merged.master.rules or not base.master.rules:
        return merged
    cut_by = [side for side, series in ((Prefer.HUB, hub), (Prefer.REMOTE, remote)) if _cut(base, series, merged)]
    if len(cut_by) != 1:
        return merged
    other = remote if cut_by == [Prefer.HUB] else hub
    before = {one.recurrence_id: one for one in base.overrides}
    kept = []
    for one in merged.overrides:
        gone = one.recurrence_id and before.get(one.recurrence_id) != one and one in other.overrides
        if gone and _falls(base, one.recurrence_id) and not _falls(merged, one.recurrence_id):
            path = f"overrides[{one.recurrence_id.value}]"
            lost = (None, one) if other is remote else (one, None)
            report.keep(cut_by[0], path, before.get(one.recurrence_id), *lost)
        else:
            kept.append(one)
    _report_cancelled(report, cut_by[0], base, other, merged)
    return replace(merged, overrides=tuple(kept))


def _cut(base: Any, series: Any, merged: Any) -> bool:
    changed: bool = series.master.rules != base.master.rules and timing(series) == timing(base)
    return changed and series.master.rules == merged.master.rules


def _falls(series: Event | Task, moment: Moment) -> bool:
    """Whether the master of a series has this occurrence, cancelled or not."""
    assert series.master is not None
    at = _meant(moment, series)
    plain = replace(series.master, exception_dates=())
    whole: Any = replace(series, master=plain, overrides=())  # type: ignore[arg-type]
    until = at + timedelta(seconds=1) if at < _END_OF_TIME else at
    return any(begin == at for begin, _, _ in instances(whole, at, until))


def _report_cancelled(report: Report, kept: Prefer, base: Any, other: Any, merged: Any) -> None:
    """A cancellation after the end does nothing here, and the new series does not know of it."""
    for moment in other.master.exception_dates:
        if moment not in base.master.exception_dates and _falls(base, moment) and not _falls(merged, moment):
            lost = (moment, None) if kept is Prefer.REMOTE else (None, moment)
            report.keep(kept, "master.exception_dates", None, *lost)
