"""Planning activities and changing them: a row and an item of the agenda, in one transaction."""

from __future__ import annotations

from crm.activity.model import Activity, Change, NewActivity
from crm.actor import Actor
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def plan(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewActivity) -> Activity:
    """A new activity and its event or task. Raises `Invalid`, `Missing`, `NotThere`, `Forbidden`."""
    raise NotImplementedError


def change(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int, wanted: Change
) -> Activity:
    """Other time, title ... Raises `Stale` when it was changed since, also on a phone and in the same fields."""
    raise NotImplementedError
