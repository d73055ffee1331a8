"""Which write brings a hub item's state to a remote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sync_engine.context import Cycle
from sync_engine.item import Item
from sync_engine.meetings import Standing, standing
from sync_engine.ports import Binding, HubItem, Intent, IntentState, Link, LinkState, Operation, Role, UnitOfWork
from sync_engine.window import in_window

_ALL = 1_000_000


def plan_intents(cycle: Cycle, uow: UnitOfWork, binding: Binding, changed: Sequence[HubItem]) -> list[Intent]:
    """The writes that bring these items' changes to the remote; none for what came from there."""
    intents = further_intents(cycle, uow, binding, changed)
    outside = _outside_window(cycle, uow, [i for i in intents if i.operation is Operation.CREATE])
    return [intent for intent in intents if intent.item_id not in outside]


def further_intents(cycle: Cycle, uow: UnitOfWork, binding: Binding, items: Sequence[HubItem]) -> list[Intent]:
    """The same, for items that the window does not keep back."""
    links = uow.links_of_items(binding.id, [item.id for item in items])
    quiet = _quiet(uow, binding, items, links)
    found = (intent_for(cycle, binding, i, links.get(i.id)) for i in items if i.id not in quiet)
    return [intent for intent in found if intent is not None]


def _quiet(uow: UnitOfWork, binding: Binding, items: Iterable[HubItem], links: Mapping[int, Link]) -> set[int]:
    """Items of which nothing goes to this remote: a guest's copies, to which the organiser's changes come anyway."""
    of_guests = [item for item in items if item.id in links and links[item.id].role is Role.GUEST]
    if not of_guests:
        return set()
    meetings = uow.meeting_links(binding.id, [item.id for item in of_guests])
    actors = uow.actors([item.revision_id for item in of_guests])
    quiet: set[int] = set()
    for item in of_guests:
        elsewhere = meetings.get(item.id, [])
        place = standing(Role.GUEST, elsewhere)
        from_guests = place is Standing.SHARES and _is_of(uow, (links[item.id], *elsewhere), actors[item.revision_id])
        if place is Standing.FOLLOWS or (from_guests and not item.deleted):
            quiet.add(item.id)
    return quiet


def _is_of(uow: UnitOfWork, links: Iterable[Link], actor: str) -> bool:
    """Whether a pull of one of these links' bindings made a revision."""
    return any(actor in uow.binding(link.binding_id).actors for link in links)


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
    if operation is None or (operation is Operation.CREATE and item.kind not in cycle.policy.kinds):
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
    quiet = _quiet(uow, binding, items.values(), links)
    pairs = [(i, intent_for(cycle, binding, items[i.item_id], links.get(i.item_id))) for i in waiting]
    pairs = [(old, None if old.item_id in quiet else new) for old, new in pairs]
    return [old for old, new in pairs if new is None], [new for old, new in pairs if new and not _same(old, new)]


def _same(old: Intent, new: Intent) -> bool:
    if old.operation is not new.operation:
        return False
    return old.operation is Operation.DELETE or old.revision_id == new.revision_id


def needed(item: HubItem, link: Link | None) -> Operation | None:
    """The write that makes the remote hold what the hub holds."""
    if link and link.state is LinkState.LEFT:
        return None
    if item.deleted:
        return Operation.DELETE if link else None
    if link is None:
        return Operation.CREATE
    return None if link.base_revision == item.revision_id else Operation.UPDATE
