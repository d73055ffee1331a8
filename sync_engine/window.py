"""The part of time that a binding carries (SYNC.md R23).

The window only decides what is *begun*: an item outside of it is not created on the other side. What is linked stays
linked and in step when time moves on, so nothing is deleted or doubled at the window's edge.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sync_engine.model import Contact, Record
from sync_engine.ports import Policy
from sync_engine.recurrence import span


def in_window(record: Record, policy: Policy, now: datetime) -> bool:
    """Whether any part of an event or task lies in the window; contacts and undated tasks always do."""
    past, future = policy.window_days_past, policy.window_days_future
    if not (past or future) or isinstance(record, Contact):
        return True
    times = span(record)
    if times is None:
        return True
    begins, ends = times
    too_old = past and ends is not None and ends < now - timedelta(days=past)
    too_far = future and begins > now + timedelta(days=future)
    return not (too_old or too_far)
