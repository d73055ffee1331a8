"""What an undo would do, item by item, and doing it. Like any other change it then goes to every linked account (R03).

`agendahub.inverse` says what becomes of an item. All of an undo is one transaction; it has a run of its own, so that it
can be undone by that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from agendahub.inverse import Inverse, Turn, take_back
from agendahub.refusals import Missing, Stale
from agendahub.restoring import blocked, not_older, under_own_uid
from agendahub.texts import _
from storage.admin_history import EVERYTHING, Scope, VersionRow, add_run, changes, created_at, revision, timelines
from storage.limits import check_item
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.actions import FieldChange
from sync_engine.errors import ItemError
from sync_engine.field_diff import field_changes
from sync_engine.item import Item
from sync_engine.model import starts_of, title_of
from sync_engine.ports import HubItem, Origin

PUT_BACK, BRING_BACK, DELETE, SKIP = "put back", "bring back", "delete", "skip"
_AT_ONCE = timedelta(minutes=1)  # the first version is written in the transaction that makes the item


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one item."""

    item_id: int
    title: str
    starts: str
    action: str  # put back, bring back, delete, skip
    reason: str
    fields: tuple[FieldChange, ...]  # what changes
    kept: tuple[str, ...]  # fields that were changed again later and stay as they are
    accounts: tuple[str, ...]  # who gets it
    digest: str  # of the text that it will have; empty when it is deleted or skipped


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, and what the items become by them."""

    steps: tuple[Step, ...]
    wanted: Mapping[int, Item | None]  # None: it is deleted. Skipped ones are not in it

    @property
    def mark(self) -> str:
        """Identifies what this would do: another one when it would do something else."""
        told = "\n".join(f"{s.item_id} {s.action} {s.digest}" for s in self.steps)
        return hashlib.sha256(told.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be undone: all changes of a scope; or of one item the newest change, or all since a version."""

    scope: Scope = EVERYTHING
    item_id: int | None = None
    version: int | None = None
    force: bool = False
    name: str = ""  # what it is called in the list of runs: "undo of run 12"


@dataclass(frozen=True, slots=True)
class _History:
    """One item: its versions, and which of them are to be taken back."""

    hub: HubItem
    versions: list[VersionRow]
    mine: set[int]
    begun: bool  # the first version that is kept is the first that was


def plan_undo(unit: SqlUnitOfWork, wish: Wish, targets: Mapping[int, Sequence[str]]) -> Plan:
    """What would be done. `targets`: for each hub collection who gets its changes. Raises Missing.

    In a transaction that writes, nobody else changes the items until it ends.
    """
    if wish.item_id is not None and wish.version is not None:
        found = [_put_back(unit, wish.item_id, wish.version)]
    else:
        found = [(history.hub, _taken_back(unit, history, force=wish.force)) for history in _histories(unit, wish)]
    found = [(hub, _not_older(unit, hub, inverse)) for hub, inverse in found]
    steps = [(_step(unit, hub, inverse, targets), inverse.item) for hub, inverse in found]
    return Plan(
        tuple(step for step, _item in steps), {step.item_id: item for step, item in steps if step.action != SKIP}
    )


def carry_out(unit: SqlUnitOfWork, plan: Plan, wish: Wish, origin: Origin, expected: str = "") -> tuple[int, int]:
    """Do it; gives how many items were changed, and the run that this was (0: nothing was done).

    `expected`: the mark of the plan that somebody agreed to. Raises Stale.
    """
    if expected not in ("", plan.mark):
        raise Stale(_("The items were changed meanwhile, so this would do something else; look at it again."))
    if not plan.wanted:
        return 0, 0
    now = unit.session.now()
    counts = {"undone": len(plan.wanted)}
    run = add_run(
        unit.session.connection, binding_id=None, started_at=now, finished_at=now, outcome="ok", counts=counts,
        message=wish.name or "undo",
    )  # fmt: skip
    for item_id, item in plan.wanted.items():
        if item is None:
            unit.delete_item(item_id, Origin(origin.actor, run))
        else:
            unit.update_item(item_id, item, Origin(origin.actor, run))
    return len(plan.wanted), run


# ---------------------------------------------------------------- which changes


def _histories(unit: SqlUnitOfWork, wish: Wish) -> list[_History]:
    """The items that are meant, in the order of the first change that is taken back."""
    connection, mine = unit.session.connection, dict[int, set[int]]()
    if wish.item_id is not None and wish.scope == EVERYTHING:
        mine[wish.item_id] = set()
    else:
        for row in reversed(changes(connection, wish.scope)):
            mine.setdefault(row.item_id, set()).add(row.id)
    _lock(unit, list(mine))
    hubs, versions, made = unit.items(list(mine)), timelines(connection, list(mine)), created_at(connection, list(mine))
    found = []
    for item_id, ids in mine.items():
        rows = versions[item_id]
        if not rows:
            raise Missing(_("No version of this item is kept, so there is nothing to undo."))
        begun = rows[0].at - made[item_id] < _AT_ONCE
        found.append(_History(hubs[item_id], rows, ids or {rows[-1].id}, begun))
    return found


