"""Puts an older version of an item back: a new revision, which then goes to every linked account as any change does."""

from __future__ import annotations

from agendahub.failure import Failure
from agendahub.texts import _
from storage.admin_history import revision
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.ports import Origin

ADMIN = Origin("admin")


def restore(unit: SqlUnitOfWork, item_id: int, revision_id: int) -> None:
    """Make a revision the item's current text again; a deleted item comes back under its own UID (SYNC.md R03)."""
    wanted = revision(unit.session.connection, revision_id)
    if wanted is None:
        raise Failure(_("That version is no longer kept, so it cannot be put back."))
    unit.update_item(item_id, Item.read(wanted.text, uid_if_missing=unit.items([item_id])[item_id].uid), ADMIN)
