"""Applies a saved plan: checks that everything still is as it says, then does exactly that (SYNC.md R33)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agendahub.failure import Failure
from agendahub.outcome import Outcome, Result, in_words
from agendahub.output import as_data
from agendahub.planning import Planned, os_user, plan_binding
from agendahub.texts import _
from agendahub.work import Worker
from agendahub.workspace import Workspace, utc_now
from config.settings import BindingSettings
from storage.admin_plans import PlanRow, applied, begin_plan, finish_plan
from storage.database import Database
from sync_engine.actions import Action
from sync_engine.context import Cycle, Progress
from sync_engine.errors import SyncError
from sync_engine.ports import Connector
from sync_engine.saved_plan import Difference, SavedPlan, differences
from sync_engine.saved_plan_gate import Gate, carry_out

_PATIENCE = 60.0  # seconds to wait for another worker of a binding

ConnectorOf = Callable[[BindingSettings], Connector]


@dataclass(slots=True)
class Check:
    """How a saved plan compares with what would be done now."""

    plan: SavedPlan
    planned: list[Planned] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def held(self) -> list[Action]:
        """Deletions that the brake holds now."""
        return [action for planned in self.planned for action in planned.plan.held]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan for one binding."""

    binding: str
    outcome: Outcome
    not_done: tuple[Action, ...]  # planned, but the item changed between the check and the write


def check(workspace: Workspace, plan: SavedPlan, connector_of: ConnectorOf) -> Check:
    """Plan again and compare. Raises Failure when it was applied already, and when an account cannot be asked."""
    _refuse_a_second_time(workspace.database, plan)
    found = Check(plan)
    for saved in plan.bindings:
        settings = workspace.settings.binding(saved.name)
        if settings is None:
            found.differences.append(Difference(saved.name, "settings", saved.name, _("the binding is gone")))
            continue
        try:
            now = plan_binding(workspace, settings, connector_of(settings))
        except SyncError as err:
            raise Failure(
                _("Nothing was done: {binding}: {error}").format(binding=saved.name, error=in_words(err))
            ) from err
        found.planned.append(now)
        found.differences += differences(saved, now.plan)
    return found


def apply(checked: Check, workspace: Workspace, connector_of: ConnectorOf, *, approved: bool) -> list[Applied]:
    """Do what was checked, binding by binding. An error of one account ends it: the plan is one thing."""
    done = []
    for planned in checked.planned:
        worker = _Applying(workspace, checked.plan, planned, approved=approved)
        outcome = _patiently(worker, planned.settings, connector_of(planned.settings))
        done.append(Applied(planned.settings.name, outcome, tuple(worker.gate.not_done)))
        if outcome.result is not Result.OK:
            break
    return done


class _Applying(Worker):
    """A worker whose cycle is the plan."""

    def __init__(self, workspace: Workspace, plan: SavedPlan, planned: Planned, *, approved: bool) -> None:
        super().__init__(workspace)
        self.gate = Gate(planned.plan.actions)
        self._plan, self._planned, self._approved = plan, planned, approved

    def work(self, cycle: Cycle) -> None:
        """The planned actions. That it was begun is written down before the first, that it is over after the last."""
        name = self._planned.settings.name
        with self.workspace.database.begin() as unit:
            rows = applied(unit.session.connection, self._plan.id)
            if any(row.binding == name for row in rows):
                raise _again(self._plan, rows)
            begin_plan(unit.session.connection, self._plan.id, name, os_user(), utc_now())
        carry_out(cycle, self.gate, self._planned.rehearsal.feeds, approved=self._approved)
        with self.workspace.database.begin() as unit:
            finish_plan(unit.session.connection, self._plan.id, name, utc_now())


def _patiently(worker: Worker, settings: BindingSettings, connector: Connector) -> Outcome:
    """The daemon may be at work on the binding just now."""
    end = time.monotonic() + _PATIENCE
    progress: Progress = lambda _what, _count: None  # noqa: E731
    while (outcome := worker.cycle(settings, connector, progress)).result is Result.BUSY:
        if time.monotonic() > end:
            break
        time.sleep(0.2)
    return outcome


def _refuse_a_second_time(database: Database, plan: SavedPlan) -> None:
    with database.read() as unit:
        rows = applied(unit.session.connection, plan.id)
    if rows:
        raise _again(plan, rows)


def _again(plan: SavedPlan, rows: Sequence[PlanRow]) -> Failure:
    at, actor = as_data(rows[-1].begun_at), rows[-1].actor
    if len(rows) == len(plan.bindings) and all(row.finished_at is not None for row in rows):
        text = _("This plan was applied already, on {at} by {actor}; nothing was done. For a new one: agendahub plan.")
    else:
        text = _(
            "This plan was begun on {at} by {actor} and broke off; what it did is done, nothing is lost. "
            "For the rest make a new one: agendahub plan."
        )
    return Failure(text.format(at=at, actor=actor))
