"""One transaction on the store, as the engine sees it. `sync_engine.ports.UnitOfWork` says what the methods do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from storage.bindings import Bindings
from storage.cases import Cases
from storage.items_mover import move_item
from storage.items_reader import ItemsReader
from storage.items_writer import ItemsWriter
from storage.links import Links
from storage.outbox import Outbox
from storage.session import Session
from sync_engine.item import Item
from sync_engine.ports import (
    Binding,
    Clock,
    Cursor,
    FieldConflict,
    HubItem,
    Intent,
    IntentState,
    Link,
    Origin,
    Trouble,
)


class SqlUnitOfWork:
    """Implements `UnitOfWork`; get one from `Database.begin` or `Database.read`.

    ``session`` is for other parts of the storage room that read and write in the same transaction.
    """

    def __init__(self, connection: Connection, clock: Clock, *, writing: bool) -> None:
        self.session = Session(connection, clock, writing=writing)
        self._bindings = Bindings(self.session)
        self._links = Links(self.session)
        self._reader = ItemsReader(self.session)
        self._writer = ItemsWriter(self.session)
        self._outbox = Outbox(self.session)
        self._cases = Cases(self.session)

    def flush(self) -> None:
        """Send what waits to the database; `Database.begin` does it before it commits."""
        self.session.flush()

    def binding(self, binding_id: int) -> Binding:
        return self._bindings.binding(binding_id)

    def lock_collection(self, collection_id: int) -> None:
        self.session.lock(collection_id)

    def links(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Link]:
        return self._links.links(binding_id, remote_ids)

    def links_of_items(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, Link]:
        return self._links.links_of_items(binding_id, item_ids)

    def linked_remote_ids(self, binding_id: int) -> list[str]:
        return self._links.linked_remote_ids(binding_id)

    def missing_links(self, binding_id: int) -> list[Link]:
        return self._links.missing(binding_id)

    def count_links(self, binding_id: int) -> int:
        return self._links.count(binding_id)

    def meeting_links(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, list[Link]]:
        return self._links.meetings(binding_id, item_ids)

    def let_go(self, item_ids: Sequence[int]) -> None:
        self._links.let_go(item_ids)

    def items(self, item_ids: Sequence[int]) -> dict[int, HubItem]:
        return self._reader.items(item_ids)

    def items_by_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        return self._reader.items_by_uid(collection_id, uids)

    def items_by_remote_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        return self._reader.items_by_remote_uid(collection_id, uids)

    def look_alikes(self, binding_id: int, collection_id: int, fingerprints: Sequence[str]) -> dict[str, list[HubItem]]:
        return self._reader.look_alikes(binding_id, collection_id, fingerprints)

    def texts(self, revision_ids: Sequence[int]) -> dict[int, str]:
        return self._reader.texts(revision_ids)

    def revived(self, item_ids: Sequence[int]) -> set[int]:
        return self._reader.revived(item_ids)

    def actors(self, revision_ids: Sequence[int]) -> dict[int, str]:
        return self._reader.actors(revision_ids)

    def collection_seq(self, collection_id: int) -> int:
        return self._reader.collection_seq(collection_id)

    def changed_items(self, collection_id: int, after_seq: int, limit: int) -> list[HubItem]:
        return self._reader.changed_items(collection_id, after_seq, limit)

    def create_item(self, collection_id: int, item: Item, origin: Origin, *, href: str | None = None) -> HubItem:
        """`href`: its name in the URL, where a client chose one; raises StoreRefused when a live item has it."""
        return self._writer.create(collection_id, item, origin, href)

    def update_item(self, item_id: int, item: Item, origin: Origin, *, href: str | None = None) -> HubItem:
        """`href`: its new name in the URL; raises StoreRefused when another live item has it."""
        return self._writer.update(item_id, item, origin, href)

    def delete_item(self, item_id: int, origin: Origin) -> HubItem:
        return self._writer.delete(item_id, origin)

    def move_item(self, item_id: int, collection_id: int, href: str) -> None:
        """The same item under another name or in another collection, both locked; a tombstone stays behind."""
        move_item(self.session, item_id, collection_id, href)

    def keep_revision(self, item_id: int, text: str, origin: Origin) -> int:
        return self._writer.revision(item_id, text, "remote", origin)

    def save_link(self, link: Link) -> Link:
        return self._links.save(link)

    def delete_link(self, link_id: int) -> None:
        self._links.delete(link_id)

    def add_intents(self, intents: Iterable[Intent]) -> None:
        self._outbox.add(intents)

    def intents(self, binding_id: int, states: Sequence[IntentState], limit: int) -> list[Intent]:
        return self._outbox.intents(binding_id, states, limit)

    def set_intent_state(self, intent_ids: Sequence[int], state: IntentState, at: datetime | None = None) -> None:
        self._outbox.set_state(intent_ids, state, at)

    def delete_intents(self, intent_ids: Sequence[int]) -> None:
        self._outbox.delete(intent_ids)

    def set_cursor(self, binding_id: int, cursor: Cursor | None) -> None:
        self._bindings.set_cursor(binding_id, cursor)

    def set_hub_cursor(self, binding_id: int, seq: int) -> None:
        self._bindings.set_hub_cursor(binding_id, seq)

    def hold(self, binding_id: int, side: str, reason: str, samples: Sequence[str], item_ids: Sequence[int]) -> None:
        self._bindings.hold(binding_id, side, reason, samples, item_ids)

    def held(self, binding_id: int, side: str) -> frozenset[int]:
        return self._bindings.held(binding_id, side)

    def approved_items(self, binding_id: int, side: str) -> frozenset[int]:
        return self._bindings.approved_items(binding_id, side)

    def refused_items(self, binding_id: int) -> frozenset[int]:
        return self._bindings.refused_items(binding_id)

    def release_hold(self, binding_id: int, side: str) -> None:
        self._bindings.release_hold(binding_id, side)

    def use_up_approval(self, binding_id: int) -> None:
        self._bindings.use_up_approval(binding_id)

    def add_conflict(
        self,
        binding_id: int,
        item_id: int,
        fields: Sequence[FieldConflict],
        hub_revision: int,
        remote_revision: int,
        base_revision: int | None = None,
    ) -> None:
        self._cases.add_conflict(binding_id, item_id, fields, hub_revision, remote_revision, base_revision)

    def quarantine(self, binding_id: int, trouble: Trouble) -> None:
        self._cases.quarantine(binding_id, trouble)

    def quarantined(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Trouble]:
        return self._cases.by_remote_id(binding_id, remote_ids)

    def quarantined_uids(self, binding_id: int, uids: Sequence[str]) -> dict[str, Trouble]:
        return self._cases.by_uid(binding_id, uids)

    def unread_remote_ids(self, binding_id: int) -> list[str]:
        return self._cases.unread_remote_ids(binding_id)

    def to_read_again(self, binding_id: int) -> list[str]:
        return self._cases.to_read_again(binding_id)

    def release(self, binding_id: int, *, remote_ids: Sequence[str] = (), item_ids: Sequence[int] = ()) -> None:
        self._cases.release(binding_id, remote_ids, item_ids)
