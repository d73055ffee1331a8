"""What was changed, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agendahub.texts import _
from storage.admin_history import Scope, changes, revision_before, title_in
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import Unreadable
from sync_engine.field_diff import field_changes
from sync_engine.item import Item


@dataclass(frozen=True, slots=True)
class PastChange:
    """One change of one item."""

    id: int  # the version that it made
    at: datetime
    actor: str
    run_id: int | None
    item_id: int
    title: str
    collection: str
    changed: tuple[str, ...]  # created, deleted, restored, names of fields


def past(unit: SqlUnitOfWork, scope: Scope, limit: int) -> list[PastChange]:
    """The newest changes of a scope, newest first."""
    connection, found = unit.session.connection, list[PastChange]()
    for row in changes(connection, scope, limit):
        text = unit.texts([row.id])[row.id]
        before = revision_before(connection, row.item_id, row.id)
        what = what_changed((row.role, text), (before.role, before.text) if before else None)
        whose = (row.id, row.at, row.actor, row.run_id, row.item_id)
        found.append(PastChange(*whose, title_in(text), row.collection, tuple(what)))
    return found


def what_changed(version: tuple[str, str], before: tuple[str, str] | None) -> list[str]:
    """Words for one change, of versions by role and text: what happened, and the fields that differ."""
    if version[0] == "deleted":
        return [_("deleted")]
    if before is None:
        return [_("created")]
    fields = changed_fields(before[1], version[1])
    return [_("restored"), *fields] if before[0] == "deleted" else fields


def changed_fields(before: str, after: str) -> list[str]:
    """Names of the fields in which two texts of one item differ."""
    try:
        old, new = Item.read(before, uid_if_missing="x").record, Item.read(after, uid_if_missing="x").record
    except Unreadable:
        return ["text"]
    return [change.field for change in field_changes(old, new)] if type(old) is type(new) else ["kind"]
