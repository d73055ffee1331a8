"""What one cycle of one binding works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sync_engine.actions import Watch
from sync_engine.errors import SyncError
from sync_engine.ports import Clock, Connector, Origin, Policy, RunCounts, Store, UnitOfWork

Progress = Callable[[str, int], None]
"""Called with what was done (reading, writing, checking) and how many items more of it are done."""


class Stopped(SyncError):
    """The daemon is shutting down; the cycle ended at a safe place and goes on later."""


@dataclass(slots=True)
class Cycle:
    """One cycle of one binding."""

    store: Store
    connector: Connector
    binding_id: int
    policy: Policy
    clock: Clock
    new_key: Callable[[], str]  # makes an idempotency key, never the same twice
    origin: Origin
    counts: RunCounts = field(default_factory=RunCounts)
    progress: Progress = lambda _what, _count: None
    stopping: Callable[[], bool] = lambda: False
    refused_once: set[int] = field(default_factory=set)  # hub items whose write met another version in this cycle
    held_once: set[int] = field(default_factory=set)  # hub items whose deletion the brake was seen to hold
    watch: Watch = field(default_factory=Watch)  # asked before each action

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """A write transaction; what was counted in it does not count when it fails (SYNC.md R25)."""
        before = replace(self.counts, notes=[*self.counts.notes])
        try:
            with self.store.begin() as uow:
                yield uow
        except BaseException:
            self.counts = before
            raise

    def pause_point(self) -> None:
        """Between two writes: here a cycle may end. Raises Stopped."""
        if self.stopping():
            raise Stopped("stopped between two items")
