"""How long to wait after a cycle, by how it ended."""

from __future__ import annotations

import random

from agendahub.failure import StoreTrouble
from sync_engine.errors import CollectionGone, NoAccess, NotAuthorised, SyncError, Throttled

FIRST_PAUSE = 10.0  # seconds after the first failure; doubled for each further one
LONGEST_PAUSE = 300.0
SIGN_IN_PAUSE = 900.0  # a wrong password tried too often locks accounts
GONE_PAUSE = 3600.0
BUSY_PAUSE = 5.0
STORE_PAUSE = 1.0  # after the first failure of our own store; doubled for each further one
LONGEST_STORE_PAUSE = 30.0
_SPREAD = 0.1


def pause_after(error: SyncError | None, failures: int, interval: float) -> float:
    """Seconds until the next try. `failures`: how many cycles failed in a row, this one too."""
    if error is None:
        return spread(interval)
    if isinstance(error, Throttled):
        return max(error.retry_after, 1.0)
    if isinstance(error, NotAuthorised):
        return SIGN_IN_PAUSE
    if isinstance(error, CollectionGone):
        return GONE_PAUSE
    ours = isinstance(error, StoreTrouble)
    first, longest = (STORE_PAUSE, LONGEST_STORE_PAUSE) if ours else (FIRST_PAUSE, LONGEST_PAUSE)
    ceiling: float = min(first * 2 ** min(failures - 1, 10), longest)
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, so that many do not come back at once


def mailbox_pause(error: SyncError | None, failures: int, interval: float) -> float:
    """The same of a mailbox: a folder that is not there was most likely named wrongly, or is just being made."""
    pause = pause_after(error, failures, interval)
    return min(pause, LONGEST_PAUSE) if isinstance(error, CollectionGone) else pause


def is_sign_in(error: SyncError | None) -> bool:
    """Whether it is about the sign-in, not about one mailbox that is not open to it."""
    return isinstance(error, NotAuthorised) and not isinstance(error, NoAccess)


def spread(seconds: float) -> float:
    """A little more or less, so that bindings do not all start together."""
    return seconds * random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311
