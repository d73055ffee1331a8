"""Planning activities and changing them: a row and an item of the agenda, in one transaction."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from crm.activity import keeping
from crm.activity.absorbing import absorb, differences, minutes
from crm.activity.keeping import Kept
from crm.activity.model import CANCELLED, KINDS, PLANNED, Activity, Change, NewActivity
from crm.activity.records import (
    About,
    People,
    changed_record,
    new_record,
    people_in,
    plain_title,
    times_of_activity,
)
from crm.activity.telling import tell, tell_changes
from crm.activity.times import Times, times, zone_named
from crm.actor import Actor
from crm.agenda.collection import agenda_collection
from crm.errors import Invalid, Missing, Refused, Stale
from crm.mail.model import Party
from crm.request.references import user_id
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm import activity_rows
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event
from sync_engine.zones import instant, wall_clock

_TIMES = frozenset({"starts_at", "ends_at", "zone", "all_day"})
_ADDRESS = re.compile(r"[^\s<>\"(),:;@\\]+@[^\s<>\"(),:;@\\]+")
_MOST_MINUTES = 366 * 24 * 60


def plan(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewActivity) -> Activity:
    """A new activity and its event or task. Raises `Invalid`, `Missing`, `NotThere`, `Forbidden`."""
    authorise(actor, "activity.plan", keeping.subject(unit, new.request_id, new.assigned_id or actor.user_id))
    people = _people(settings, new)
    values = _planned(unit, actor, new)
    activity_id = activity_rows.add(unit.session.connection, values)
    activity = Activity(id=activity_id, **values)
    about = keeping.about(unit, settings, new.request_id)
    activity = put_into_agenda(unit, settings, actor, activity, about, new.location, people)
    tell(unit, actor, "planned", activity)
    return activity


def _people(settings: CrmSettings, new: NewActivity) -> People:
    """Who is invited, by a mailbox of ours. Raises `Missing`, `Invalid`."""
    if not new.guests:
        return People()
    if new.starts_at is None or not new.organizer:
        raise Missing("Guests can be invited to what has a time, by a mailbox.", ["starts_at", "organizer"])
    organizer = new.organizer.strip().lower()
    if organizer not in {box.address for box in settings.mailboxes.values()}:
        raise Invalid(f"{new.organizer[:100]!r} is the address of no mailbox of ours; guests are invited by one.")
    for guest in new.guests:
        if _ADDRESS.fullmatch(guest.address) is None:
            raise Invalid(f"{guest.address[:100]!r} is no mail address that a guest can have.")
    return People(Party(organizer), tuple(Party(guest.address.lower(), guest.name) for guest in new.guests))


def _planned(unit: SqlUnitOfWork, actor: Actor, new: NewActivity) -> dict[str, Any]:
    now = unit.session.now()
    told = {
        "kind": new.kind,
        "title": new.title,
        "text": new.text,
        "assigned_id": user_id(unit, new.assigned_id),
        "starts_at": new.starts_at,
        "ends_at": new.ends_at,
        "zone": new.zone,
        "all_day": new.all_day,
        "minutes_planned": new.minutes_planned,
    }
    unset = dict.fromkeys(("minutes_done", "done_at", "item_id", "revision_id"))
    made = {"created_at": now, "created_by": actor.name, "changed_at": now, "changed_by": actor.name}
    begun = {"request_id": new.request_id, "state": PLANNED, "result": "", "version": 1}
    return begun | unset | made | _checked(told)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """All columns that a person sets, as they are stored. Raises `Invalid`, `Missing`."""
    title = plain_title(values["title"])[:1000]
    if not title:
        raise Missing("Say what is to be done: the activity has no title.", ["title"])
    if values["kind"] not in KINDS:
        raise Invalid(f"{values['kind']!r} is no kind of activity; take one of {', '.join(KINDS)}.")
    if values["minutes_planned"] is not None and not 0 <= values["minutes_planned"] <= _MOST_MINUTES:
        raise Invalid("The planned minutes are between none and those of a year.")
    return values | {"title": title, "text": values["text"].strip()} | _checked_times(values)


def _checked_times(values: Mapping[str, Any]) -> dict[str, Any]:
    zone_named(values["zone"])
    if values["starts_at"] is None:
        if values["ends_at"] is not None:
            raise Missing("It ends at a time, and starts at none.", ["starts_at"])
        return {"all_day": False}
    asked = values["minutes_planned"]
    when = times(values["starts_at"], values["ends_at"], values["zone"], all_day=values["all_day"], minutes=asked)
    named = {"starts_at": when.starts_at, "ends_at": when.ends_at}
    return named | {"minutes_planned": minutes(when) if asked is None else asked}


def put_into_agenda(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    activity: Activity,
    about: About,
    location: str,
    people: People,
) -> Activity:
    """A new item for an activity."""
    uid = f"agendahub-activity-{activity.id}-{secrets.token_hex(8)}"
    made = new_record(activity, uid, about, location, people, unit.session.now())
    return keeping.know(unit, activity, keeping.create_item(unit, actor, agenda_collection(unit, settings), made))


def change(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int, wanted: Change
) -> Activity:
    """Other time, title ... Raises `Stale` when it was changed since, also on a phone and in the same fields."""
    kept = keeping.open_to_change(unit, settings, actor, activity_id, version)
    _refuse_same_fields(unit, kept, wanted)
    before = absorb(unit, kept)
    if before.state == CANCELLED:
        raise Refused("This activity is cancelled; plan it again first.")
    values = _changed(unit, before, wanted)
    location = wanted.fields.get("location")
    if not values and location is None:
        return before
    after = keeping.save(unit, actor, before, values)
    after = _rewrite(unit, settings, actor, replace(kept, activity=before), after, location)
    tell_changes(unit, actor, before, after)
    return after


def _refuse_same_fields(unit: SqlUnitOfWork, kept: Kept, wanted: Change) -> None:
    """What a phone changed meanwhile and the actor has not seen must not be overwritten."""
    theirs = differences(unit, kept).keys()
    ours = wanted.fields.keys()
    if theirs & ours or (theirs & _TIMES and ours & _TIMES):
        said = "This activity was changed in the agenda a moment ago; look at it again."
        raise Stale(said, kept.activity.version)


def _changed(unit: SqlUnitOfWork, before: Activity, wanted: Change) -> dict[str, Any]:
    """The columns that become something else."""
    known = {name: getattr(before, name) for name in ("kind", "title", "text", "assigned_id", "minutes_planned")}
    known |= {name: getattr(before, name) for name in _TIMES}
    asked = {name: value for name, value in wanted.fields.items() if name != "location"}
    if asked.keys() & _TIMES:
        asked = _moved(before, asked)
    if known["assigned_id"] != (chosen := asked.get("assigned_id", known["assigned_id"])):  # who has it keeps it
        user_id(unit, chosen)
    values = _checked(known | asked)
    return {name: value for name, value in values.items() if value != getattr(before, name)}


def _moved(before: Activity, asked: dict[str, Any]) -> dict[str, Any]:
    """A new start alone takes the end along; without a start there is no end."""
    start = asked.get("starts_at", before.starts_at)
    if start is None:
        return {**asked, "ends_at": None, "all_day": False}
    known = times_of_activity(before)
    if known is not None and known.all_day and asked.keys() & _TIMES == {"zone"}:
        days = times(*_same_days(known, asked["zone"]), asked["zone"], all_day=True)
        return {**asked, "starts_at": days.starts_at, "ends_at": days.ends_at}
    if known is not None and "starts_at" in asked and "ends_at" not in asked:
        same_sort = asked.get("all_day", before.all_day) == before.all_day
        asked = {**asked, "ends_at": start + (known.ends_at - known.starts_at) if same_sort else None}
    if known is not None and "minutes_planned" not in asked and before.minutes_planned == minutes(known):
        asked = {**asked, "minutes_planned": None}  # it was the length, and is again
    return asked


def _same_days(known: Times, zone: str) -> tuple[datetime, datetime]:
    """The days of one zone in another."""
    here, there = zone_named(known.zone), zone_named(zone)
    midnights = (wall_clock(at, here) for at in (known.starts_at, known.ends_at))
    first, after = (instant(local, there) for local in midnights)
    return first, after


def _rewrite(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, kept: Kept, after: Activity, location: str | None
) -> Activity:
    """Bring the item up to date. A task that gets a time becomes an event, and the other way round."""
    item, before = kept.item, kept.activity
    found = keeping.record(unit, item) if item is not None else None
    if item is None or item.deleted or found is None:
        return put_into_agenda(unit, settings, actor, after, kept.about, location or "", People())
    if isinstance(found, Event) is not (after.starts_at is not None):
        where = location if location is not None else found.master.location if found.master else ""
        unit.delete_item(item.id, keeping.origin(actor))
        return put_into_agenda(unit, settings, actor, after, kept.about, where, people_in(found))
    _refuse_series(found, before, after)
    changed = changed_record(found, before, after, kept.about, location, unit.session.now())
    same = changed == found
    return after if same else keeping.know(unit, after, keeping.write_item(unit, actor, item, changed))


def _refuse_series(found: Any, before: Activity, after: Activity) -> None:
    repeats = found.master is not None and (found.master.rules or found.master.recurrence_dates)
    if repeats and times_of_activity(before) != times_of_activity(after):
        raise Refused("Somebody made a series of this activity; move it in the calendar.")
