"""Activities, one or many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.activity.model import Activity
from crm.actor import Actor
from storage.unit_of_work import SqlUnitOfWork


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
    """One. Raises `NotThere`."""
    raise NotImplementedError


def activities(
    unit: SqlUnitOfWork, actor: Actor, wanted: Wanted, *, after_id: int = 0, limit: int = 100
) -> Sequence[Activity]:
    """Those that the actor may read, in the order of their ids, a page."""
    raise NotImplementedError
