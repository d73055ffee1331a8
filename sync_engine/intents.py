"""Which write brings a hub item's state to a remote."""

from __future__ import annotations

from collections.abc import Sequence

from sync_engine.context import Cycle
from sync_engine.ports import Binding, HubItem, Intent, Link, Operation, UnitOfWork


def plan_intents(cycle: Cycle, uow: UnitOfWork, binding: Binding, changed: Sequence[HubItem]) -> list[Intent]:
    """The writes that bring these items' changes to the remote; none for what came from there."""
    links = uow.links_of_items(binding.id, [item.id for item in changed])
    intents = (intent_for(cycle, binding, item, links.get(item.id)) for item in changed)
    return [intent for intent in intents if intent is not None]


def intent_for(cycle: Cycle, binding: Binding, item: HubItem, link: Link | None) -> Intent | None:
    """The intent that brings one item's state to the remote; None when the remote has it."""
    operation = needed(item, link)
    if operation is None:
        return None
    payload = link.base_revision if item.deleted and link else item.revision_id
    return Intent(0, binding.id, item.id, operation, cycle.new_key(), payload)


def needed(item: HubItem, link: Link | None) -> Operation | None:
    """The write that makes the remote hold what the hub holds."""
    if item.deleted:
        return Operation.DELETE if link else None
    if link is None:
        return Operation.CREATE
    return None if link.base_revision == item.revision_id else Operation.UPDATE
