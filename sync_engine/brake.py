"""The brake: the stop before mass deletion (SYNC.md R02).

What is held is listed by hub item, and an approval is for the items that were listed when it was given: deletions that
came later are weighed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import Binding, Policy, UnitOfWork

_SAMPLES = 20


def allowed(policy: Policy, shared: int) -> int:
    """How many deletions in one cycle are never held, of `shared` items that both sides have."""
    return max(policy.brake_count, int(shared * policy.brake_percent / 100))


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion that a cycle is about to make."""

    item_id: int  # of the hub
    title: str


@dataclass(frozen=True, slots=True)
class Brake:
    """Guards the deletions of one cycle on one side: "hub" or "remote"."""

    policy: Policy
    uow: UnitOfWork
    binding: Binding
    side: str
    done: int = 0  # deletions that this cycle has already made on this side

    def holds(self, deletions: Sequence[Deletion]) -> set[int]:
        """The hub items whose deletion must wait for an admin; records them. What was approved passes, once."""
        limit = allowed(self.policy, self.uow.count_links(self.binding.id) + self.done)
        approved = approved_items(self.uow, self.binding, self.side)
        waiting = [d for d in deletions if d.item_id not in approved]
        held = self.uow.held(self.binding.id, self.side)
        if len(waiting) + self.done <= limit or not waiting:
            if held:
                self.uow.release_hold(self.binding.id, self.side)
            return set()
        ids = {d.item_id for d in waiting}
        if held != ids:
            samples = [d.title for d in waiting[:_SAMPLES]]
            self.uow.hold(self.binding.id, self.side, self._reason(len(waiting), limit), samples, sorted(ids))
        return ids

    def _reason(self, count: int, limit: int) -> str:
        where = "in the hub" if self.side == "hub" else "at the remote"
        way_out = f'agendahub held approve "{self.binding.name}" (or discard)'
        return f"{count} deletions {where} at once; more than {limit} in one cycle wait for: {way_out}"


def approved_items(uow: UnitOfWork, binding: Binding, side: str) -> frozenset[int]:
    """Hub items whose deletion on this side an admin let pass."""
    return uow.approved_items(binding.id, side) if binding.approved else frozenset()


def refused_items(uow: UnitOfWork, binding: Binding) -> frozenset[int]:
    """Hub items whose deletion in the hub an admin refused."""
    return uow.refused_items(binding.id) if binding.approved else frozenset()


def hold_emptied(uow: UnitOfWork, binding: Binding, item_ids: Iterable[int], reason: str) -> None:
    """List all items of a collection that is suddenly shown as empty, for the admin who emptied it (SYNC.md R01)."""
    wanted = sorted(item_ids)
    if uow.held(binding.id, "hub") == set(wanted):
        return
    items = uow.items(wanted[:_SAMPLES])
    texts = uow.texts([item.revision_id for item in items.values()])
    records = [Item.stored(i.kind, i.uid, texts[i.revision_id]).record for i in items.values()]
    uow.hold(binding.id, "hub", reason, [title_of(record) for record in records], wanted)
