"""What the demo sees of the systems beside the DAV servers: the people there work in Outlook or in the browser.

The servers are those of the tests; what a person sees and edits goes through other clients than the product's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

WAIT = 30  # seconds
SPAN = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))
"""In which the demo's appointments are."""


@dataclass(frozen=True, slots=True)
class Joining:
    """How the admin adds the account."""

    words: tuple[str, ...]  # of `agendahub account add`
    secret: str
    collections: dict[str, str]  # its names, by kind


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of one person and one series."""

    starts: frozenset[datetime]  # of all occurrences of the series, expanded by the system itself
    photo: bool
    groups: frozenset[str]


def is_of(series: str, title: str) -> bool:
    """Whether an occurrence with this title is of the series."""
    return title == series or title.startswith(f"{series} (")


class Office(Protocol):
    """A mailbox, as the person sees it."""

    name: str
    account_name: str  # in the hub

    def joining(self) -> Joining:
        """How it is added to the hub."""

    def titles(self, kind: str) -> Counter[str]:
        """Of all items of a kind (the masters of series): how often each is there."""

    def rename(self, kind: str, title: str, new: str) -> None:
        """Give an item another title."""

    def delete(self, kind: str, title: str) -> None:
        """Delete an item."""

    def look(self, person: str, series: str) -> Look:
        """At the contact of this name, and the series whose title begins so."""

    def versions(self) -> dict[str, str]:
        """The change key of every item."""

    def mails(self) -> int:
        """How many mails went out to people."""
