"""An activity with the item that stands for it in the agenda: reading both under one lock, and writing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crm.activity.model import Activity
from crm.activity.records import About
from crm.actor import Actor
from crm.agenda.collection import agenda_collection
from crm.errors import NotThere, Refused, Stale
from crm.request.reading import subject_of
from crm.rights import Subject, authorise
from crm.settings import CrmSettings
from storage.crm import activity_rows, rights_rows
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Contact, Event, Task
from sync_engine.ports import HubItem, Origin


@dataclass(frozen=True, slots=True)
class Kept:
    """An activity, its item as the agenda has it, and the request it is about."""

    activity: Activity
    item: HubItem | None
    about: About


def load(unit: SqlUnitOfWork, activity_id: int) -> Activity:
    """Raises `NotThere`."""
    row = activity_rows.one(unit.session.connection, activity_id)
    if row is None:
        raise NotThere("There is no such activity.")
    return Activity(**row)


def subject(unit: SqlUnitOfWork, request_id: int | None, assigned_id: int | None) -> Subject:
    """Whose it is: its request's; without one, that of who is to do it."""
    if request_id is not None:
        return subject_of(unit, request_id)
    groups = rights_rows.groups_of(unit.session.connection, assigned_id) if assigned_id is not None else frozenset()
    return Subject(responsible_id=assigned_id, groups=frozenset(groups))


def open_to_change(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, version: int) -> Kept:
    """What is to be changed; nobody else changes it, nor the agenda, before this transaction is over.

    Raises `NotThere`, `Forbidden`, `Stale`.
    """
    seen = load(unit, activity_id)
    authorise(actor, "activity.plan", subject(unit, seen.request_id, seen.assigned_id))
    item = _item(unit, seen)
    unit.lock_collection(item.collection_id if item else agenda_collection(unit, settings))
    activity = load(unit, activity_id)  # may have changed while we waited
    if activity.version != version:
        raise Stale("Somebody changed this activity meanwhile; look at it again.", activity.version)
    return Kept(activity, _item(unit, activity), about(unit, settings, activity.request_id))


def _item(unit: SqlUnitOfWork, activity: Activity) -> HubItem | None:
    return unit.items([activity.item_id]).get(activity.item_id) if activity.item_id is not None else None


def about(unit: SqlUnitOfWork, settings: CrmSettings, request_id: int | None) -> About:
    """The number and the address of a request."""
    if request_id is None:
        return About()
    number = activity_rows.numbers_of(unit.session.connection, [request_id]).get(request_id, "")
    return About(number, f"{settings.web_url}/requests/{number}" if settings.web_url and number else "")


def record(unit: SqlUnitOfWork, item: HubItem) -> Event | Task | None:
    """What the item says, also a deleted one; None where its text is gone or cannot be read."""
    text = unit.texts([item.revision_id]).get(item.revision_id)
    try:
        found = Item.stored(item.kind, item.uid, text).record if text is not None else None
    except ItemError:
        return None
    return None if isinstance(found, Contact) else found


def save(unit: SqlUnitOfWork, actor: Actor, before: Activity, values: Mapping[str, Any]) -> Activity:
    """Set columns. Raises `Stale`."""
    named = {"changed_at": unit.session.now(), "changed_by": actor.name, **values}
    if not activity_rows.alter(unit.session.connection, before.id, before.version, named):
        raise Stale("Somebody changed this activity meanwhile; look at it again.", before.version)
    return replace(before, **named, version=before.version + 1)


def know(unit: SqlUnitOfWork, activity: Activity, item: HubItem) -> Activity:
    """The activity knows its item as it is now."""
    activity_rows.knows(unit.session.connection, activity.id, item.id, item.revision_id)
    return replace(activity, item_id=item.id, revision_id=item.revision_id)


def write_item(unit: SqlUnitOfWork, actor: Actor, item: HubItem, changed: Event | Task) -> HubItem:
    """A new text of an item; one that was deleted comes back. Raises `Refused` for what no calendar can hold."""
    try:
        return unit.update_item(item.id, Item.of(changed), origin(actor))
    except ItemError as err:
        raise Refused(f"The agenda cannot hold this: {err}") from err


def create_item(unit: SqlUnitOfWork, actor: Actor, collection_id: int, made: Event | Task) -> HubItem:
    """A new item. Raises `Refused` for what no calendar can hold."""
    try:
        return unit.create_item(collection_id, Item.of(made), origin(actor))
    except ItemError as err:
        raise Refused(f"The agenda cannot hold this: {err}") from err


def origin(actor: Actor) -> Origin:
    """For the history of the hub's items."""
    return Origin(f"user {actor.name}" if actor.user_id is not None else actor.name, user_id=actor.user_id)
