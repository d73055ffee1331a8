"""A plan that was written down, and what has changed since (SYNC.md R33). docs/plan.md describes the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sync_engine.actions import Action

_HOW = {
    "hub": "it was changed in the hub since",
    "remote_version": "it was changed at the remote since",
    "remote": "it was changed at the remote since",
    "base": "it was synced since",
}


@dataclass(frozen=True, slots=True)
class BindingPlan:
    """What is to be done for one binding."""

    name: str
    settings: Mapping[str, str]  # the binding and its account, as they were configured; in words
    last_plan: str  # the plan that was applied last when this one was made; "": none
    actions: tuple[Action, ...]

    @property
    def held(self) -> tuple[Action, ...]:
        """Deletions over the brake."""
        return tuple(action for action in self.actions if action.held)


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan for some bindings."""

    id: str
    created_at: str  # ISO 8601, UTC
    created_by: str
    bindings: tuple[BindingPlan, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the plan says."""

    binding: str
    kind: str  # settings, plan, changed, gone, new
    title: str
    message: str  # one sentence


def differences(saved: BindingPlan, now: BindingPlan) -> list[Difference]:
    """What is not as it was when the plan was made; nothing when it may be applied."""
    return [*_of_settings(saved, now), *_of_plans(saved, now), *_of_actions(saved, now)]


def _of_settings(saved: BindingPlan, now: BindingPlan) -> Iterator[Difference]:
    for name in sorted({*saved.settings, *now.settings}):
        old, new = saved.settings.get(name, ""), now.settings.get(name, "")
        if old != new:
            message = f"the configuration says {name} = {new or 'nothing'} now, it said {old or 'nothing'}"
            yield Difference(saved.name, "settings", name, message)


def _of_plans(saved: BindingPlan, now: BindingPlan) -> Iterator[Difference]:
    if saved.last_plan != now.last_plan:
        message = f"another plan ({now.last_plan or 'none'}) was applied since"
        yield Difference(saved.name, "plan", now.last_plan, message)


def _of_actions(saved: BindingPlan, now: BindingPlan) -> Iterator[Difference]:
    planned, found = ({a.identity: a for a in plan.actions} for plan in (saved, now))
    gone = [a for identity, a in planned.items() if identity not in found]
    new = {a.subject: a for identity, a in found.items() if identity not in planned}
    for action in gone:
        other = new.pop(action.subject, None)
        if other is None:
            yield Difference(saved.name, "gone", action.title, f"no longer to be done: {_said(action)}")
        else:
            yield Difference(saved.name, "changed", other.title, f"{_said(action)}: {_how(action, other)}")
    for action in new.values():
        yield Difference(saved.name, "new", action.title, f"not in the plan: {_said(action)} ({action.reason})")


def _said(action: Action) -> str:
    where = "in the hub" if action.side == "hub" else "at the remote"
    return f"{action.operation} {action.title!r} {where}"


def _how(planned: Action, found: Action) -> str:
    told = [words for name, words in _HOW.items() if getattr(planned.upon, name) != getattr(found.upon, name)]
    if planned.operation != found.operation:
        told.append(f"now it would be: {found.operation}")
    return "; ".join(dict.fromkeys(told)) or "it would have another outcome now"