def _lock(unit: SqlUnitOfWork, item_ids: Sequence[int]) -> None:
    if unit.session.writing:
        for collection_id in sorted({hub.collection_id for hub in unit.items(item_ids).values()}):
            unit.lock_collection(collection_id)


# ---------------------------------------------------------------- what becomes of the items


def _taken_back(unit: SqlUnitOfWork, history: _History, *, force: bool) -> Inverse:
    hub, rows = history.hub, history.versions
    current = _current(unit, hub)
    if rows[0].id in history.mine and not history.begun and rows[0].role != "deleted":
        return Inverse(current, _("the version before is no longer kept"))
    try:
        inverse = take_back(current, _turns(unit, history), force=force)
    except ItemError as err:
        return Inverse(current, str(err))
    return _explained(inverse, history)


def _turns(unit: SqlUnitOfWork, history: _History) -> list[Turn]:
    """Neighbouring changes are taken back together; the latest first."""
    rows, turns = history.versions, list[Turn]()
    places = [n for n, row in enumerate(rows) if row.id in history.mine]
    for _key, group in groupby(enumerate(places), lambda pair: pair[1] - pair[0]):
        part = [place for _n, place in group]
        before = rows[part[0] - 1] if part[0] else None
        turns.append(Turn(_version(unit, history.hub, before), _version(unit, history.hub, rows[part[-1]])))
    return turns[::-1]


def _explained(inverse: Inverse, history: _History) -> Inverse:
    """Whose later changes they are that stay."""
    if not (inverse.problem or inverse.kept):
        return inverse
    first = min(history.mine)
    others = dict.fromkeys(row.actor for row in history.versions if row.id > first and row.id not in history.mine)
    whose = _("{what} by {who}").format(what=inverse.problem or _("changed later"), who=", ".join(others))
    return Inverse(inverse.item, whose if others else inverse.problem, inverse.kept)


def _put_back(unit: SqlUnitOfWork, item_id: int, revision_id: int) -> tuple[HubItem, Inverse]:
    _lock(unit, [item_id])
    wanted = revision(unit.session.connection, revision_id)  # of a remote, too: the loser of a conflict (R07)
    if wanted is None or wanted.item_id != item_id:
        hint = _("This item has no version {version}; `agendahub history {item}` shows them.")
        raise Missing(hint.format(version=revision_id, item=item_id))
    hub = unit.items([item_id])[item_id]
    return hub, Inverse(under_own_uid(hub, wanted.text))


def _not_older(unit: SqlUnitOfWork, hub: HubItem, inverse: Inverse) -> Inverse:
    if inverse.item is None:
        return inverse
    return replace(inverse, item=not_older(inverse.item, _text(unit, hub, hub.revision_id)))


def _current(unit: SqlUnitOfWork, hub: HubItem) -> Item | None:
    return None if hub.deleted else _text(unit, hub, hub.revision_id)


def _version(unit: SqlUnitOfWork, hub: HubItem, row: VersionRow | None) -> Item | None:
    return None if row is None or row.role == "deleted" else _text(unit, hub, row.id)


def _text(unit: SqlUnitOfWork, hub: HubItem, revision_id: int) -> Item:
    return under_own_uid(hub, unit.texts([revision_id])[revision_id])


# ---------------------------------------------------------------- telling


def _step(unit: SqlUnitOfWork, hub: HubItem, inverse: Inverse, targets: Mapping[int, Sequence[str]]) -> Step:
    current, wanted = _current(unit, hub), inverse.item
    shown = wanted or current or _text(unit, hub, hub.revision_id)
    action, reason = _action(unit, hub, current, inverse)
    return Step(
        hub.id,
        title_of(shown.record),
        starts_of(shown.record),
        action,
        reason,
        () if action == SKIP else field_changes(current.record if current else None, wanted.record if wanted else None),
        inverse.kept,
        () if action == SKIP else tuple(targets.get(hub.collection_id, ())),
        wanted.digest if wanted and action != SKIP else "",
    )


def _action(unit: SqlUnitOfWork, hub: HubItem, current: Item | None, inverse: Inverse) -> tuple[str, str]:
    wanted = inverse.item
    if (wanted and current and wanted.text == current.text) or (wanted is None and current is None):
        return SKIP, inverse.problem or _("nothing is left to undo")
    if wanted is None:
        return DELETE, inverse.problem or _("it was not there before")
    why = blocked(unit, hub) or _too_large(wanted)
    if why:
        return SKIP, why
    return (BRING_BACK if current is None else PUT_BACK), inverse.problem


def _too_large(item: Item) -> str:
    try:
        check_item(item)
    except ItemError as err:
        return str(err)
    return ""
