"""The end of an activity: done, cancelled, or planned again."""

from __future__ import annotations

from datetime import datetime

from crm.activity.model import Activity
from crm.actor import Actor
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


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
    """It was done; its task is completed in the agenda. Raises `Stale`, `Refused` (cancelled)."""
    raise NotImplementedError


def cancel(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int, reason: str = ""
) -> Activity:
    """It will not be done: out of the agenda, kept here with who and why. Raises `Stale`, `Refused` (done)."""
    raise NotImplementedError


def plan_again(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int) -> Activity:
    """A done or cancelled one is planned once more."""
    raise NotImplementedError
