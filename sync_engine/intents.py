"""Which write brings a hub item's state to a remote."""

from __future__ import annotations

from collections.abc import Sequence

from sync_engine.context import Cycle
from sync_engine.item import Item
from sync_engine.ports import Binding, HubItem, Intent, IntentState, Link, Operation, UnitOfWork
from sync_engine.window import in_window

_ALL = 1_000_000


def plan_intents(cycle: Cycle, uow: UnitOfWork, binding: Binding, changed: Sequence[HubItem]) -> list[Intent]:
    """The writes that bring these items' changes to the remote; none for what came from there."""
    links = uow.links_of_items(binding.id, [item.id for item in changed])
    candidates = (intent_for(cycle, binding, item, links.get(item.id)) for item in changed)
    intents = [intent for intent in candidates if intent is not None]
    outside = _outside_window(cycle, uow, [i for i in intents if i.operation is Operation.CREATE])
    return [intent for intent in intents if intent.item_id not in outside]


def _outside_window(cycle: Cycle, uow: UnitOfWork, creations: Sequence[Intent]) -> set[int]:
    policy = cycle.policy
    if not creations or not (policy.window_days_past or policy.window_days_future):
        return set()
    texts, items = uow.texts([i.revision_id for i in creations]), uow.items([i.item_id for i in creations])
    now = cycle.clock()
    payloads = {i.item_id: Item.stored(items[i.item_id].kind, "", texts[i.revision_id]) for i in creations}
    outside = {number for number, payload in payloads.items() if not in_window(payload.record, policy, now)}
    return outside - (uow.revived(sorted(outside)) if outside else set())  # an undo reaches all accounts (SYNC.md R03)


def intent_for(cycle: Cycle, binding: Binding, item: HubItem, link: Link | None) -> Intent | None:
    """The intent that brings one item's state to the remote; None when the remote has it."""
    operation = needed(item, link)
    if operation is None:
        return None
    payload = link.base_revision if item.deleted and link else item.revision_id
    return Intent(0, binding.id, item.id, operation, cycle.new_key(), payload)


def outdated(cycle: Cycle, uow: UnitOfWork, binding: Binding) -> tuple[list[Intent], list[Intent]]:
    """Waiting intents that nobody needs any more, and new ones in place of those that say something else than needed.

    An item may be deleted before it was ever sent, or may be linked by a pull meanwhile.
    """
    waiting = uow.intents(binding.id, [IntentState.READY, IntentState.HELD, IntentState.FAILED], _ALL)
    items = uow.items([i.item_id for i in waiting])
    links = uow.links_of_items(binding.id, [i.item_id for i in waiting])
    pairs = [(i, intent_for(cycle, binding, items[i.item_id], links.get(i.item_id))) for i in waiting]
    return [old for old, new in pairs if new is None], [new for old, new in pairs if new and not _same(old, new)]


def _same(old: Intent, new: Intent) -> bool:
    if old.operation is not new.operation:
        return False
    return old.operation is Operation.DELETE or old.revision_id == new.revision_id


def needed(item: HubItem, link: Link | None) -> Operation | None:
    """The write that makes the remote hold what the hub holds."""
    if item.deleted:
        return Operation.DELETE if link else None
    if link is None:
        return Operation.CREATE
    return None if link.base_revision == item.revision_id else Operation.UPDATE
