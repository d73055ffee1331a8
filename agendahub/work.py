"""One cycle of one binding, and what is written about it. An idle cycle writes nothing to the database."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import structlog

from agendahub.bound import Bound, bind
from agendahub.texts import _
from agendahub.workspace import Workspace, policy_of, utc_now
from config.settings import BindingSettings
from storage.admin_config import binding_id, ensure_account, note_times, set_account_state
from storage.admin_history import add_run, mark_revisions
from storage.database import Database
from storage.errors import StoreError
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.context import Cycle, Progress, Stopped
from sync_engine.cycle import run_cycle
from sync_engine.errors import SyncError, Unavailable
from sync_engine.ports import Connector, Origin, RunCounts

log = structlog.get_logger("agendahub.work")


class Result(StrEnum):
    """How a cycle ended."""

    OK = "ok"
    FAILED = "failed"
    STOPPED = "stopped"  # at a safe place, because the program ends
    BUSY = "busy"  # another worker has this binding


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one cycle did."""

    result: Result
    started_at: datetime
    finished_at: datetime
    counts: RunCounts = field(default_factory=RunCounts)
    error: SyncError | None = None

    @property
    def message(self) -> str:
        """The error in words, with the server's own; empty when there is none."""
        if self.error is None:
            return ""
        said = f" ({_('the server said')}: {self.error.server_said})" if self.error.server_said else ""
        return f"{self.error}{said}"


class NotingStore:
    """The store, for one cycle. Its first write says that the cycle began, so that a killed one is seen (R25)."""

    def __init__(self, database: Database, binding_id: int, started: datetime) -> None:
        self._database = database
        self._note: dict[int, dict[str, Any]] = {binding_id: {"last_started_at": started}}

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """As `Database.begin`."""
        with self._database.begin() as unit:
            note_times(unit.session.connection, self._note)
            yield unit
        self._note = {}

    def read(self) -> AbstractContextManager[SqlUnitOfWork]:
        """As `Database.read`."""
        return self._database.read()


