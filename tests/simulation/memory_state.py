"""The tables of the hub, as plain dictionaries of frozen values. A copy is a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from sync_engine.ports import Binding, FieldConflict, HubItem, Intent, Link, Trouble

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Revision:
    """One text that an item had, or that a remote holds."""

    item_id: int
    text: str
    role: str  # current, deleted, remote
    actor: str
    at: datetime = LONG_AGO


@dataclass(frozen=True, slots=True)
class Conflict:
    """What lost."""

    binding_id: int
    item_id: int
    fields: tuple[FieldConflict, ...]
    hub_revision: int
    remote_revision: int
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """What the brake holds."""

    reason: str
    samples: tuple[str, ...]
    item_ids: frozenset[int]


@dataclass(slots=True)
class State:
    """All rows, by their keys. Values are never changed, only replaced."""

    last_id: int = 0
    seqs: dict[int, int] = field(default_factory=dict)  # collection -> newest number
    floors: dict[int, int] = field(default_factory=dict)  # collection -> what came up to here may be forgotten
    bindings: dict[int, Binding] = field(default_factory=dict)
    items: dict[int, HubItem] = field(default_factory=dict)
    prints: dict[int, str] = field(default_factory=dict)  # item -> fingerprint
    revisions: dict[int, Revision] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    intents: dict[int, Intent] = field(default_factory=dict)
    holds: dict[tuple[int, str], Hold] = field(default_factory=dict)
    answers: dict[tuple[int, str], tuple[str, frozenset[int]]] = field(
        default_factory=dict
    )  # approve or discard, items
    conflicts: tuple[Conflict, ...] = ()
    quarantine: dict[tuple[int, str], Trouble] = field(default_factory=dict)

    def copy(self) -> State:
        """A snapshot that can be written without changing this one."""
        return State(**{name: _copied(getattr(self, name)) for name in _NAMES})

    def new_id(self) -> int:
        """Ids grow, as in a database."""
        self.last_id += 1
        return self.last_id


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, dict) else value


_NAMES = [f.name for f in fields(State)]
