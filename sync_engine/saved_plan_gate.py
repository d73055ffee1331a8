"""Carry out a plan: a cycle in which the planned actions pass, and no others.

The feed is read as it was when the plan was checked; every write has its condition. An item that changed since is left
as it is, on both sides, for an ordinary cycle: its changes stay in the feed, its planned write stays in the outbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sync_engine.actions import Action, Telling, Watch
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.dry_run import Feed
from sync_engine.item import Item
from sync_engine.kept import kept_by
from sync_engine.lag import lag_of
from sync_engine.model import Record
from sync_engine.ports import (
    Broken,
    Changed,
    Connector,
    Cursor,
    Knowing,
    KnownVersions,
    ManySteps,
    Page,
    ReadBack,
    RemoteCollection,
    RemoteRef,
    Removed,
)

_ALL = 1_000_000_000


class Gate(Watch):
    """Lets planned actions pass."""

    exact = True

    def __init__(self, planned: Sequence[Action]) -> None:
        self._planned = {action.identity: action for action in planned}
        self._done: set[tuple[object, ...]] = set()
        self._left: set[int] = set()
        self.skipped = False
        self.unplanned: list[Action] = []  # what an ordinary cycle would have done, too

    def allows(self, telling: Telling) -> bool:
        action = telling()
        if action.identity not in self._planned:
            self.unplanned.append(action)
            return False
        if action.side == "hub":
            self._done.add(action.identity)
        return True

    def done(self, telling: Telling) -> None:
        self._done.add(telling().identity)

    def skip(self, item_id: int | None) -> None:
        self.skipped = True
        if item_id is not None:
            self._left.add(item_id)

    def leave(self, item_id: int) -> None:
        self._left.add(item_id)

    def left(self, item_id: int) -> bool:
        return item_id in self._left

    @property
    def not_done(self) -> list[Action]:
        """Planned actions that were not carried out."""
        return [action for identity, action in self._planned.items() if identity not in self._done]


def carry_out(cycle: Cycle, gate: Gate, feeds: Sequence[Feed], *, approved: bool) -> None:
    """Run the cycle through the gate. `approved`: deletions over the brake pass. Raises AccountError, Stopped."""
    cycle.connector = _replayed(cycle.connector)(cycle.connector, feeds)
    cycle.watch = gate
    if approved:
        cycle.policy = replace(cycle.policy, brake_count=_ALL)
    run_cycle(cycle)


def _replayed(connector: Connector) -> type[_Replayed]:
    if isinstance(connector, ManySteps):
        return _ReplayedSteps
    return _ReplayedReadBack if isinstance(connector, ReadBack) else _Replayed


class _Replayed:
    """A connector whose feed says what it said before."""

    def __init__(self, inner: Connector, feeds: Sequence[Feed]) -> None:
        self._inner = inner
        self._feeds = list(feeds)
        self.carries = inner.carries

    def kept(self, record: Record) -> Record | None:
        """As the real one; None where that does not tell."""
        return kept_by(self._inner)(record)

    def lag(self, collection: str) -> float:
        """As the real one; none where that has no such thing."""
        return lag_of(self._inner, collection)

    def knows(self, collection: str, known: KnownVersions) -> None:
        """As the real one; nothing where that has no such thing."""
        if isinstance(self._inner, Knowing):
            self._inner.knows(collection, known)

    def collections(self) -> Sequence[RemoteCollection]:
        """As the real one."""
        return self._inner.collections()

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """What it said then; the real feed where that was never asked."""
        feed = next((feed for feed in self._feeds if feed.since == since), None)
        if feed is None:
            yield from self._inner.changes(collection, since, known)
            return
        yield from feed.pages
        if feed.error is not None:
            raise feed.error

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """As the real one."""
        return self._inner.fetch(collection, ids)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        """As the real one."""
        return self._inner.find(collection, item, key)

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        """As the real one."""
        return self._inner.create(collection, item, key)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """As the real one."""
        return self._inner.update(collection, ref, item, base)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """As the real one."""
        self._inner.delete(collection, ref)

    def close(self) -> None:
        """As the real one."""
        self._inner.close()


class _ReplayedReadBack(_Replayed):
    """The same for a system that may keep something else than what was sent."""

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """As the real one."""
        assert isinstance(self._inner, ReadBack)
        return self._inner.read_back(collection, ids)


class _ReplayedSteps(_ReplayedReadBack):
    """The same where a series is written in many steps."""

    def finish(self, collection: str, ref: RemoteRef | None, item: Item, key: str) -> None:
        """As the real one."""
        assert isinstance(self._inner, ManySteps)
        self._inner.finish(collection, ref, item, key)
