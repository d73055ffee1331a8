"""Who wins where both sides changed a field: the side that the policy prefers, and the conflict says so (R07)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sync_engine.ports import IntentState, Policy, Prefer
from tests.simulation.ledger import TOKENS
from tests.simulation.memory_state import Conflict, State


@dataclass(frozen=True)
class Winners:
    """Looks at the conflicts that one cycle finds while nobody else is at work."""

    known: tuple[Conflict, ...]
    policy: Policy
    in_doubt: bool  # a write that is being settled may have been overwritten there: then what stands there wins

    @classmethod
    def before(cls, state: State, binding_id: int, policy: Policy) -> Winners:
        """For the next cycle of this binding."""
        sent = any(i.binding_id == binding_id and i.state is IntentState.SENT for i in state.intents.values())
        return cls(state.conflicts, policy, sent)

    def check(self, state: State) -> None:
        """Raises AssertionError for a loser that won."""
        found = state.conflicts[len(self.known) :]
        times = Counter(conflict.item_id for conflict in found)
        for conflict in found:
            item = state.items[conflict.item_id]
            if not item.deleted and times[item.id] == 1 and not self.in_doubt:
                self._check(conflict, set(TOKENS.findall(state.revisions[item.revision_id].text)))

    def _check(self, conflict: Conflict, here: set[str]) -> None:
        for field in conflict.fields:
            assert field.kept is self.policy.prefer, f"{field} was decided against the policy"
            winner = field.hub if field.kept is Prefer.HUB else field.remote
            assert here.issuperset(TOKENS.findall(winner)), f"{field}: the winner is not there"
