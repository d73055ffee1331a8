"""What people changed in the agenda, taken over into the activity. The agenda itself is left as they made it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crm.activity import keeping
from crm.activity.keeping import Kept
from crm.activity.model import CANCELLED, DONE, PLANNED, Activity
from crm.activity.records import Said, said_by, same_words, times_of_activity
from crm.activity.telling import tell, tell_changes
from crm.activity.times import Times
from crm.actor import Actor
from storage.crm import agenda_lists
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.ports import HubItem

_TOLD = {DONE: "done", CANCELLED: "cancelled", PLANNED: "planned again"}


def absorb(unit: SqlUnitOfWork, kept: Kept) -> Activity:
    """The activity as the agenda has it now; written, and noted with who did it, where that is something new."""
    activity, item = kept.activity, kept.item
    values = differences(unit, kept)
    if item is not None and not item.deleted and activity.revision_id != item.revision_id:
        activity = keeping.know(unit, activity, item)
    if not values:
        return activity
    actor = who(unit, item)
    after = keeping.save(unit, actor, activity, values)
    if after.state != activity.state:
        tell(unit, actor, _TOLD[after.state], after, "In the agenda.")
    tell_changes(unit, actor, activity, after)
    return after


def differences(unit: SqlUnitOfWork, kept: Kept) -> dict[str, Any]:
    """Columns that are to change by what the agenda says; none when it says nothing new."""
    activity, item = kept.activity, kept.item
    if item is None:
        return {}
    if item.deleted:
        return {"state": CANCELLED} if activity.state == PLANNED else {}
    if item.revision_id == activity.revision_id:
        return {}
    found = keeping.record(unit, item)
    said = said_by(found, activity, kept.about) if found is not None else None
    return {} if said is None else _new(activity, said, unit)


def _new(activity: Activity, said: Said, unit: SqlUnitOfWork) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if said.title != activity.title:
        values["title"] = said.title
    if not same_words(said.text, activity.text):
        values["text"] = said.text
    if said.times is not None and activity.starts_at is not None:
        values |= _new_times(activity, said.times)
    return values | _new_state(activity, said, unit)


def _new_times(activity: Activity, told: Times) -> dict[str, Any]:
    known = times_of_activity(activity)
    if known is None or (told.starts_at, told.ends_at, told.all_day) == (known.starts_at, known.ends_at, known.all_day):
        return {}  # another zone for the same instants is no other time
    values = {"starts_at": told.starts_at, "ends_at": told.ends_at, "all_day": told.all_day, "zone": told.zone}
    if activity.minutes_planned == minutes(known):
        values["minutes_planned"] = minutes(told)
    return values


def minutes(when: Times) -> int | None:
    """How long it takes; None of whole days."""
    return None if when.all_day else (when.ends_at - when.starts_at) // timedelta(minutes=1)


def _new_state(activity: Activity, said: Said, unit: SqlUnitOfWork) -> dict[str, Any]:
    state = said.state or (PLANNED if activity.state == CANCELLED else activity.state)
    if state == activity.state:
        return {}
    at = (said.done_at or unit.session.now()) if state == DONE else None
    return {"state": state, "done_at": at}


def who(unit: SqlUnitOfWork, item: HubItem | None) -> Actor:
    """Who changed the item last: a device, an account, a user. With no rights but those of the hub."""
    name = agenda_lists.last_actor(unit.session.connection, item.id) if item is not None else ""
    return Actor(name or "agenda", unlimited=True)
