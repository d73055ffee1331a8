"""What the engine asks of the outside: a connector for each account, a store for the hub, and a clock.

Identifiers of remote items and collections are opaque and compared byte for byte (SYNC.md R29).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from sync_engine.errors import ItemError, OutcomeUnknown
from sync_engine.item import Item
from sync_engine.model import Kind, Record
from sync_engine.state import (
    Binding,
    Cursor,
    Direction,
    FieldConflict,
    HubItem,
    Intent,
    IntentState,
    Link,
    LinkState,
    Operation,
    Origin,
    Policy,
    Prefer,
    Role,
    RunCounts,
    Trouble,
)

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present time, timezone-aware UTC."""

KnownVersions: TypeAlias = Callable[[Sequence[str]], Mapping[str, str]]
"""Answers, for remote ids, the versions the hub already has; ids it does not know are absent."""


# ---------------------------------------------------------------- the remote side


@dataclass(frozen=True, slots=True)
class RemoteCollection:
    """A calendar, address book or task list at an account."""

    id: str
    name: str
    kinds: frozenset[Kind]
    read_only: bool = False
    color: str = ""  # #RRGGBB


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """One item at an account."""

    id: str
    version: str = ""  # a strong entity tag or change key; "" when the server gives none that can be trusted
    uid: str = field(default="", compare=False)  # of what was written: the system's own UID, where its answer tells
    role: Role | None = field(default=None, compare=False)  # ... and what its owner is in it


@dataclass(frozen=True, slots=True)
class Listed:
    """There, and in the version the hub knows: not read again."""

    ref: RemoteRef


@dataclass(frozen=True, slots=True)
class Changed:
    """New or changed, read in full. The version belongs to exactly this text.

    ``item.uid`` is the UID that the system itself gives. Where it cannot be chosen, ``known_as`` is the UID that we hid
    on the item when we made it; a copy that a user makes there carries it too (SYNC.md R37).
    """

    ref: RemoteRef
    item: Item
    known_as: str = ""
    role: Role = Role.NONE

    @property
    def as_written(self) -> RemoteRef:
        """The reference that a write with this outcome tells."""
        return RemoteRef(self.ref.id, self.ref.version, self.item.uid, self.role)


@dataclass(frozen=True, slots=True)
class Removed:
    """The server says it is gone."""

    id: str


@dataclass(frozen=True, slots=True)
class Broken:
    """There, but it cannot be read; kept raw and quarantined."""

    ref: RemoteRef
    raw: str
    error: ItemError


Change: TypeAlias = Listed | Changed | Removed | Broken


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a change feed.

    ``cursor`` is where to go on once this page is committed; None while there is no such place yet.
    ``complete`` ends a listing of the whole collection: what no page of this feed mentioned is not there any more.
    """

    changes: Sequence[Change]
    cursor: Cursor | None = None
    complete: bool = False


class Connector(Protocol):
    """Speaks one account. Raises only errors of `sync_engine.errors`. Used by one thread at a time."""

    carries: frozenset[
        str
    ]  # names of the record fields this system can hold; others are unknown there, never "deleted"

    def collections(self) -> Sequence[RemoteCollection]:
        """All collections the account can reach."""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """What changed after `since`; everything, ending in a ``complete`` page, when `since` is None.

        Items whose version the hub knows come as `Listed`. Nothing new: one request, and no page or one whose cursor
        may be `since`. Raises CursorExpired, SuspectListing.
        """

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Read items directly, one answer for each id; `Removed` only on the server's clear word."""

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        """The item that `create` with this key made, if it did (SYNC.md R06)."""

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        """Make an item; idempotent by `key`. Raises VersionConflict when something stands in its place."""

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Write if it is still in `ref.version`; `base` is what it held then. Raises VersionConflict (also: gone)."""

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """Delete if it is still in `ref.version`. Already gone is fine. Raises VersionConflict."""

    def close(self) -> None:
        """Give back connections."""


@runtime_checkable
class ReadBack(Protocol):
    """A capability: the system may keep something else than what was sent and not say so (CalDAV, CardDAV)."""

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """What the system keeps for items that were just written; answers as `fetch` does."""


@runtime_checkable
class Keeps(Protocol):
    """A capability: the system holds less than an item says, and the connector knows how much (Outlook).

    What it holds of an item that nobody touched there is then never taken for somebody's edit, whatever versions the
    system gives: some raise them by themselves.
    """

    def kept(self, record: Record) -> Record | None:
        """What is read of this record once it was written; None where that is not known. Asks no server."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a batch: without `ref` a creation, without `item` a deletion, else an update."""

    ref: RemoteRef | None
    item: Item | None
    base: Item | None = None  # of an update: what the remote held in `ref.version`
    key: str = ""  # of a creation: its idempotency key


Written: TypeAlias = RemoteRef | ItemError | OutcomeUnknown | None
"""What came of one write: the new reference, None for a deletion, or why it was not done or is not known."""


@runtime_checkable
class BatchWrites(Protocol):
    """A capability: many writes in one request (EWS bulk calls, Graph $batch)."""

    most_writes: int  # that one call of `write` may be given

    def write(self, collection: str, writes: Sequence[Write]) -> Iterator[Written]:
        """Carry out writes that have nothing to do with each other; one answer for each, in their order.

        Raises an AccountError when the rest was not sent: the writes that got no answer are untouched. A write that may
        have been carried out gets an answer: OutcomeUnknown.
        """


@runtime_checkable
class ManySteps(Protocol):
    """A capability of systems where a series is written by several requests: first the master, then its exceptions.

    `create` and `update` mark the master as unfinished with their first step, and unmark it with the last. When a later
    step cannot be made now they raise OutcomeUnknown; when it is refused for good, PartlyWritten.
    """

    def finish(self, collection: str, ref: RemoteRef | None, item: Item, key: str) -> None:
        """Go on with a write of exactly `item` that broke off between its steps; nothing where none did.

        `ref` is None for a creation, which is looked for by `key`.
        """


# ---------------------------------------------------------------- the hub side


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

    def set_intent_state(self, intent_ids: Sequence[int], state: IntentState) -> None:
        """Move intents on; SENT adds one to ``tries``."""

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


__all__ = [
    "BatchWrites",
    "Binding",
    "Broken",
    "Change",
    "Changed",
    "Clock",
    "Connector",
    "Cursor",
    "Direction",
    "FieldConflict",
    "HubItem",
    "Intent",
    "IntentState",
    "Keeps",
    "KnownVersions",
    "Link",
    "LinkState",
    "Listed",
    "ManySteps",
    "Operation",
    "Origin",
    "Page",
    "Policy",
    "Prefer",
    "ReadBack",
    "RemoteCollection",
    "RemoteRef",
    "Removed",
    "Role",
    "RunCounts",
    "Store",
    "Trouble",
    "UnitOfWork",
    "Write",
    "Written",
]
