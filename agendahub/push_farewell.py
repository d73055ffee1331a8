"""Ends what an account's system tells of changes, while it may still be asked: before a sign-out, before a removal.

Only those at an address of ours: connections that are held end with the daemon's next look.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from agendahub.failure import Failure
from agendahub.workspace import Workspace, utc_now
from config.settings import AccountSettings
from connectors.push import Webhooks
from storage.push_subscriptions import SubscriptionRow, bound, set_subscription
from sync_engine.errors import SyncError

_UNTIL_OUT = timedelta(minutes=4)
"""As long as a running daemon takes each for one that stands; by half of it it knows that nobody is signed in."""


def farewell(workspace: Workspace, account: AccountSettings) -> None:
    """As far as the system listens; what it does not end now ends by itself. Raises StoreError."""
    from connectors.registry import PUSH, push

    standing = _standing(workspace, account.name)
    if account.connector not in PUSH or not standing:
        return
    with suppress(SyncError, Failure, ValueError):
        found = push(account.connector, workspace.connector_settings(account))
        if isinstance(found, Webhooks):
            try:
                for row in standing:
                    _mark(workspace, row)
                    found.unsubscribe(row.subscription_id)
            finally:
                found.close()


def _standing(workspace: Workspace, account: str) -> list[SubscriptionRow]:
    with workspace.database.read() as unit:
        rows = [row.subscription for row in bound(unit.session.connection) if row.account == account]
    return [row for row in rows if row is not None and row.subscription_id]


def _mark(workspace: Workspace, row: SubscriptionRow) -> None:
    now = utc_now()
    with workspace.database.begin() as unit:
        set_subscription(unit.session.connection, replace(row, began_at=now, expires_at=now + _UNTIL_OUT))
