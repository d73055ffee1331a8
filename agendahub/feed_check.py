"""The look at everything, once a day: does the account's change feed tell the truth? (SYNC.md R25)"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from agendahub.bound import Bound
from agendahub.outcome import Outcome, Result
from agendahub.texts import _
from agendahub.workspace import utc_now
from storage.admin_config import note_times
from storage.database import Database
from sync_engine.canary import Canary, tells_of_something
from sync_engine.errors import ItemError
from sync_engine.model import Kind
from sync_engine.ports import Connector, Cursor, KnownVersions


@dataclass(frozen=True, slots=True)
class FeedCheck:
    """Runs a cycle by the feed, then one that lists everything: what only that finds, the feed has kept quiet about."""

    database: Database
    bound: Bound
    connector: Connector
    known: KnownVersions
    run: Callable[[], Outcome]

    def look_at_everything(self) -> Outcome:
        """Both cycles as one outcome. What is found out about the feed is noted in the binding's row."""
        first = self.run()
        if first.result is not Result.OK:
            return first
        since = self._forget_cursors()
        second = self.run()
        if second.result is Result.OK:
            self._note(self._problem(since, second))
        return replace(second, started_at=first.started_at, counts=first.counts + second.counts)

    def _forget_cursors(self) -> Cursor | None:
        with self.database.begin() as unit:
            since = unit.binding(self.bound.id).cursor
            unit.set_cursor(self.bound.id, None)
            unit.set_hub_cursor(self.bound.id, 0)  # finds what has come into the binding's window
        return since

    def _problem(self, since: Cursor | None, listed: Outcome) -> str:
        counts = listed.counts
        found = counts.pulled_new + counts.pulled_changed + counts.pulled_deleted
        remote = self._remote()
        if since and found and not tells_of_something(self.connector, remote[0], since, self.known):
            told = _(
                "{count} changes were found only by listing everything: the server's change feed kept quiet about them"
            )
            return told.format(count=found)
        return self._canary(*remote) if self.bound.settings.canary else ""

    def _remote(self) -> tuple[str, Cursor | None]:
        with self.database.read() as unit:
            binding = unit.binding(self.bound.id)
        return binding.remote_id, binding.cursor

    def _canary(self, collection: str, cursor: Cursor | None) -> str:
        canary = Canary(self.connector, collection, cursor, self.known, time.sleep)
        try:
            return canary.sing(Kind(self.bound.settings.kinds[0]), str(self.bound.id))
        except ItemError as err:
            return _("A test item could not be written: {reason}").format(reason=err)

    def _note(self, problem: str) -> None:
        with self.database.begin() as unit:
            times = {"feed_checked_at": utc_now(), "feed_problem": problem[:1000]}
            note_times(unit.session.connection, {self.bound.id: times})
