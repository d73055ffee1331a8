"""Series of which some occurrences are cancelled or changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from sync_engine.model import Event, EventDetails, Moment
from sync_engine.recurrence import instances
from sync_engine.zones import local_time, resolve, wall_clock, zone_for
from tests.property.microsoft_records import event_words
from tests.property.outlook_calendar import HORIZON

Override = Callable[[Moment, EventDetails], st.SearchStrategy[EventDetails]]
"""Draws a changed occurrence: of its first start and the master."""


def with_occurrences(event: Event) -> st.SearchStrategy[Event]:
    """A series of which some occurrences are cancelled, or have a changed summary and perhaps another start."""
    return with_overrides(event, _override, HORIZON)


@st.composite
def with_overrides(draw: Any, event: Event, override: Override, horizon: timedelta) -> Event:
    """A series of which some occurrences, from its start to the horizon, are cancelled or changed."""
    master = event.master
    assert master is not None
    assert master.start is not None
    begin = resolve(master.start, ())
    found = list(instances(event, begin, begin + horizon, limit=12)) if master.rules else []
    chosen = draw(st.lists(st.sampled_from(found), max_size=4, unique_by=lambda one: one[0])) if found else []
    originals = sorted((_local(at, master.start) for at, _, _ in chosen), key=lambda moment: moment.value)
    cancelled = draw(st.sets(st.sampled_from(originals))) if originals else set()
    overrides = [draw(override(moment, master)) for moment in originals if moment not in cancelled]
    gone = tuple(sorted(cancelled, key=lambda moment: moment.value))
    return replace(event, master=replace(master, exception_dates=gone), overrides=tuple(overrides))


def _local(at: datetime, first: Moment) -> Moment:
    local = wall_clock(at, zone_for(first, ()))
    return Moment(f"{local:%Y%m%d}") if first.is_date else Moment(f"{local:%Y%m%dT%H%M%S}", first.zone)


@st.composite
def moved_or_not(draw: Any, moment: Moment) -> tuple[Moment, Moment]:
    """Start and end of an occurrence that is moved by an hour, or is not."""
    local = local_time(moment) + timedelta(hours=0 if moment.is_date else draw(st.sampled_from([0, 1])))
    length = timedelta(days=1) if moment.is_date else timedelta(minutes=30)
    form = "%Y%m%d" if moment.is_date else "%Y%m%dT%H%M%S"
    start, end = (Moment(format(time, form), moment.zone) for time in (local, local + length))
    return start, end


@st.composite
def _override(draw: Any, moment: Moment, master: EventDetails) -> EventDetails:
    """A changed summary, and a start that is moved or not."""
    words = draw(event_words()) | {"summary": f"{master.summary}!"}
    start, end = draw(moved_or_not(moment))
    return EventDetails(recurrence_id=moment, start=start, end=end, classification=master.classification, **words)


def reworded(event: Event, other: Event) -> Event:
    """The times of one event and the words of another."""
    assert event.master is not None
    assert other.master is not None
    words = ("summary", "description", "location", "priority", "categories", "alarms", "classification")
    return replace(event, master=replace(event.master, **{name: getattr(other.master, name) for name in words}))
