"""The arithmetic of reports. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in seconds. Without values all are None."""

    count: int = 0
    mean: float | None = None
    median: float | None = None
    p90: float | None = None  # nine of ten took no longer


def spread(seconds: Sequence[float]) -> Spread:
    """Of any order."""
    if not seconds:
        return Spread()
    ordered = sorted(seconds)
    return Spread(len(ordered), math.fsum(ordered) / len(ordered), _rank(ordered, 50), _rank(ordered, 90))


def _rank(ordered: Sequence[float], percent: int) -> float:
    """Nearest rank: a value that occurred. For an even number the lower of the two in the middle."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def share(part: int, whole: int) -> float | None:
    """Between 0 and 1; None of nothing."""
    return part / whole if whole else None
