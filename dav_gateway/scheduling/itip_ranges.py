"""Overrides that hold from an occurrence on (RANGE=THISANDFUTURE, RFC 5545 3.2.13), as guests have them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dav_gateway.scheduling.itip_told import instant_of, instants, moment_at, single
from sync_engine.errors import ItemError
from sync_engine.model import Event, EventDetails, Moment
from sync_engine.occurrence_ids import begin_of
from sync_engine.recurrence import expanded
from sync_engine.rules import Budget
from sync_engine.zones import local_time, resolve

_MOST_STEPS = 20_000  # of looking for occurrences to which somebody is not invited
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)

# ---------------------------------------------------------------- what is said of an occurrence


def said_at(event: Event, moment: Moment) -> EventDetails:
    """An override that says of an occurrence what is said of it anyway: by the series, or from an earlier one on."""
    assert event.master is not None
    at = instant_of(event, moment)
    known = {since: one for since, one in _ranges(event) if since < at}
    base = known[max(known)] if known else None
    if base is None or base.start is None or base.recurrence_id is None:
        return single(event.master, moment)
    by = local_time(moment_at(event, moment)) - local_time(moment_at(event, base.recurrence_id))
    return replace(
        base,
        recurrence_id=moment,
        this_and_future=False,
        start=_later(base.start, by),
        end=_later(base.end, by) if base.end else None,
        rules=(),
        recurrence_dates=(),
        exception_dates=(),
        params=(),
    )


def _ranges(event: Event) -> list[tuple[datetime, EventDetails]]:
    """In order of time."""
    found = [(at, one) for at, one in instants(event).items() if one.this_and_future]
    return sorted(found, key=lambda pair: pair[0])


def _later(moment: Moment, by: timedelta) -> Moment:
    form = "%Y%m%d" if moment.is_date else "%Y%m%dT%H%M%S"
    return replace(moment, value=(local_time(moment) + by).strftime(form))


# ---------------------------------------------------------------- what somebody is invited to


def narrowed(event: Event, invited: Callable[[EventDetails], bool]) -> EventDetails | None:
    """The series for somebody whom `invited` knows; None when he is invited to no stretch of it.

    He joins from an occurrence on: those before it are taken out, and the series says to him what is said then. He
    leaves from one on: it ends before.
    """
    assert event.master is not None
    stretches = [(None, event.master), *_ranges(event)]
    mine = [number for number, (_, one) in enumerate(stretches) if invited(one)]
    if not mine:
        return None
    series = _words(event.master, stretches[mine[0]][1]) if mine[0] else event.master
    till = stretches[mine[-1] + 1][0] if mine[-1] + 1 < len(stretches) else None
    gaps = [(stretches[n][0], stretches[n + 1][0]) for n in range(mine[-1]) if n not in mine]
    own = {at for at, one in instants(event).items() if invited(one)}
    dates = tuple(moment_at(event, _utc(at)) for at in _originals(event, gaps) if at not in own)
    series = replace(series, exception_dates=(*series.exception_dates, *dates))
    return _ended(event, series, till) if till else series


def _words(series: EventDetails, said: EventDetails) -> EventDetails:
    """What is said from some occurrence on, with the times of the whole series."""
    return replace(
        said,
        recurrence_id=None,
        this_and_future=False,
        **{name: getattr(series, name) for name in ("start", "end", "duration", "rules", "recurrence_dates")},
        exception_dates=series.exception_dates,
        params=series.params,
    )


def _utc(at: datetime) -> Moment:
    return Moment(at.strftime("%Y%m%dT%H%M%S"), "UTC")


def _originals(event: Event, gaps: list[tuple[datetime | None, datetime | None]]) -> Iterator[datetime]:
    """The occurrences of the series in these stretches of time, whatever was made of them."""
    alone = replace(event, overrides=())
    first = begin_of(event.master) if event.master else None
    for since, till in gaps:
        begin = since or (resolve(first, event.zones) if first else None)
        if begin is None or till is None:
            continue
        try:
            found = expanded(alone, begin, till, budget=Budget(_MOST_STEPS))
        except ItemError:  # too much work: he sees what he is not invited to
            continue
        yield from (one.original for one in found if begin <= one.original < till)


def _ended(event: Event, series: EventDetails, till: datetime) -> EventDetails:
    """The series without what begins at an instant and later."""
    dates = tuple(one for one in series.recurrence_dates if instant_of(event, one) < till)
    last = _until(event, till)
    return replace(series, rules=tuple(_with_until(rule, last) for rule in series.rules), recurrence_dates=dates)


def _until(event: Event, till: datetime) -> str:
    """UNTIL just before an occurrence, in the value type of the series (RFC 5545 3.3.10)."""
    first = begin_of(event.master) if event.master else None
    if first is not None and first.is_date:
        return (till - _DAY).strftime("%Y%m%d")
    last = till.astimezone(UTC) - _SECOND
    return last.strftime("%Y%m%dT%H%M%S" if first is not None and not first.zone else "%Y%m%dT%H%M%SZ")


def _with_until(rule: str, last: str) -> str:
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    parts.pop("COUNT", None)
    return ";".join(
        f"{name}={value}" for name, value in {**parts, "UNTIL": min(parts.get("UNTIL", last), last)}.items()
    )
