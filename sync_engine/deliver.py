"""Carry out one intent at the remote, under its condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sync_engine import ping_pong
from sync_engine.context import Cycle
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.merge import merge
from sync_engine.model import Contact
from sync_engine.ping_pong import weight_of
from sync_engine.ports import (
    Binding,
    HubItem,
    Intent,
    Link,
    Operation,
    Prefer,
    RemoteRef,
    Role,
    UnitOfWork,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """An intent with all that carrying it out needs."""

    intent: Intent
    hub: HubItem
    link: Link | None
    payload: Item  # under the UID that the remote knows it by
    base: Item | None  # what the remote held when both sides last agreed, as it keeps it
    weight: int  # how much the write counts as ping-pong
    apart: bool = False  # the remote is to keep what is its own: the payload is the hub's change to what it holds

    @property
    def idle(self) -> bool:
        """Whether the remote holds it already."""
        return self.apart and self.base is not None and self.base.record == self.payload.record

    @property
    def operation(self) -> Operation:
        """The intent's operation, as the links stand now: what was made meanwhile is updated, what went is made."""
        if self.intent.operation is Operation.DELETE:
            return Operation.DELETE
        return Operation.UPDATE if self.link else Operation.CREATE


def load_deliveries(cycle: Cycle, uow: UnitOfWork, binding: Binding, intents: Sequence[Intent]) -> list[Delivery]:
    """Read what carrying out these intents needs, in a fixed number of queries."""
    items = uow.items([i.item_id for i in intents])
    links = uow.links_of_items(binding.id, [i.item_id for i in intents])
    revisions = {i.revision_id for i in intents}
    revisions |= {r for link in links.values() for r in (link.base_revision, _kept(link))}
    texts = uow.texts(sorted(revisions))
    weights = _weights(cycle, uow, intents, links)
    return [_load(i, items[i.item_id], links.get(i.item_id), texts, weights.get(i.id, 0)) for i in intents]


def _weights(cycle: Cycle, uow: UnitOfWork, intents: Sequence[Intent], links: dict[int, Link]) -> dict[int, int]:
    again = [(i, links[i.item_id]) for i in intents if i.operation is not Operation.DELETE and i.item_id in links]
    if not again:
        return {}
    actors = uow.actors(sorted({n for i, link in again for n in (i.revision_id, link.base_revision)}))
    return {i.id: weight_of(i, link, actors, cycle.origin.actor) for i, link in again}


def _load(intent: Intent, hub: HubItem, link: Link | None, texts: dict[int, str], weight: int) -> Delivery:
    payload = Item.stored(hub.kind, hub.uid, texts[intent.revision_id])
    base = Item.stored(hub.kind, hub.uid, texts[_kept(link)]) if link else None
    apart = link is not None and link.role is Role.GUEST and intent.operation is not Operation.DELETE
    if link and base and apart and (apart := link.echo_revision is not None):
        agreed = Item.stored(hub.kind, hub.uid, texts[link.base_revision])
        payload = _changed(agreed, payload, base)
    elif link and base and link.echo_revision is not None:
        agreed = Item.stored(hub.kind, hub.uid, texts[link.base_revision])
        payload, apart = _with_picture(agreed, payload, base)
    if link and base and link.remote_uid != hub.uid:
        payload, base = (Item.of(with_uid(item.record, link.remote_uid)) for item in (payload, base))
    return Delivery(intent, hub, link, payload, base, weight, apart)


def _changed(agreed: Item, hub: Item, kept: Item) -> Item:
    """What a guest's mailbox keeps, with what the hub changed since both agreed: the rest is each guest's own."""
    base, ours, theirs = (with_uid(item.record, hub.uid) for item in (agreed, hub, kept))
    return Item.read(Item.of(merge(base, ours, theirs, Prefer.HUB).record).text)


def _with_picture(agreed: Item, hub: Item, kept: Item) -> tuple[Item, bool]:
    """A picture that the remote encodes anew is not sent again with each other change (SYNC.md R20)."""
    before, ours, theirs = agreed.record, hub.record, kept.record
    if not (isinstance(before, Contact) and isinstance(ours, Contact) and isinstance(theirs, Contact)):
        return hub, False
    if theirs.photo is None or ours.photo != before.photo or ours.photo in (None, theirs.photo):
        return hub, False
    return Item.of(replace(ours, photo=theirs.photo)), True


def _kept(link: Link) -> int:
    return link.base_revision if link.echo_revision is None else link.echo_revision


def deliver(cycle: Cycle, binding: Binding, delivery: Delivery) -> RemoteRef | None:
    """Write. Returns the item's new reference; None when there is nothing at the remote now."""
    link, connector = delivery.link, cycle.connector
    if delivery.operation is Operation.CREATE:
        return connector.create(binding.remote_id, delivery.payload, delivery.intent.key)
    if link is None:
        return None
    ref = RemoteRef(link.remote_id, link.remote_version)
    if delivery.operation is Operation.DELETE:
        connector.delete(binding.remote_id, ref)
        return None
    ping_pong.check(link, delivery.weight, cycle.clock(), cycle.policy)
    return connector.update(binding.remote_id, ref, delivery.payload, delivery.base)
