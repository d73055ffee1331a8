"""Counts failures in a sliding window, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from threading import Lock

MAX_KEYS = 10_000  # the least recently failing are forgotten first


class FailureWindow:
    """Tells who failed too often lately. Safe to share between threads."""

    def __init__(self, limit: int, window: timedelta, *, max_keys: int = MAX_KEYS) -> None:
        self._limit = limit
        self._window = window
        self._max_keys = max_keys
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def add(self, key: str, now: datetime) -> None:
        """One more failure."""
        with self._lock:
            times = self._failures.setdefault(key, deque(maxlen=self._limit))
            times.append(now)
            self._failures.move_to_end(key)
            while len(self._failures) > self._max_keys:
                self._failures.popitem(last=False)

    def count(self, key: str, now: datetime) -> int:
        """Failures within the window, at most the limit."""
        with self._lock:
            times = self._failures.get(key)
            while times and times[0] <= now - self._window:
                times.popleft()
            if times is not None and not times:
                del self._failures[key]
            return len(times or ())

    def exceeded(self, key: str, now: datetime) -> bool:
        """Whether the limit is reached."""
        return self.count(key, now) >= self._limit

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._failures)
