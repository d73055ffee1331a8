"""What the history of a request says about its activities."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.activity.model import Activity
from crm.activity.times import zone_named
from crm.actor import Actor
from crm.errors import Invalid
from crm.request.history import note
from storage.crm import rights_rows
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.zones import wall_clock

_FIELDS = ("title", "kind", "text", "assigned_id", "minutes_planned")


def tell(unit: SqlUnitOfWork, actor: Actor, what: str, activity: Activity, reason: str = "") -> None:
    """`what`: planned, done, cancelled, planned again. Nothing where the activity belongs to no request."""
    if activity.request_id is not None:
        said = f"{activity.kind}: {activity.title}, {time_of(activity)}"
        note(unit, activity.request_id, actor, f"activity {what}", after=said, reason=reason)


def tell_changes(unit: SqlUnitOfWork, actor: Actor, before: Activity, after: Activity) -> None:
    """One line for each field; the times of a person are one."""
    if after.request_id is None:
        return
    for name in _FIELDS:
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            _changed(unit, actor, after, name, _word(unit, name, one), _word(unit, name, other))
    if time_of(before) != time_of(after):
        _changed(unit, actor, after, "time", time_of(before), time_of(after))


def _changed(unit: SqlUnitOfWork, actor: Actor, activity: Activity, name: str, before: str, after: str) -> None:
    assert activity.request_id is not None
    said = f"{activity.kind}: {activity.title}"[:1000]
    note(unit, activity.request_id, actor, "activity changed", field=name, before=before, after=after, reason=said)


def time_of(activity: Activity) -> str:
    """As people say it, in the zone in which it was planned."""
    if activity.starts_at is None or activity.ends_at is None:
        return "without a time"
    if activity.all_day:
        return f"{_local(activity.starts_at, activity.zone):%Y-%m-%d}, all day"
    end = _local(activity.ends_at, activity.zone)
    return f"{_local(activity.starts_at, activity.zone):%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} {activity.zone}"


def _local(at: datetime, zone: str) -> datetime:
    try:
        return wall_clock(at, zone_named(zone))
    except Invalid:
        return at


def _word(unit: SqlUnitOfWork, name: str, value: Any) -> str:
    if value is None:
        return ""
    person = rights_rows.person(unit.session.connection, value) if name == "assigned_id" else None
    return person.name if person is not None else str(value)
