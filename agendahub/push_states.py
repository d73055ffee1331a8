"""How push is for each account: live, renewing, or off and why. Nothing depends on it but what people are told."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime

import structlog

from agendahub.texts import plural
from storage.database import Database
from storage.errors import StoreError
from storage.push_subscriptions import PushState, forget_push_state, push_states, set_push_state

LIVE, RENEWING, OFF = "live", "renewing", "off"

log = structlog.get_logger("agendahub.push")


class States:
    """Told by the threads that listen; what changed is written to the store and the log once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, PushState] = {}
        self._unwritten: set[str] = set()
        self._compared = False  # with what an earlier daemon left in the store

    def report(self, account: str, state: str, detail: str, now: datetime) -> None:
        """`since` moves only when the state does."""
        with self._lock:
            before = self._states.get(account)
            if before is not None and (before.state, before.detail) == (state, detail):
                return
            since = before.since if before is not None and before.state == state else now
            self._states[account] = PushState(account, state, detail, since)
            self._unwritten.add(account)
        if before is None or before.state != state or state == OFF:
            log.info("push", account=account, state=state, reason=detail)

    def forget(self, account: str) -> None:
        """It has no push."""
        with self._lock:
            if self._states.pop(account, None) is not None:
                self._unwritten.add(account)

    def all(self) -> list[PushState]:
        """As they are now."""
        with self._lock:
            return list(self._states.values())

    def write(self, database: Database) -> None:
        """What the store does not know yet; tried again at the next look when the store does not take it."""
        with self._lock:
            waiting = {account: self._states.get(account) for account in self._unwritten}
        if not waiting and self._compared:
            return
        with suppress(StoreError), database.begin() as unit:
            known = push_states(unit.session.connection)
            if not self._compared:
                waiting |= {account: None for account in known if account not in self._states}
            for account, state in waiting.items():
                if state is not None:
                    set_push_state(unit.session.connection, state)
                elif account in known:
                    forget_push_state(unit.session.connection, account)
            with self._lock:
                self._compared = True
                self._unwritten -= {name for name, state in waiting.items() if self._states.get(name) == state}


def only_polled(count: int) -> str:
    """What is not listened to, of an account whose push is live."""
    return plural("but {count} collection is only polled", "but {count} collections are only polled", count)
