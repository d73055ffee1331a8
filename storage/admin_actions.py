"""What an admin does to conflicts and quarantine."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from storage import tables as t
from sync_engine.ports import IntentState, LinkState


def resolve_conflict(connection: Connection, conflict_id: int, resolution: str, by: str, now: datetime) -> bool:
    """Take a conflict off the list. False: somebody else did already."""
    c = t.conflicts.c
    statement = update(t.conflicts).where(c.id == conflict_id, c.resolved_at.is_(None))
    values = {"resolved_at": now, "resolution": resolution[:200], "resolved_by": by[:300]}
    return connection.execute(statement.values(values)).rowcount == 1


def retry_quarantined(connection: Connection, entry_id: int) -> str | None:
    """Let an entry be tried again in the next cycle. Gives its binding's name; None: there is no such entry."""
    q = t.quarantine.c
    row = connection.execute(
        select(q.binding_id, q.item_id, q.remote_id, t.bindings.c.name)
        .join(t.bindings, t.bindings.c.id == q.binding_id)
        .where(q.id == entry_id)
    ).first()
    if row is None:
        return None
    if row.item_id is not None:
        _ready_again(connection, row.binding_id, row.item_id)
    if row.remote_id:  # without a version it is read again (`UnitOfWork.to_read_again`)
        connection.execute(update(t.quarantine).where(q.id == entry_id).values(remote_version=""))
    return str(row.name)


def _ready_again(connection: Connection, binding_id: int, item_id: int) -> None:
    i = t.intents.c
    failed = (i.binding_id == binding_id) & (i.item_id == item_id) & (i.state == IntentState.FAILED)
    connection.execute(update(t.intents).where(failed).values(state=str(IntentState.READY)))
    k = t.links.c
    frozen = (k.binding_id == binding_id) & (k.item_id == item_id) & (k.state == str(LinkState.FROZEN))
    thawed = {"state": str(LinkState.LIVE), "window_start": None, "window_writes": 0}
    connection.execute(update(t.links).where(frozen).values(thawed))
