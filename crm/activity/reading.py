"""Activities, one or many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.activity import keeping
from crm.activity.model import Activity
from crm.actor import Actor
from crm.rights import authorise, scope_of
from storage.crm import activity_rows
from storage.unit_of_work import SqlUnitOfWork

_MOST = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which activities a list shows; what is None or empty does not matter."""

    request_id: int | None = None
    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    assigned_id: int | None = None
    since: datetime | None = None  # starts at or after; tasks are left out by a time
    until: datetime | None = None  # starts before


def activity(unit: SqlUnitOfWork, actor: Actor, activity_id: int) -> Activity:
    """One. Raises `NotThere`, `Forbidden`."""
    found = keeping.load(unit, activity_id)
    authorise(actor, "activity.read", keeping.subject(unit, found.request_id, found.assigned_id))
    return found


def activities(
    unit: SqlUnitOfWork, actor: Actor, wanted: Wanted, *, after_id: int = 0, limit: int = 100
) -> Sequence[Activity]:
    """Those that the actor may read, in the order of their ids, a page. Raises `NotThere` for a foreign request."""
    if wanted.request_id is not None:
        authorise(actor, "activity.read", keeping.subject(unit, wanted.request_id, None))
    scope = scope_of(actor, "activity.read")
    reach = activity_rows.Reach(scope, actor.user_id, actor.address, actor.groups)
    asked = activity_rows.Filter(
        wanted.request_id, wanted.states, wanted.kinds, wanted.assigned_id, wanted.since, wanted.until
    )
    rows = activity_rows.page(unit.session.connection, asked, reach, after_id, max(1, min(limit, _MOST)))
    return [Activity(**row) for row in rows]
