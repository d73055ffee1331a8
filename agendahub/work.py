"""One cycle of one binding, and what is written about it. An idle cycle writes nothing to the database."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Any, cast

import structlog

from agendahub.bound import Bound, bind
from agendahub.fanout import FanoutBinding
from agendahub.fanout_folder import gone, look_for_folder, renew
from agendahub.feed_check import FeedCheck
from agendahub.outcome import Outcome, Result
from agendahub.texts import _
from agendahub.workspace import Workspace, policy_of, utc_now
from config.settings import BindingSettings
from storage.admin_config import binding_id, ensure_account, note_times, set_account_state
from storage.admin_history import add_run, close_runs, finish_run
from storage.database import Database
from storage.errors import StoreError
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.context import Cycle, Progress, Stopped
from sync_engine.cycle import run_cycle
from sync_engine.errors import CollectionGone, SyncError, Unavailable
from sync_engine.ports import Connector, Origin, RunCounts
from sync_engine.pull import known_versions

log = structlog.get_logger("agendahub.work")


def failed(error: SyncError) -> Outcome:
    """A cycle that came to nothing."""
    now = utc_now()
    return Outcome(Result.FAILED, now, now, error=error)


def unexpected(error: Exception) -> SyncError:
    """What the status says of an exception that nobody foresaw; the log gets all of it."""
    log.error("a cycle broke off unexpectedly", exc_info=error)
    sentence = _("an unexpected error ({kind}); the log has the details")
    return SyncError(sentence.format(kind=type(error).__name__))


class NotingStore:
    """The store, for one cycle. Its first write says that the cycle began, so that a killed one is seen (R25).

    The first change of an item makes the row of the run, in the same transaction: what a killed cycle changed can be
    undone by its run. A cycle that changes no item has none.
    """

    def __init__(self, database: Database, binding_id: int, started: datetime) -> None:
        self.run_id: int | None = None
        self._database = database
        self._binding_id = binding_id
        self._started = started
        self._note: dict[int, dict[str, Any]] = {binding_id: {"last_started_at": started}}

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """As `Database.begin`."""
        made: list[int] = []  # known to later transactions once this one is committed
        with self._database.begin() as unit:
            note_times(unit.session.connection, self._note)
            unit.session.run_number = partial(self._run_number, unit, made)
            yield unit
        self._note = {}
        self.run_id = made[0] if made else self.run_id

    @property
    def began(self) -> bool:
        """The store knows that a cycle began: it must also be told that it ended."""
        return not self._note

    def _run_number(self, unit: SqlUnitOfWork, made: list[int]) -> int:
        if self.run_id is None and not made:
            began: dict[str, Any] = {"binding_id": self._binding_id, "started_at": self._started, "finished_at": None}
            made.append(add_run(unit.session.connection, **began, outcome="running", counts={}))
        return made[0] if self.run_id is None else self.run_id

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
        now = utc_now()
        outcome = Outcome(Result.FAILED, now, now, error=Unavailable(str(error)))
        self._bound.pop(settings.name, None)
        self._note_not_begun(settings, outcome)
        return outcome

    def _note_not_begun(self, settings: BindingSettings, outcome: Outcome) -> None:
        """The status tells why; written once for each reason."""
        name, now = settings.name, outcome.finished_at
        if self._told.get(name) == outcome.message:
            return
        unavailable = "unavailable" if isinstance(outcome.error, Unavailable) else ""
        state = "needs_sign_in" if outcome.needs_sign_in else unavailable
        with suppress(StoreError), self.workspace.database.begin() as unit:
            connection = unit.session.connection
            if state:  # else it is about one collection
                ensure_account(connection, settings.account, now)
                set_account_state(connection, settings.account, state, outcome.message, now)
            if (number := binding_id(connection, name)) is not None:
                note_times(connection, {number: times_of(outcome)})
            self._told[name] = outcome.message

    def cycle(
        self,
        settings: BindingSettings,
        connector: Connector,
        progress: Progress = lambda _what, _n: None,
        *,
        everything: bool = False,
    ) -> Outcome:
        """Run one cycle, unless another worker has the binding. Errors of the account are in the outcome.

        `everything`: list the whole collection too, for servers that forget to tell about a change (`FeedCheck`).
        """
        started = utc_now()
        try:
            bound = self.bound(settings, connector)
        except SyncError as err:
            outcome = Outcome(Result.FAILED, started, utc_now(), error=err)
            self._note_not_begun(settings, outcome)
            return outcome
        with self.workspace.database.lease(bound.id) as mine:
            if not mine:
                return Outcome(Result.BUSY, started, utc_now())
            store = NotingStore(self.workspace.database, bound.id, started)
            run = partial(self._run, bound, connector, progress, store)
            outcome = self._checked(bound, connector, run) if everything else run()
            again, outcome = self._folder_gone(settings, outcome)
            if not again:
                self._record(bound, outcome, store)
                return outcome
        return self.cycle(settings, connector, progress)  # once: the folder is as good as new now

    def _checked(self, bound: Bound, connector: Connector, run: Callable[[], Outcome]) -> Outcome:
        """A cycle that lists everything too."""
        if isinstance(bound.settings, FanoutBinding):
            try:
                look_for_folder(self.workspace, bound.settings, connector)
            except SyncError as err:
                return failed(err)
        return self._feed_check(bound, connector, run).look_at_everything()

    def _folder_gone(self, settings: BindingSettings, outcome: Outcome) -> tuple[bool, Outcome]:
        """Whether the cycle is to run again, because the folder of a fan-out is made anew."""
        error = outcome.error
        if not isinstance(error, CollectionGone) or not isinstance(settings, FanoutBinding):
            return False, outcome
        again = renew(self.workspace, settings)
        if again:
            self._bound.pop(settings.name, None)
        return again, dataclasses.replace(outcome, error=gone(settings, error))

    def _run(self, bound: Bound, connector: Connector, progress: Progress, store: NotingStore) -> Outcome:
        cycle = self.prepared(bound, connector)
        cycle.stopping = self._stopping
        cycle.store = store
        cycle.progress = progress
        started = utc_now()
        result, error = Result.OK, cast("SyncError | None", None)
        try:
            self.work(cycle)
        except Stopped:
            result = Result.STOPPED
        except SyncError as err:
            result, error = Result.FAILED, err
        except Exception as err:
            if not self._go_on or isinstance(err, StoreError):
                raise
            result, error = Result.FAILED, unexpected(err)
        return Outcome(result, started, utc_now(), cycle.counts, error)

    def work(self, cycle: Cycle) -> None:
        """What is done in a cycle: all there is to do."""
        run_cycle(cycle)

    def _feed_check(self, bound: Bound, connector: Connector, run: Callable[[], Outcome]) -> FeedCheck:
        known = known_versions(self.prepared(bound, connector))
        return FeedCheck(self.workspace.database, bound, connector, known, run)

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

    def _record(self, bound: Bound, outcome: Outcome, store: NotingStore) -> None:
        """Write how it ended, unless it wrote nothing and ended as the last one."""
        name, error, run_id = bound.settings.name, outcome.message, store.run_id
        counts = outcome.counts
        changed = run_id is not None or counts.changes or counts.quarantined or counts.conflicts
        if not changed and not store.began and self._told.get(name, "?" if outcome.error is None else "") == error:
            return
        with self.workspace.database.begin() as unit:
            connection = unit.session.connection
            if run_id is not None:
                finish_run(connection, run_id, finished_at=outcome.finished_at, **_told(outcome))
            elif changed or error:
                times: dict[str, Any] = {"started_at": outcome.started_at, "finished_at": outcome.finished_at}
                add_run(connection, binding_id=bound.id, **times, **_told(outcome))
            close_runs(connection, bound.id, outcome.finished_at)
            note_times(connection, {bound.id: times_of(outcome)})
            if outcome.error is None:
                set_account_state(connection, bound.settings.account, "ok", "", outcome.finished_at)
            elif outcome.needs_sign_in:
                set_account_state(connection, bound.settings.account, "needs_sign_in", error, outcome.finished_at)
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


def _told(outcome: Outcome) -> dict[str, Any]:
    return {"outcome": str(outcome.result), "counts": counts_of(outcome.counts), "message": outcome.message}


def counts_of(counts: RunCounts) -> dict[str, Any]:
    """Things done that are not zero."""
    return {name: value for name, value in dataclasses.asdict(counts).items() if value}
