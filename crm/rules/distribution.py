"""Who of several people gets the next request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may become responsible. Given by `storage.crm.rules.candidates`."""

    user_id: int
    open_requests: int = 0
    open_weight: int = 0  # of all of them
    last_at: datetime | None = None  # when the newest request came that is theirs


def choose(way: str, candidates: Sequence[Candidate]) -> int | None:
    """The user; None for `direct` and `none` with more than one candidate, and where there is no candidate.

    round_robin: whose newest request is the oldest. least_busy: the least open weight. Then the lowest id.
    """
    raise NotImplementedError
