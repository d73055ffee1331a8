"""What the engine asks of the hub's store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sync_engine.item import Item
from sync_engine.state import (
    Binding,
    Cursor,
    FieldConflict,
    HubItem,
    Intent,
    IntentState,
    Link,
    Origin,
    Trouble,
)


class UnitOfWork(Protocol):
    """One transaction on the hub's store. All of it is committed, or nothing."""

    def binding(self, binding_id: int) -> Binding:
        """The binding as stored."""

    def lock_collection(self, collection_id: int) -> None:
        """Wait until no other transaction writes this collection. Before reading what a write will depend on."""

    def links(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Link]:
        """Links by remote id."""

    def links_of_items(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, Link]:
        """Links by hub item id."""

    def linked_remote_ids(self, binding_id: int) -> list[str]:
        """Every remote id that is linked and not already missing. Linear: for complete listings only."""

    def missing_links(self, binding_id: int) -> list[Link]:
        """Links in state MISSING."""

    def count_links(self, binding_id: int) -> int:
        """How many items both sides share: what the brake's percentage is of."""

    def items(self, item_ids: Sequence[int]) -> dict[int, HubItem]:
        """Hub items by id, tombstones too."""

    def meeting_links(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, list[Link]]:
        """For each item the links that *other* bindings have to it and that have a role in a meeting; none LEFT."""

    def let_go(self, item_ids: Sequence[int]) -> None:
        """Guests' links of these items are LEFT, in all bindings: what they were copies of has gone."""

    def items_by_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        """For each UID the live item, else its newest tombstone."""

    def items_by_remote_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        """For each UID the item that some remote knows by it and the hub by another; one that lives, if there is one.

        Of all bindings of the collection: one meeting has one UID in all mailboxes (SYNC.md R12).
        """

    def look_alikes(self, binding_id: int, collection_id: int, fingerprints: Sequence[str]) -> dict[str, list[HubItem]]:
        """Live items with this content fingerprint that this binding does not link yet."""

    def texts(self, revision_ids: Sequence[int]) -> dict[int, str]:
        """Texts of revisions."""

    def revived(self, item_ids: Sequence[int]) -> set[int]:
        """Which of these items were deleted once and came back to life."""

    def actors(self, revision_ids: Sequence[int]) -> dict[int, str]:
        """Who made revisions: `Origin.actor`."""

    def collection_seq(self, collection_id: int) -> int:
        """The newest number of a collection's sequence of changes."""

    def changed_items(self, collection_id: int, after_seq: int, limit: int) -> list[HubItem]:
        """Items (and tombstones) whose last change has a number above `after_seq`, in order."""

    def create_item(self, collection_id: int, item: Item, origin: Origin) -> HubItem:
        """Store a new item with its first revision."""

    def update_item(self, item_id: int, item: Item, origin: Origin) -> HubItem:
        """Store a new revision; a tombstone comes back to life under its own id."""

    def delete_item(self, item_id: int, origin: Origin) -> HubItem:
        """Turn an item into a tombstone; its revisions stay for undo."""

    def keep_revision(self, item_id: int, text: str, origin: Origin) -> int:
        """Keep a text that is not the item's current one: what a remote holds, or the loser of a conflict."""

    def save_link(self, link: Link) -> Link:
        """Insert (id 0) or update a link."""

    def delete_link(self, link_id: int) -> None:
        """Forget a link."""

    def add_intents(self, intents: Iterable[Intent]) -> None:
        """Queue writes. An open intent of the same binding and item is replaced, unless it was already SENT."""

    def intents(self, binding_id: int, states: Sequence[IntentState], limit: int) -> list[Intent]:
        """Queued writes, oldest first."""

    def set_intent_state(self, intent_ids: Sequence[int], state: IntentState, at: datetime | None = None) -> None:
        """Move intents on; SENT adds one to ``tries`` and keeps `at`, the present time, as ``sent_at``."""

    def delete_intents(self, intent_ids: Sequence[int]) -> None:
        """Done with these."""

    def set_cursor(self, binding_id: int, cursor: Cursor | None) -> None:
        """Remember how far the remote's feed was pulled."""

    def set_hub_cursor(self, binding_id: int, seq: int) -> None:
        """Remember how far intents were made for the hub's changes."""

    def hold(self, binding_id: int, side: str, reason: str, samples: Sequence[str], item_ids: Sequence[int]) -> None:
        """Record that the brake holds deletions of these hub items on `side` ("hub" or "remote").

        It takes the place of an older record of that side. `samples`: titles.
        """

    def held(self, binding_id: int, side: str) -> frozenset[int]:
        """Hub items whose deletion the brake holds on that side."""

    def approved_items(self, binding_id: int, side: str) -> frozenset[int]:
        """Hub items whose deletion on that side an admin let pass: those that were held when he did."""

    def refused_items(self, binding_id: int) -> frozenset[int]:
        """Hub items whose deletion in the hub an admin refused: they are to be made again at the remote."""

    def release_hold(self, binding_id: int, side: str) -> None:
        """The brake holds nothing on that side any more."""

    def use_up_approval(self, binding_id: int) -> None:
        """The cycle that an admin's answer was for is over: what he approved or refused is forgotten."""

    def add_conflict(
        self,
        binding_id: int,
        item_id: int,
        fields: Sequence[FieldConflict],
        hub_revision: int,
        remote_revision: int,
        base_revision: int | None = None,
    ) -> None:
        """Keep what lost, restorable; `base_revision`: what both sides had agreed on, None if they never did."""

    def quarantine(self, binding_id: int, trouble: Trouble) -> None:
        """Record or renew an entry, by remote id or else by item id."""

    def quarantined(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Trouble]:
        """Entries by remote id."""

    def quarantined_uids(self, binding_id: int, uids: Sequence[str]) -> dict[str, Trouble]:
        """Entries about a duplicate of an item with one of these UIDs: they hold a readable item."""

    def unread_remote_ids(self, binding_id: int) -> list[str]:
        """Remote ids of all entries about reading: items that are there and not in the hub. For complete listings."""

    def to_read_again(self, binding_id: int) -> list[str]:
        """Remote ids of entries that an admin asked to retry, or that are due: their remote_version is empty."""

    def release(self, binding_id: int, *, remote_ids: Sequence[str] = (), item_ids: Sequence[int] = ()) -> None:
        """Remove entries: the item is well again, or gone."""


class Store(Protocol):
    """The hub's database, as the engine sees it."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A write transaction: committed at the end, rolled back by an exception."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A consistent view for reading."""
