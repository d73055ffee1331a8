"""The end of an activity: done, cancelled, or planned again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from crm.activity import keeping
from crm.activity.absorbing import absorb
from crm.activity.keeping import Kept
from crm.activity.model import CANCELLED, DONE, PLANNED, Activity
from crm.activity.planning import put_into_agenda
from crm.activity.records import People, changed_record
from crm.activity.telling import tell
from crm.actor import Actor
from crm.errors import Invalid, Refused
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event, Task

_MOST_MINUTES = 366 * 24 * 60


def done(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    activity_id: int,
    version: int,
    *,
    result: str = "",
    minutes: int | None = None,
    at: datetime | None = None,
) -> Activity:
    """It was done; its task is completed in the agenda. Raises `Stale`, `Refused` (cancelled).

    Of one that is done already (on a phone, perhaps) the result and the minutes are entered.
    """
    kept, before = _opened(unit, settings, actor, activity_id, version)
    if before.state == CANCELLED:
        raise Refused("This activity is cancelled; plan it again first.")
    if minutes is not None and not 0 <= minutes <= _MOST_MINUTES:
        raise Invalid("The minutes that it took are between none and those of a year.")
    if at is not None and at.tzinfo is None:
        raise Invalid("Times carry a zone.")
    values = {
        "state": DONE,
        "done_at": at or before.done_at or unit.session.now(),
        "result": result.strip() or before.result,
        "minutes_done": before.minutes_done if minutes is None else minutes,
    }
    after = _written(unit, actor, kept, before, values)
    tell(unit, actor, "done", after, after.result[:1000])
    return after


def cancel(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int, reason: str = ""
) -> Activity:
    """It will not be done: out of the agenda, kept here with who and why. Raises `Stale`, `Refused` (done)."""
    kept, before = _opened(unit, settings, actor, activity_id, version)
    if before.state == DONE:
        raise Refused("This activity was done; it cannot be cancelled any more.")
    if before.state == CANCELLED:
        return before
    after = keeping.save(unit, actor, before, {"state": CANCELLED})
    if kept.item is not None and not kept.item.deleted:
        unit.delete_item(kept.item.id, keeping.origin(actor))
    tell(unit, actor, "cancelled", after, reason)
    return after


def plan_again(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int) -> Activity:
    """A done or cancelled one is planned once more; what was deleted in the agenda comes back."""
    kept, before = _opened(unit, settings, actor, activity_id, version)
    if before.state == PLANNED:
        return before
    after = keeping.save(unit, actor, before, {"state": PLANNED, "done_at": None})
    found = keeping.record(unit, kept.item) if kept.item is not None else None
    if kept.item is None or found is None or not _of_its_kind(found, after):
        after = put_into_agenda(unit, settings, actor, after, kept.about, "", People())
    else:
        changed = _alive(changed_record(found, before, after, kept.about, None, unit.session.now()))
        after = keeping.know(unit, after, keeping.write_item(unit, actor, kept.item, changed))
    tell(unit, actor, "planned again", after)
    return after


def _opened(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int
) -> tuple[Kept, Activity]:
    kept = keeping.open_to_change(unit, settings, actor, activity_id, version)
    before = absorb(unit, kept)
    return replace(kept, activity=before), before


def _written(unit: SqlUnitOfWork, actor: Actor, kept: Kept, before: Activity, values: dict[str, Any]) -> Activity:
    """A task is completed in the agenda, too; an event knows no such thing."""
    after = keeping.save(unit, actor, before, values)
    found = keeping.record(unit, kept.item) if kept.item is not None and not kept.item.deleted else None
    if kept.item is None or not isinstance(found, Task) or before.state == DONE:
        return after
    changed = changed_record(found, before, after, kept.about, None, unit.session.now())
    return keeping.know(unit, after, keeping.write_item(unit, actor, kept.item, changed))


def _of_its_kind(found: Event | Task, activity: Activity) -> bool:
    return isinstance(found, Event) is (activity.starts_at is not None)


def _alive(record: Event | Task) -> Event | Task:
    """Without what a phone may have left of a cancellation."""
    if not isinstance(record, Event) or record.master is None or record.master.status != "CANCELLED":
        return record
    return replace(record, master=replace(record.master, status="CONFIRMED"))
