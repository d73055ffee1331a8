"""What the hub keeps about a sync: bindings, links, intents, and the words for what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sync_engine.model import Kind

Cursor: TypeAlias = str
"""Where a change feed was last read. Opaque; only the connector that made it reads it."""


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
    write_limit: int = 40  # weight of the writes of one item that no person edited in the hub (`ping_pong`) ...
    write_hours: float = 6.0  # ... in this time; more looks like ping-pong and freezes it (SYNC.md R21)
    window_days_past: int = 0  # events that ended earlier are not begun to sync; 0: no limit
    window_days_future: int = 0  # events that start later are not begun either; 0: no limit
    kinds: frozenset[Kind] = frozenset(Kind)  # what is begun to sync: an agenda's tasks are nothing for a calendar


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
    approved: bool = False  # an admin answered what is held (`approved_items`, `refused_items`); good for one cycle

    @property
    def actors(self) -> tuple[str, str]:
        """Who history says it was (`Origin.actor`), of what its pulls change in the hub."""
        return f"account {self.account}", f"account {self.account}, {self.name}"


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


class Role(StrEnum):
    """What the account's owner is in a meeting: who may change it for all (SYNC.md R12, R13)."""

    NONE = ""  # no meeting, or a system that knows no such thing
    ORGANIZER = "organizer"
    GUEST = "guest"  # has a copy of the organiser's meeting


class LinkState(StrEnum):
    """How a link is."""

    LIVE = "live"
    MISSING = "missing"  # the remote item is said to be gone; not yet believed
    FROZEN = "frozen"  # written too often: ping-pong (SYNC.md R21)
    LEFT = "left"  # a guest's copy that is let alone: it is gone (`missing_since`), or its meeting left the hub


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
    role: Role = Role.NONE


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
    sent_at: datetime | None = None  # of the last try; None where it was never sent


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a change, for history and undo."""

    actor: str  # "account work", "user ada, device iPhone", "admin"
    run_id: int | None = None
    user_id: int | None = None  # the user who acts, or in whose name: what he makes is his, also when it is private

    @property
    def by_person(self) -> bool:
        """Whether a person made it in the hub: what comes from an account may be a machine's."""
        return not self.actor.startswith("account ")


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

    def __add__(self, other: RunCounts) -> RunCounts:
        """Two cycles as one."""
        return RunCounts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def changes(self) -> int:
        """How many items were written on either side."""
        pulled = self.pulled_new + self.pulled_changed + self.pulled_deleted
        return pulled + self.pushed_new + self.pushed_changed + self.pushed_deleted
