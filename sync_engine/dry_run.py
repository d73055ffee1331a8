"""What a cycle would do, with its reasons. Sends reads only and writes nothing anywhere (SYNC.md R33)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sync_engine.context import Cycle
from sync_engine.decide import Outcome
from sync_engine.deliver import Delivery, load_deliveries
from sync_engine.errors import CursorExpired
from sync_engine.formats import with_uid
from sync_engine.intents import plan_intents
from sync_engine.item import Item
from sync_engine.merge_report import describe
from sync_engine.model import Contact, Record, starts_of, title_of
from sync_engine.plan import Planner, Step, View, What
from sync_engine.ports import Binding, Change, Changed, Cursor, Direction, Intent, IntentState, Operation, Removed
from sync_engine.pull import known_versions, load_view
from sync_engine.removals import plan_removals

_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One thing that a cycle would do."""

    side: str  # hub, remote
    operation: str  # create, change, delete, bring back, quarantine
    title: str
    starts: str
    reason: str
    remote_id: str
    fields: tuple[FieldChange, ...] = ()


def rehearse(cycle: Cycle) -> list[PlannedAction]:
    """The actions of the next cycle of a binding, in order. Raises AccountError."""
    with cycle.store.read() as uow:
        binding = uow.binding(cycle.binding_id)
    try:
        pulled = list(_pull(cycle, binding, binding.cursor))
    except CursorExpired:
        pulled = list(_pull(cycle, binding, None))
    return pulled + list(_push(cycle, binding))


def field_changes(before: Record | None, after: Record | None) -> tuple[FieldChange, ...]:
    """Which fields differ, in words."""
    old, new = _flat(before), _flat(after)
    names = sorted({*old, *new})
    return tuple(FieldChange(n, old.get(n, ""), new.get(n, "")) for n in names if old.get(n, "") != new.get(n, ""))


def _pull(cycle: Cycle, binding: Binding, since: Cursor | None) -> Iterator[PlannedAction]:
    seen: set[str] = set()
    complete = False
    gone: list[str] = []
    later: list[Changed] | None = [] if since is None else None
    for page in cycle.connector.changes(binding.remote_id, since, known_versions(cycle)):
        seen.update(c.id if isinstance(c, Removed) else c.ref.id for c in page.changes)
        gone += [c.id for c in page.changes if isinstance(c, Removed)]
        complete = page.complete
        yield from _steps(cycle, binding, page.changes, matching=since is None, later=later)
    yield from _steps(cycle, binding, later or (), matching=True, later=None)
    yield from _removals(cycle, binding, gone, seen if complete else None)


def _steps(
    cycle: Cycle, binding: Binding, changes: Sequence[Change], *, matching: bool, later: list[Changed] | None
) -> Iterator[PlannedAction]:
    with cycle.store.read() as uow:
        view = load_view(uow, binding, changes, matching=matching)
        steps = Planner(cycle.policy, cycle.connector.carries, view, cycle.clock(), later=later).steps(changes)
    yield from (_told(step, view) for step in steps if step.what not in (What.KEEP, What.ECHO, What.MISSING))


def _removals(cycle: Cycle, binding: Binding, gone: list[str], seen: set[str] | None) -> Iterator[PlannedAction]:
    with cycle.store.read() as uow:
        gone += [link.remote_id for link in uow.missing_links(binding.id)]
        gone += [i for i in uow.linked_remote_ids(binding.id) if seen is not None and i not in seen]
    answers = cycle.connector.fetch(binding.remote_id, gone) if gone else iter(())
    confirmed = [a.id for a in answers if isinstance(a, Removed)]
    with cycle.store.read() as uow:
        removals = plan_removals(cycle, uow, confirmed)
    for removal in removals:
        decision, remote_id = removal.decision, removal.link.remote_id
        if decision.outcome is Outcome.DELETE_IN_HUB:
            yield PlannedAction("hub", "delete", removal.title, "", decision.reason, remote_id)
        elif decision.outcome is Outcome.RECREATE:
            yield PlannedAction("remote", "create", removal.title, "", decision.reason, remote_id)


_TOLD = {
    What.NEW: ("hub", "create"),
    What.WRITE: ("hub", "change"),
    What.REVIVE: ("hub", "bring back"),
    What.PUSH: ("remote", "change"),
    What.DELETE_AT_REMOTE: ("remote", "delete"),
    What.QUARANTINE: ("hub", "quarantine"),
}


def _told(step: Step, view: View) -> PlannedAction:
    side, operation = _TOLD[step.what]
    before: Record | None = None
    if step.hub is not None and not step.hub.deleted and side == "hub":
        before = Item.stored(step.hub.kind, step.hub.uid, view.texts[step.hub.revision_id]).record
    elif side == "remote":
        before = step.meant
    diff = field_changes(before, step.record) if step.record else ()
    starts = starts_of(step.record) if step.record else ""
    return PlannedAction(side, operation, step.title, starts, step.reason, step.ref.id, diff)


def _push(cycle: Cycle, binding: Binding) -> Iterator[PlannedAction]:
    if cycle.policy.direction is Direction.IN:
        return
    with cycle.store.read() as uow:
        waiting = uow.intents(binding.id, [IntentState.READY, IntentState.SENT, IntentState.HELD], _MANY)
        changed = uow.changed_items(binding.collection_id, binding.hub_cursor, _MANY)
        fresh = plan_intents(cycle, uow, binding, changed)
        deliveries = load_deliveries(cycle, uow, binding, _newest(waiting, fresh))
    yield from (_delivered(d) for d in deliveries)


def _newest(waiting: Sequence[Intent], fresh: Sequence[Intent]) -> list[Intent]:
    return list(({i.item_id: i for i in waiting} | {i.item_id: i for i in fresh}).values())


def _delivered(delivery: Delivery) -> PlannedAction:
    record = delivery.payload.record
    deleting = delivery.operation is Operation.DELETE
    before = with_uid(delivery.base.record, record.uid) if delivery.base else None
    return PlannedAction(
        "remote",
        {Operation.UPDATE: "change"}.get(delivery.operation, str(delivery.operation)),
        title_of(record),
        starts_of(record),
        f"{'deleted' if deleting else 'changed' if delivery.link else 'new'} in the hub",
        delivery.link.remote_id if delivery.link else "",
        () if deleting or before is None else field_changes(before, record),
    )


def _flat(record: Record | None) -> dict[str, str]:
    if record is None:
        return {}
    if isinstance(record, Contact):
        return _fields(record, "")
    found = _fields(record.master, "")
    for override in record.overrides:
        found |= _fields(override, f"[{override.recurrence_id.value if override.recurrence_id else ''}].")
    return found


def _fields(details: Any, prefix: str) -> dict[str, str]:
    if details is None:
        return {}
    shown = {f.name: describe(getattr(details, f.name)) for f in fields(details) if f.compare}
    return {prefix + name: text for name, text in shown.items() if text and text != "False"}