class Worker:
    """Works on bindings of one configuration; may be used by several threads."""

    def __init__(
        self, workspace: Workspace, stopping: Callable[[], bool] = lambda: False, *, go_on: bool = False
    ) -> None:
        """`go_on`: an unforeseen exception fails the cycle only (the daemon); else it is raised (a command)."""
        self._go_on = go_on
        self._stopping = stopping
        self.workspace = workspace  # the daemon puts another one here when the configuration changes
        self._bound: dict[str, Bound] = {}
        self._told: dict[str, str] = {}  # the last error of each binding that is in the store

    def bound(self, settings: BindingSettings, connector: Connector) -> Bound:
        """The binding's rows, made once."""
        known = self._bound.get(settings.name)
        if known is None or known.settings != settings:
            known = self._bound[settings.name] = bind(self.workspace, settings, connector)
        return known

    def forget(self, name: str) -> None:
        """The binding's rows may be others next time."""
        self._bound.pop(name, None)
        self._told.pop(name, None)

    def refused(self, settings: BindingSettings, error: Exception) -> Outcome:
        """The outcome of a cycle that could not begin (no password, no such collection); the status tells of it."""
        name, now = settings.name, utc_now()
        outcome = Outcome(Result.FAILED, now, now, error=Unavailable(str(error)))
        self._bound.pop(name, None)
        if self._told.get(name) != outcome.message:
            with suppress(StoreError), self.workspace.database.begin() as unit:
                connection = unit.session.connection
                ensure_account(connection, settings.account, now)
                set_account_state(connection, settings.account, "unavailable", outcome.message, now)
                if (number := binding_id(connection, name)) is not None:
                    note_times(connection, {number: times_of(outcome)})
                self._told[name] = outcome.message
        return outcome

    def cycle(
        self,
        settings: BindingSettings,
        connector: Connector,
        progress: Progress = lambda _what, _n: None,
        *,
        everything: bool = False,
    ) -> Outcome:
        """Run one cycle, unless another worker has the binding. Errors of the account are in the outcome.

        `everything`: list the whole collection, for servers that forget to tell about a change.
        """
        started = utc_now()
        try:
            bound = self.bound(settings, connector)
        except SyncError as err:
            return Outcome(Result.FAILED, started, utc_now(), error=err)
        with self.workspace.database.lease(bound.id) as mine:
            if not mine:
                return Outcome(Result.BUSY, started, utc_now())
            if everything:
                with self.workspace.database.begin() as unit:
                    unit.set_cursor(bound.id, None)
                    unit.set_hub_cursor(bound.id, 0)  # finds what has come into the binding's window
            outcome = self._run(bound, connector, progress, started)
            self._record(bound, outcome)
            return outcome

    def _run(self, bound: Bound, connector: Connector, progress: Progress, started: datetime) -> Outcome:
        cycle = self.prepared(bound, connector)
        cycle.stopping = self._stopping
        cycle.store = NotingStore(self.workspace.database, bound.id, started)
        cycle.progress = progress
        result, error = Result.OK, cast("SyncError | None", None)
        try:
            run_cycle(cycle)
        except Stopped:
            result = Result.STOPPED
        except SyncError as err:
            result, error = Result.FAILED, err
        except Exception as err:
            if not self._go_on or isinstance(err, StoreError):
                raise
            log.exception("a cycle broke off unexpectedly")
            unexpected = _("an unexpected error ({kind}); the log has the details")
            result, error = Result.FAILED, SyncError(unexpected.format(kind=type(err).__name__))
        return Outcome(result, started, utc_now(), cycle.counts, error)

    def prepared(self, bound: Bound, connector: Connector) -> Cycle:
        """A cycle that is ready to run, or to be rehearsed."""
        return Cycle(
            store=self.workspace.database,
            connector=connector,
            binding_id=bound.id,
            policy=policy_of(bound.settings),
            clock=utc_now,
            new_key=lambda: uuid.uuid4().hex,
            origin=Origin(actor_of(bound.settings)),
        )

    def _record(self, bound: Bound, outcome: Outcome) -> None:
        name, error = bound.settings.name, outcome.message
        changed = outcome.counts.changes or outcome.counts.quarantined or outcome.counts.conflicts
        if not changed and self._told.get(name, "?" if outcome.error is None else "") == error:
            return
        with self.workspace.database.begin() as unit:
            connection = unit.session.connection
            if changed or error:
                number = _add_run(connection, bound.id, outcome)
                mark_revisions(connection, number, actor_of(bound.settings), outcome.started_at)
            note_times(connection, {bound.id: times_of(outcome)})
            if outcome.error is None:
                set_account_state(connection, bound.settings.account, "ok", "", outcome.finished_at)
        self._told[name] = error


def actor_of(settings: BindingSettings) -> str:
    """Who history says it was."""
    return f"account {settings.account}, {settings.name}"


def times_of(outcome: Outcome) -> dict[str, Any]:
    """Columns of ``bindings`` that a cycle sets. "Changed" means done, and "ok" means finished."""
    counts, at = outcome.counts, outcome.finished_at
    values: dict[str, Any] = {}
    if outcome.result is Result.OK:
        values |= {"last_ok_at": at, "last_error": ""}
    elif outcome.error is not None:
        values["last_error"] = outcome.message[:1000]
    if counts.pulled_new + counts.pulled_changed + counts.pulled_deleted:
        values["last_change_in_at"] = at
    if counts.pushed_new + counts.pushed_changed + counts.pushed_deleted:
        values["last_change_out_at"] = at
    return values


def _add_run(connection: Any, binding_id: int, outcome: Outcome) -> int:
    return add_run(
        connection,
        binding_id=binding_id,
        started_at=outcome.started_at,
        finished_at=outcome.finished_at,
        outcome=str(outcome.result),
        counts=counts_of(outcome.counts),
        message=outcome.message,
    )


def counts_of(counts: RunCounts) -> dict[str, Any]:
    """Things done that are not zero."""
    return {name: value for name, value in dataclasses.asdict(counts).items() if value}
