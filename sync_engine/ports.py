"""What the engine asks of the outside: a connector for each account, a store for the hub, and a clock.

Identifiers of remote items and collections are opaque and compared byte for byte (SYNC.md R29).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from sync_engine.errors import ItemError, OutcomeUnknown
from sync_engine.hub_port import Store, UnitOfWork
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


@runtime_checkable
class Lags(Protocol):
    """A capability: for a while, reads may not show what was written (Google's People API, SYNC.md R22)."""

    def lag(self, collection: str) -> float:
        """For how many seconds; 0 where they show it at once. Asks no server."""


@runtime_checkable
class Knowing(Protocol):
    """A capability: no key can be hidden at the system, so `find` must know which items are others' (Google Tasks)."""

    def knows(self, collection: str, known: KnownVersions) -> None:
        """How to ask from now on what the hub has. Asks no server."""


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
    "Knowing",
    "KnownVersions",
    "Lags",
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
