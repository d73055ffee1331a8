"""Carry out one intent at the remote, under its condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync_engine.context import Cycle
from sync_engine.errors import Rejected
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.ports import (
    Binding,
    HubItem,
    Intent,
    Link,
    LinkState,
    Operation,
    Policy,
    RemoteRef,
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

    @property
    def operation(self) -> Operation:
        """The intent's operation, as the links stand now: what was made meanwhile is updated, what went is made."""
        if self.intent.operation is Operation.DELETE:
            return Operation.DELETE
        return Operation.UPDATE if self.link else Operation.CREATE


class PingPong(Rejected):
    """Written again and again: somebody else keeps changing it back (SYNC.md R21)."""


def load_deliveries(uow: UnitOfWork, binding: Binding, intents: Sequence[Intent]) -> list[Delivery]:
    """Read what carrying out these intents needs, in a fixed number of queries."""
    items = uow.items([i.item_id for i in intents])
    links = uow.links_of_items(binding.id, [i.item_id for i in intents])
    revisions = {i.revision_id for i in intents} | {_kept(link) for link in links.values()}
    texts = uow.texts(sorted(revisions))
    return [_load(i, items[i.item_id], links.get(i.item_id), texts) for i in intents]


def _load(intent: Intent, hub: HubItem, link: Link | None, texts: dict[int, str]) -> Delivery:
    payload = Item.stored(hub.kind, hub.uid, texts[intent.revision_id])
    base = Item.stored(hub.kind, hub.uid, texts[_kept(link)]) if link else None
    if link and base and link.remote_uid != hub.uid:
        payload, base = (Item.of(with_uid(item.record, link.remote_uid)) for item in (payload, base))
    return Delivery(intent, hub, link, payload, base)


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
    if link.state is LinkState.FROZEN or counted(link, cycle.clock(), cycle.policy)[1] > cycle.policy.write_limit:
        raise PingPong(
            f"Written {link.window_writes} times within {cycle.policy.write_hours:g} hours: something else keeps "
            "changing it. It is frozen until you run: agendahub quarantine retry"
        )
    return connector.update(binding.remote_id, ref, delivery.payload, delivery.base)


def counted(link: Link, now: datetime, policy: Policy) -> tuple[datetime, int]:
    """The window in which writes are counted, and how many there are with one more."""
    if link.window_start is None or now - link.window_start > timedelta(hours=policy.write_hours):
        return now, 1
    return link.window_start, link.window_writes + 1
