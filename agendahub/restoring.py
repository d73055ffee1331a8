"""Puts an older version of an item back: a new revision, which then goes to every linked account as any change does."""

from __future__ import annotations

from agendahub.failure import Failure
from agendahub.texts import _
from storage.admin_history import revision
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.ports import HubItem, Origin

ADMIN = Origin("admin")


def restore(unit: SqlUnitOfWork, item_id: int, revision_id: int, origin: Origin = ADMIN) -> None:
    """Make a revision the item's current text again; a deleted item comes back under its own UID (SYNC.md R03)."""
    wanted = revision(unit.session.connection, revision_id)
    if wanted is None:
        raise Failure(_("That version is no longer kept, so it cannot be put back."))
    hub = unit.items([item_id])[item_id]
    if why := blocked(unit, hub):
        raise Failure(why)
    unit.update_item(item_id, under_own_uid(hub, wanted.text), origin)


def under_own_uid(hub: HubItem, text: str) -> Item:
    """A version of an item, with the hub's UID: a remote may know it by another."""
    item = Item.read(text, uid_if_missing=hub.uid)
    return item if item.uid == hub.uid else Item.of(with_uid(item.record, hub.uid))


def blocked(unit: SqlUnitOfWork, hub: HubItem) -> str:
    """Why a deleted item cannot come back: somebody made another one with its UID. Empty: it can."""
    if not hub.deleted:
        return ""
    there = unit.items_by_uid(hub.collection_id, [hub.uid]).get(hub.uid)
    if there is None or there.deleted:
        return ""
    return _("item {id} has its UID now").format(id=there.id)
