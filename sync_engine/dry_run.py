"""What a cycle would do, with its reasons: the real cycle, on a store and a connector that only pretend to write.

Reads go to the hub and to the remote; nothing is written anywhere (SYNC.md R33).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sync_engine.actions import Action, Telling, Watch
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.errors import AccountError
from sync_engine.item import Item
from sync_engine.kept import kept_by
from sync_engine.model import Record
from sync_engine.ports import (
    Binding,
    Broken,
    Changed,
    Connector,
    Cursor,
    KnownVersions,
    Page,
    RemoteCollection,
    RemoteRef,
    Removed,
    RunCounts,
)
from sync_engine.shadow_store import ShadowStore


@dataclass(slots=True)
class Feed:
    """What the remote's feed said, to be read once more as it was."""

    since: Cursor | None
    pages: list[Page] = field(default_factory=list)
    error: AccountError | None = None  # how it ended; None: well


@dataclass(slots=True)
class Rehearsal:
    """What a cycle would do."""

    actions: list[Action]
    feeds: list[Feed]
    counts: RunCounts


def rehearse(cycle: Cycle, binding: Binding | None = None) -> list[Action]:
    """The actions of the next cycle of a binding, in order. Raises AccountError."""
    return rehearsal(cycle, binding).actions


def rehearsal(cycle: Cycle, binding: Binding | None = None) -> Rehearsal:
    """The same with what was read. `binding`: as it would be, where it has no row yet (`ShadowStore`)."""
    recorder, connector, counts = _Recorder(), _Pretending(cycle.connector), RunCounts()
    run_cycle(
        replace(
            cycle,
            store=ShadowStore(cycle.store, binding),
            connector=connector,
            watch=recorder,
            counts=counts,
            refused_once=set(),
            held_once=set(),
        )
    )
    return Rehearsal(recorder.told(), connector.feeds, counts)


class _Recorder(Watch):
    """Notes every action."""

    notes = True

    def __init__(self) -> None:
        self._actions: list[Action] = []
        self._held: dict[tuple[object, ...], Action] = {}
        self._reasons: dict[int, str] = {}  # by hub item: what the hub learned about it before it wrote

    def allows(self, telling: Telling) -> bool:
        action = telling()
        if action.item_id is not None and action.operation in ("change", "keep"):
            self._reasons[action.item_id] = action.reason
        self._actions.append(action)
        return True

    def done(self, telling: Telling) -> None:
        action = telling()
        if not (action.operation == "delete" and not action.remote_id):  # it is not there anyway
            self._actions.append(replace(action, reason=self._reasons.get(action.item_id or 0, action.reason)))

    def held(self, telling: Telling) -> None:
        action = replace(telling(), held=True)
        self._held[action.identity] = action

    def told(self) -> list[Action]:
        """All of them, the held ones last."""
        return [*self._actions, *self._held.values()]


class _Pretending:
    """A connector that reads, notes what the feed says, and only pretends to write."""

    def __init__(self, inner: Connector) -> None:
        self._inner = inner
        self.carries = inner.carries
        self.feeds: list[Feed] = []

    def kept(self, record: Record) -> Record | None:
        """As the real one; None where that does not tell."""
        return kept_by(self._inner)(record)

    def collections(self) -> Sequence[RemoteCollection]:
        """As the real one."""
        return self._inner.collections()

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """As the real one; kept."""
        feed = Feed(since)
        self.feeds.append(feed)
        try:
            for page in self._inner.changes(collection, since, known):
                feed.pages.append(page)
                yield page
        except AccountError as err:
            feed.error = err
            raise

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """As the real one."""
        return self._inner.fetch(collection, ids)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        """As the real one."""
        return self._inner.find(collection, item, key)

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:  # noqa: ARG002
        """Nothing is sent."""
        return RemoteRef(f"planned:{key}")

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:  # noqa: ARG002
        """Nothing is sent."""
        return RemoteRef(ref.id)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """Nothing is sent."""

    def close(self) -> None:
        """The real one is still in use."""
