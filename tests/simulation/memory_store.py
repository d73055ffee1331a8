"""The hub's store in this process: the transactions of a database without the database.

A writer works on a copy, which becomes the state when it commits; a reader keeps the state it began with. How a commit
fails is up to who begins. The store's contract runs against it, and a comparison with the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from storage.errors import StoreRefused
from sync_engine.ports import Binding
from tests.simulation.memory_state import LONG_AGO, State
from tests.simulation.memory_unit import MemoryUnit


class MemoryStore:
    """Implements `sync_engine.ports.Store`."""

    def __init__(self, clock: Callable[[], datetime] = lambda: LONG_AGO) -> None:
        self.clock = clock
        self.state = State()
        self.commits = 0  # transactions that changed something
        self._writing = False

    @contextmanager
    def begin(self, commit: Callable[[Callable[[], None]], None] = lambda work: work()) -> Iterator[MemoryUnit]:
        """A write transaction; `commit` may do the work, or fail before or after it."""
        if self._writing:
            raise AssertionError("a transaction waits for one that cannot end")
        self._writing = True
        try:
            unit = MemoryUnit(self.state.copy(), writing=True, now=self.clock())
            yield unit
        finally:
            self._writing = False
        commit(lambda: self._become(unit.state))

    @contextmanager
    def read(self) -> Iterator[MemoryUnit]:
        """A consistent view."""
        yield MemoryUnit(self.state, writing=False)

    def _become(self, state: State) -> None:
        if state != self.state:
            self.commits += 1
        self.state = state

    # ------------------------------------------------------------ what an admin does

    def add_collection(self) -> int:
        """An empty collection."""
        number = self.state.new_id()
        self.state.seqs[number] = 0
        return number

    def bind(self, name: str, collection_id: int, remote_id: str, *, approved: bool = False) -> int:
        """Tie a collection to a remote one."""
        state = self.state.copy()
        number = state.new_id()
        state.bindings[number] = Binding(number, name, name, collection_id, remote_id, approved=approved)
        self._become(state)
        return number

    def unbind(self, binding_id: int) -> None:
        """Forget a binding and its links; items and conflicts stay (SYNC.md R34)."""
        state = self.state.copy()
        if state.bindings.pop(binding_id, None) is None:
            raise StoreRefused(f"There is no binding {binding_id}.")
        state.links = {k: v for k, v in state.links.items() if v.binding_id != binding_id}
        state.intents = {k: v for k, v in state.intents.items() if v.binding_id != binding_id}
        state.holds = {k: v for k, v in state.holds.items() if k[0] != binding_id}
        state.answers = {k: v for k, v in state.answers.items() if k[0] != binding_id}
        state.quarantine = {k: v for k, v in state.quarantine.items() if k[0] != binding_id}
        self._become(state)
