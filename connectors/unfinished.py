"""Writes that can have broken off between their requests: a series and its exceptions, a contact and its picture."""

from __future__ import annotations

from sync_engine.item import Item
from sync_engine.model import Contact, Event


def may_have_steps(item: Item, *, new: bool) -> bool:
    """Whether the write of an item can be more than one request; if not, nobody needs to look for its rest."""
    record = item.record
    if isinstance(record, Event):
        return bool(record.master and record.master.rules)
    return isinstance(record, Contact) and bool(record.photo or not new)
