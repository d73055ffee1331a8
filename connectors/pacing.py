"""One pace for each mailbox, shared by all connectors of this process that open it (SYNC.md R27).

Exchange, Graph and Google count requests by mailbox: at most a few at once, and none before the time that a throttled
answer named. The libraries' own repeats are off; what is repeated is repeated here.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

from sync_engine.errors import Throttled

AT_ONCE = 4  # requests to one mailbox (Graph: "4 concurrent requests per app and mailbox")
TRIES = 4  # of one request that is throttled again and again
PATIENCE = 120.0  # seconds to wait for a turn while others have theirs

T = TypeVar("T")


class Pace:
    """When the next request to a mailbox may go out. Used by many threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic, at_once: int = AT_ONCE) -> None:
        self._now = now
        self._most = at_once
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()  # who waits for a turn, first come first served
        self._free = at_once
        self._not_before = 0.0  # on the clock `now`

    def hold_off(self, seconds: float) -> None:
        """The server asked for this pause: no request of anybody before its end."""
        with self._changed:
            self._not_before = max(self._not_before, self._now() + seconds)

    def wait_left(self) -> float:
        """Seconds until requests may go out again; 0 when they may."""
        with self._changed:
            return max(0.0, self._not_before - self._now())

    @contextmanager
    def turn(self, slots: int = 1) -> Iterator[None]:
        """One of the places, or more for a request that counts as several ($batch). Raises Throttled."""
        slots = min(slots, self._most)
        self._take(slots)
        try:
            yield
        finally:
            with self._changed:
                self._free += slots
                self._changed.notify_all()

    def _take(self, slots: int) -> None:
        me = object()
        with self._changed:
            self._queue.append(me)
            try:
                if not self._changed.wait_for(lambda: self._queue[0] is me and self._free >= slots, PATIENCE):
                    raise Throttled(
                        "Other requests to this mailbox take too long; it is tried again later.", retry_after=PATIENCE
                    )
                self._free -= slots
            finally:
                self._queue.remove(me)
                self._changed.notify_all()


class Paced:
    """What one connector asks its mailbox with."""

    def __init__(self, pace: Pace, max_wait: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._pace = pace
        self._max_wait = max_wait  # seconds that are waited for at once; longer ones end the cycle
        self._sleep = sleep

    def ask(self, call: Callable[[], T], *, slots: int = 1, repeat: bool = True) -> T:
        """Do `call` when the mailbox is ready for it.

        `call` raises Throttled when the server asks to wait and says so that it did nothing; after a wait of at most
        `max_wait` it is called again, unless `repeat` is False. Raises Throttled when the wait is longer.
        """
        for attempt in count(1):
            self._wait()
            try:
                with self._pace.turn(slots):
                    return call()
            except Throttled as err:
                self._pace.hold_off(err.retry_after)
                if not repeat or attempt >= TRIES or err.retry_after > self._max_wait:
                    raise
        raise AssertionError("unreachable")

    def _wait(self) -> None:
        """Until the time that any request to this mailbox was told to wait for. Raises Throttled."""
        while left := self._pace.wait_left():
            if left > self._max_wait:
                message = f"The server asked to wait; this mailbox is asked again in {left:.0f} seconds."
                raise Throttled(message, retry_after=left)
            self._sleep(left)


_paces: dict[str, Pace] = {}  # for the life of the process: a pause outlives the connector that met it
_guard = threading.Lock()


def pace_of(mailbox: str, at_once: int = AT_ONCE) -> Pace:
    """The pace of a mailbox, named by server and address: the same object for all who ask.

    `at_once` requests may be under way together; who asks first says how many.
    """
    with _guard:
        return _paces.setdefault(mailbox, Pace(at_once=at_once))
