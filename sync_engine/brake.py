"""The brake: the stop before mass deletion (SYNC.md R02)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync_engine.ports import Binding, Policy, UnitOfWork

_SAMPLES = 20


def allowed(policy: Policy, shared: int) -> int:
    """How many deletions in one cycle are never held, of `shared` items that both sides have."""
    return max(policy.brake_count, int(shared * policy.brake_percent / 100))


@dataclass(frozen=True, slots=True)
class Brake:
    """Guards the deletions of one cycle on one side: "hub" or "remote"."""

    policy: Policy
    uow: UnitOfWork
    binding: Binding
    side: str
    done: int = 0  # deletions that this cycle has already made on this side

    def holds(self, titles: Sequence[str]) -> bool:
        """Whether these deletions must wait for an admin; records it. An approval lets them pass once."""
        limit = allowed(self.policy, self.uow.count_links(self.binding.id) + self.done)
        held = self.uow.held(self.binding.id, self.side)
        if len(titles) + self.done <= limit or self.binding.approved:
            if held:
                self.uow.release_hold(self.binding.id, self.side)
            return False
        if held != len(titles):
            self.uow.hold(self.binding.id, self.side, self._reason(len(titles), limit), titles[:_SAMPLES], len(titles))
        return True

    def _reason(self, count: int, limit: int) -> str:
        where = "in the hub" if self.side == "hub" else "at the remote"
        way_out = f'agendahub binding approve "{self.binding.name}"'
        return f"{count} deletions {where} at once; more than {limit} in one cycle wait for: {way_out}"
