"""How much the expansion of recurrences may take in all of one request, however many items it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sync_engine.rules import MOST_STEPS, Budget

MOST = 2_000_000  # steps of one query: some 3 s


class Steps:
    """What one request has left. Not to be shared between threads."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST

    @property
    def spent(self) -> bool:
        """Whether nothing more may be expanded."""
        return self.left <= 0

    @property
    def plenty(self) -> bool:
        """Whether there is enough left to look further than was asked."""
        return self.left > MOST // 2

    @contextmanager
    def of_one(self, most: int = MOST_STEPS) -> Iterator[Budget]:
        """The budget of one expansion; what it took is gone afterwards."""
        budget = Budget(most)
        try:
            yield budget
        finally:
            self.left -= budget.most - max(budget.left, 0)
