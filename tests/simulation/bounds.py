"""How many requests a cycle may make: by what has changed, never by what is there.

The pages of the feed since the cursor, and of each listing that had to be made instead; six other reads (what is in
doubt, what is to be read again, what is missing, read back after each batch, twice what a refused write met), once more
for each hundred writes; and for each change, wherever it was made, at most three requests about that item: the write,
its settling, and the write after it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sync_engine.ports import LinkState
from tests.simulation.chaos import Session
from tests.simulation.memory_state import State
from tests.simulation.remotes import Remote

_READS = 6
_EACH = 3


def _pages(ids: Collection[str], size: int) -> int:
    """One may be told twice, and the end may be a page of its own, or be seen by asking for one more."""
    return -(-(len(ids) + 1) // size) + 2


@dataclass(frozen=True)
class Bound:
    """What one cycle may ask, as things stood before it."""

    feed: int  # pages
    listing: int  # pages
    reads: int
    about_items: int

    @classmethod
    def before(cls, state: State, binding_id: int, remote: Remote) -> Bound:
        """For the next cycle of this binding."""
        binding = state.bindings[binding_id]
        links = {k.remote_id: k for k in state.links.values() if k.binding_id == binding_id}
        there = {i: remote.version(i) for i in remote.items}
        changed = {i for i, v in there.items() if i not in links or not v or links[i].remote_version != v}
        missing = {i for i, k in links.items() if i not in there or k.state is LinkState.MISSING}
        waiting = sum(i.binding_id == binding_id for i in state.intents.values())
        in_hub = sum(i.seq > binding.hub_cursor for i in state.items.values())
        unread = sum(key[0] == binding_id for key in state.quarantine)
        since = int(binding.cursor or 0)
        feed, listing = (_pages(ids, remote.nature.page) for ids in (set(remote.log[since:]), there))
        changes = len(changed | missing) + waiting + in_hub + unread
        return cls(feed, listing, _READS + changes // 100, _EACH * changes)

    def check(self, session: Session) -> None:
        """Raises AssertionError for a cycle that asked too much."""
        reads, most = session.requests - session.writes, self.feed + session.listings * self.listing + self.reads
        assert reads <= most, f"{session.name}: {reads} reads, more than {most}: {session.calls}"
        about = f"{session.writes} requests about items, more than {self.about_items}"
        assert session.writes <= self.about_items, f"{session.name}: {about}: {session.calls}"
