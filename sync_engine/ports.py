"""What the engine asks of the outside: a connector for each account, a store for the hub, and a clock.

Identifiers of remote items and collections are opaque and compared byte for byte (SYNC.md R29).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Kind

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present time, timezone-aware UTC."""

Cursor: TypeAlias = str
"""Where a change feed was last read. Opaque; only the connector that made it reads it."""

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


@dataclass(frozen=True, slots=True)
class Listed:
    """There, and in the version the hub knows: not read again."""

    ref: RemoteRef


@dataclass(frozen=True, slots=True)
class Changed:
    """New or changed, read in full. The version belongs to exactly this text."""

    ref: RemoteRef
    item: Item


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


# ---------------------------------------------------------------- the hub side


class Direction(StrEnum):
    """Which way a binding carries changes."""

    BOTH = "both"
    IN = "in"  # from the remote to the hub only
    OUT = "out"  # from the hub to the remote only


class Prefer(StrEnum):
    """Who wins when the same field was changed on both sides."""

    HUB = "hub"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a binding may do."""

    direction: Direction = Direction.BOTH
    prefer: Prefer = Prefer.HUB
    brake_count: int = 10  # deletions in one cycle that are never held ...
    brake_percent: float = 10.0  # ... nor as many as this part of the collection; more are held for approval
    settle_seconds: float = 300.0  # how long our own new item may be absent from a listing (SYNC.md R22)
    write_limit: int = 20  # writes of one item ...
    write_hours: float = 1.0  # ... in this time; more looks like ping-pong and freezes it (SYNC.md R21)
    window_days_past: int = 0  # events that ended earlier are not begun to sync; 0: no limit
    window_days_future: int = 0  # events that start later are not begun either; 0: no limit


@dataclass(frozen=True, slots=True)
class Binding:
    """One hub collection tied to one remote collection."""

    id: int
    name: str
    account: str
    collection_id: int
    remote_id: str
    cursor: Cursor | None = None  # the remote's feed, as far as it was pulled
    hub_cursor: int = 0  # the hub collection's sequence, as far as intents were made for it
    approved: bool = False  # an admin let held deletions pass, once


@dataclass(frozen=True, slots=True)
class HubItem:
    """One item of the hub, without its text."""

    id: int
    collection_id: int
    kind: Kind
    uid: str
    revision_id: int  # the current text
    seq: int  # its place in the collection's sequence of changes
    deleted: bool = False


class LinkState(StrEnum):
    """How a link is."""

    LIVE = "live"
    MISSING = "missing"  # the remote item is said to be gone; not yet believed
    FROZEN = "frozen"  # written too often: ping-pong (SYNC.md R21)


@dataclass(frozen=True, slots=True)
class Link:
    """One hub item tied to one remote item.

    ``base_revision`` is what both sides agreed on last: the text that was pulled, or the payload that was *sent*.
    ``echo_revision`` is how the remote keeps that payload, where an unchanged strong version proves that the difference
    is the server's own rewriting and not somebody's edit; None when it keeps it as sent, or when that is not known.
    """

    id: int  # 0 until it is stored
    binding_id: int
    item_id: int
    remote_id: str
    remote_version: str
    remote_uid: str
    base_revision: int
    echo_revision: int | None = None
    state: LinkState = LinkState.LIVE
    pushed_at: datetime | None = None  # our last write of it
    missing_since: datetime | None = None
    window_start: datetime | None = None  # of the count below
    window_writes: int = 0


class Operation(StrEnum):
    """What an intent will do at the remote."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class IntentState(StrEnum):
    """How far an intent is."""

    READY = "ready"
    SENT = "sent"  # committed before the write: after a crash, settle it by a read first
    HELD = "held"  # by the deletion brake
    FAILED = "failed"  # quarantined; tried again when the item changes, or on demand


@dataclass(frozen=True, slots=True)
class Intent:
    """One write to be made at a remote: the outbox."""

    id: int  # 0 until it is stored
    binding_id: int
    item_id: int
    operation: Operation
    key: str  # idempotency key, made once, stored before the call
    revision_id: int  # the exact payload
    state: IntentState = IntentState.READY
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a change, for history and undo."""

    actor: str  # "account work", "user ada, device iPhone", "admin"
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """The same field, changed to different values on both sides."""

    field: str  # "phones", "master.start", "overrides[20260131T090000].summary"
    base: str
    hub: str
    remote: str
    kept: Prefer


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a quarantine entry says: enough to act on it (SYNC.md R26)."""

    operation: str  # read, create, update, delete
    message: str
    title: str = ""
    starts: str = ""
    server_said: str = ""
    raw: str = ""
    remote_id: str = ""
    remote_version: str = ""
    item_id: int | None = None
    uid: str = ""


@dataclass(slots=True)
class RunCounts:
    """Things done in one cycle, not planned (SYNC.md R25)."""

    pulled_new: int = 0
    pulled_changed: int = 0
    pulled_deleted: int = 0
    pushed_new: int = 0
    pushed_changed: int = 0
    pushed_deleted: int = 0
    conflicts: int = 0
    quarantined: int = 0
    held: int = 0
    linked: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many items were written on either side."""
        pulled = self.pulled_new + self.pulled_changed + self.pulled_deleted
        return pulled + self.pushed_new + self.pushed_changed + self.pushed_deleted


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

    def items_by_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        """For each UID the live item, else its newest tombstone."""

    def look_alikes(self, binding_id: int, collection_id: int, fingerprints: Sequence[str]) -> dict[str, list[HubItem]]:
        """Live items with this content fingerprint that this binding does not link yet."""

    def texts(self, revision_ids: Sequence[int]) -> dict[int, str]:
        """Texts of revisions."""

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

    def hold(self, binding_id: int, side: str, reason: str, samples: Sequence[str], count: int) -> None:
        """Record that the brake holds deletions on `side` ("hub" or "remote"), in place of an older record of it."""

    def held(self, binding_id: int, side: str) -> int:
        """How many deletions the brake holds on that side; 0 for none."""

    def release_hold(self, binding_id: int, side: str) -> None:
        """The brake holds nothing on that side any more."""

    def use_up_approval(self, binding_id: int) -> None:
        """The cycle that an admin let pass is over: the brake works again."""

    def add_conflict(
        self, binding_id: int, item_id: int, fields: Sequence[FieldConflict], hub_revision: int, remote_revision: int
    ) -> None:
        """Keep what lost, restorable."""

    def quarantine(self, binding_id: int, trouble: Trouble) -> None:
        """Record or renew an entry, by remote id or else by item id."""

    def quarantined(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Trouble]:
        """Entries by remote id."""

    def quarantined_uids(self, binding_id: int, uids: Sequence[str]) -> dict[str, Trouble]:
        """Entries about a duplicate of an item with one of these UIDs: they hold a readable item."""

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
