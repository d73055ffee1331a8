"""How long reads of a system may not show what was written there (SYNC.md R22)."""

from __future__ import annotations

from sync_engine.context import Cycle
from sync_engine.ports import Binding, Connector, Intent, IntentState, Lags


def lag_of(connector: Connector, collection: str) -> float:
    """Seconds; 0 where they show it at once."""
    return connector.lag(collection) if isinstance(connector, Lags) else 0.0


def may_be_unseen(cycle: Cycle, binding: Binding, intent: Intent) -> bool:
    """Whether what a write made may be there though no read shows it yet.

    Where the clock was set back since, nobody knows how long ago it was: the time begins anew.
    """
    lag = lag_of(cycle.connector, binding.remote_id)
    if not lag or intent.sent_at is None:
        return False
    now = cycle.clock()
    if intent.sent_at > now:
        with cycle.transaction() as uow:
            uow.set_intent_state([intent.id], IntentState.SENT, now)
        return True
    return (now - intent.sent_at).total_seconds() < lag
