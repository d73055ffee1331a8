"""The table at the end of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from demo.dav_client import Held
from sync_engine.item import Item


@dataclass
class Checks:
    """What was looked at, and whether it was as it must be."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, check: str, held: bool, found: str) -> None:
        """One row."""
        self.rows.append({"check": check, "held": held, "found": found})

    @staticmethod
    def same_content(places: Sequence[Mapping[str, Held]]) -> int:
        """How many items mean the same in all places (stamps and order apart)."""
        first, *others = places
        return sum(
            all(uid in other and _means(other[uid]) == _means(held) for other in others) for uid, held in first.items()
        )


def _means(held: Held) -> object:
    return Item.read(held.text).record
