"""What a system holds of a record that is written: less than it says. Asks no server (SYNC.md R20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.people import people_in
from sync_engine.errors import ItemError
from sync_engine.model import Contact, Event, Record, Task


@dataclass(frozen=True, slots=True)
class Kept:
    """A system's own words for it: each gives what is read of a record afterwards, and raises ItemErrors."""

    contact: Callable[[Contact], Contact]
    event: Callable[[Event, str], Event]  # with the IANA zone in which floating times are
    task: Callable[[Task], Task]

    def of(self, record: Record, home_zone: str, are_others: Callable[[frozenset[str]], bool]) -> Record | None:
        """What is read of it; None where it cannot be written, and of a meeting of the mailbox's own.

        `are_others`: whether it is known of these addresses that none is the mailbox's; then nobody is written down.
        """
        try:
            if isinstance(record, Contact):
                return self.contact(record)
            if isinstance(record, Task):
                return self.task(record)
            people = people_in(record)
            return self.event(record, home_zone) if not people or are_others(people) else None
        except ItemError:
            return None
