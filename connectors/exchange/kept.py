"""What Exchange holds of a record that is written: less than it says. Asks no server (SYNC.md R20)."""

from __future__ import annotations

from collections.abc import Callable

from connectors.exchange.mapping_contacts import kept_contact
from connectors.exchange.mapping_series import kept_event
from connectors.exchange.mapping_tasks import kept_task
from connectors.people import people_in
from sync_engine.errors import ItemError
from sync_engine.model import Contact, Record, Task


def kept(record: Record, home_zone: str, are_others: Callable[[frozenset[str]], bool]) -> Record | None:
    """What is read of it afterwards; None where it cannot be written, and of a meeting of the mailbox's own.

    `are_others`: whether it is known of these addresses that none is the mailbox's; then nobody is written down.
    """
    try:
        if isinstance(record, Contact):
            return kept_contact(record)
        if isinstance(record, Task):
            return kept_task(record)
        people = people_in(record)
        return kept_event(record, home_zone) if not people or are_others(people) else None
    except ItemError:
        return None
