"""Who did what to users, roles, rules and the catalogue. What was done to a request is in the request's own history."""

from __future__ import annotations

from crm.actor import Actor
from crm.rights import authorise
from storage.crm import audit_rows
from storage.crm.audit_rows import Entry
from storage.unit_of_work import SqlUnitOfWork

__all__ = ["Entry", "entries", "note"]


def note(unit: SqlUnitOfWork, actor: Actor, action: str, about: str, detail: str = "") -> None:
    """Write a line; `action` is the name of a right or what happened ("user.edit"), `about` as in "user ada"."""
    audit_rows.add_entry(unit.session.connection, unit.session.now(), actor.name, action, about, detail)


def entries(
    unit: SqlUnitOfWork, actor: Actor, *, who: str = "", action: str = "", before: int | None = None, limit: int = 100
) -> list[Entry]:
    """The newest first; `before` is the id of the last one of the page before. Raises `Forbidden`."""
    authorise(actor, "audit.read")
    return audit_rows.entries(unit.session.connection, actor=who, action=action, before=before, limit=limit)
