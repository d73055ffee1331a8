"""Who of several people gets the next request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may become responsible. Given by `crm.rules.keeping.people`."""

    user_id: int
    open_requests: int = 0
    open_weight: int = 0  # of all of them
    last_at: datetime | None = None  # when the newest request came that is theirs


def choose(way: str, candidates: Sequence[Candidate]) -> int | None:
    """The user; None for `direct` and `none` with more than one candidate, and where there is no candidate.

    round_robin: whose newest request is the oldest. least_busy: the least open weight, then the fewest open requests.
    Then who waited longest, then the lowest id.
    """
    if way == "round_robin" and candidates:
        return min(candidates, key=lambda one: (one.last_at or _NEVER, one.user_id)).user_id
    if way == "least_busy" and candidates:
        return min(
            candidates, key=lambda one: (one.open_weight, one.open_requests, one.last_at or _NEVER, one.user_id)
        ).user_id
    return candidates[0].user_id if len(candidates) == 1 else None
