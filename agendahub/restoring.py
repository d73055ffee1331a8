"""Puts an older version of an item back: a new revision, which then goes to every linked account as any change does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from agendahub.failure import Failure
from agendahub.texts import _
from storage.admin_history import revision
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Contact, Details, Event, Moment, Task
from sync_engine.plain_copies import is_replaced
from sync_engine.ports import HubItem, Origin

ADMIN = Origin("admin")
_Part = TypeVar("_Part", bound=Details)


def restore(unit: SqlUnitOfWork, item_id: int, revision_id: int, origin: Origin = ADMIN) -> None:
    """Make a revision the item's current text again; a deleted item comes back under its own UID (SYNC.md R03)."""
    wanted = revision(unit.session.connection, revision_id)
    if wanted is None:
        raise Failure(_("That version is no longer kept, so it cannot be put back."))
    hub = unit.items([item_id])[item_id]
    if why := blocked(unit, hub):
        raise Failure(why)
    item = under_own_uid(hub, wanted.text)
    current = under_own_uid(hub, unit.texts([hub.revision_id])[hub.revision_id])
    unit.update_item(item_id, not_older(item, current), origin)


def under_own_uid(hub: HubItem, text: str) -> Item:
    """A version of an item, with the hub's UID: a remote may know it by another."""
    item = Item.read(text, uid_if_missing=hub.uid)
    return item if item.uid == hub.uid else Item.of(with_uid(item.record, hub.uid))


def not_older(item: Item, current: Item) -> Item:
    """With each SEQUENCE at least the present one: clients ignore what seems to be older (RFC 5546 2.1.4)."""
    wanted, held = item.record, current.record
    if isinstance(wanted, Contact) or isinstance(held, Contact):
        return item
    known = {part.recurrence_id: part.sequence for part in (held.master, *held.overrides) if part}
    changed: dict[str, Any] = {"overrides": tuple(_raised(part, known) for part in wanted.overrides)}
    changed |= {"master": _raised(wanted.master, known)} if wanted.master else {}
    raised = replace(wanted, **changed)
    return item if _numbers(raised) == _numbers(wanted) else Item.read(Item.of(raised).text)


def _numbers(record: Event | Task) -> list[int]:
    return [part.sequence for part in (record.master, *record.overrides) if part]


def _raised(part: _Part, known: Mapping[Moment | None, int]) -> _Part:
    return replace(part, sequence=max(part.sequence, known.get(part.recurrence_id, 0)))


def blocked(unit: SqlUnitOfWork, hub: HubItem) -> str:
    """Why a deleted item cannot come back: another has its UID, or is what it was a copy of. Empty: it can."""
    if not hub.deleted:
        return ""
    if is_replaced(hub):
        return _("it was a copy, and the invitation that took its place is there")
    there = unit.items_by_uid(hub.collection_id, [hub.uid]).get(hub.uid)
    if there is None or there.deleted:
        return ""
    return _("item {id} has its UID now").format(id=there.id)
