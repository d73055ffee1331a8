"""Waiting for a change to be everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 90.0  # seconds
_LOOK = 0.5  # seconds between two looks


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it holds before one's patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(_LOOK)
    return held
