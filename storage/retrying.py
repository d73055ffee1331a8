"""The quarantine tries again by itself: soon at first, then once a day (SYNC.md R09).

What waits may have been mended at the server without the item having changed: a quota raised, a bug fixed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, select

from storage import tables as t
from storage.admin_actions import retry_quarantined
from sync_engine.ports import LinkState

_FIRST = timedelta(hours=1)
_LONGEST = timedelta(days=1)


def next_try(last_at: datetime, tries: int) -> datetime:
    """When an entry that failed `tries` times, lastly at `last_at`, is tried again: after 1, 2, 4 ... 24 hours."""
    pause: timedelta = _FIRST * 2 ** min(max(tries, 1) - 1, 10)
    return last_at + min(pause, _LONGEST)


def retry_what_is_due(connection: Connection, now: datetime) -> set[int]:
    """Let all entries that are due be tried in the next cycle; gives their bindings' ids.

    Not what ping-pong froze (SYNC.md R21): trying that again is the very thing that was stopped.
    """
    q, k = t.quarantine.c, t.links.c
    frozen = and_(k.binding_id == q.binding_id, k.item_id == q.item_id, k.state == str(LinkState.FROZEN))
    waiting = (
        select(q.id, q.binding_id, q.last_at, q.tries)
        .where(q.last_at <= now - _FIRST, ~select(k.id).where(frozen).exists())
        .order_by(q.id)
    )
    due = [row for row in connection.execute(waiting) if next_try(row.last_at, row.tries) <= now]
    for row in due:
        retry_quarantined(connection, row.id)
    return {row.binding_id for row in due}
