"""What became of a request, line by line."""

from __future__ import annotations

from crm.actor import Actor
from crm.request import gate
from crm.request.bounds import MOST_ID
from crm.request.model import Happening
from storage.crm import request_parts
from storage.unit_of_work import SqlUnitOfWork

MOST = 500


def note(
    unit: SqlUnitOfWork,
    request_id: int,
    actor: Actor,
    action: str,
    *,
    field: str = "",
    before: str = "",
    after: str = "",
    reason: str = "",
) -> None:
    """Add a line. The caller has authorised what he notes."""
    line = {"request_id": request_id, "at": unit.session.now(), "actor": actor.name, "action": action, "field": field}
    request_parts.add_history(unit.session.connection, {**line, "before": before, "after": after, "reason": reason})


def history(
    unit: SqlUnitOfWork, actor: Actor, request_id: int, *, before_id: int | None = None, limit: int = 100
) -> tuple[Happening, ...]:
    """The newest lines first, with those of requests that were merged into it; then those before a line's id."""
    row = gate.seen(unit, actor, "request.internal", request_id)
    before_id = None if before_id is None else min(before_id, MOST_ID)
    lines = request_parts.history(unit.session.connection, row["id"], before_id, max(1, min(limit, MOST)))
    return tuple(Happening(**line) for line in lines)
