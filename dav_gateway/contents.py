"""What is in a collection, as one user sees it: stored items, or what stands in their place.

Handlers read items through this and never ask the store themselves: so what is private to others, or made up while it
is read (birthdays), is the same to every method and report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dav_gateway.sharing.birthdays import Birthdays
from dav_gateway.sharing.masked import Masked, sees_all
from dav_gateway.site import Call
from storage import dav_items
from storage.dav_birthdays import BIRTHDAYS
from storage.dav_items import Dated, Leaf
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork


class Contents(Protocol):
    """The items of one collection. Every method does its work within the unit's transaction."""

    def listing(self, unit: SqlUnitOfWork, *, short: bool) -> list[Leaf]:
        """All live items; `short`: only name, entity tag, size and kind are wanted."""

    def leaf_at(self, unit: SqlUnitOfWork, href: str) -> Leaf | None:
        """The item at an address, or its tombstone."""

    def text_at(self, unit: SqlUnitOfWork, href: str) -> tuple[Leaf, str] | None:
        """A live item with its text."""

    def leaves_at(self, unit: SqlUnitOfWork, hrefs: Sequence[str]) -> dict[str, Leaf]:
        """Live items by address."""

    def changes(self, unit: SqlUnitOfWork, after: int, upto: int, limit: int | None, *, tombstones: bool) -> list[Leaf]:
        """Items whose last change has a number above `after` and not above `upto`, in order; at most `limit`."""

    def in_range(self, unit: SqlUnitOfWork, kind: str, start: datetime | None, end: datetime | None) -> list[Dated]:
        """Items of a kind that may overlap `start` to `end` (None: open)."""

    def texts(self, unit: SqlUnitOfWork, leaves: Sequence[Leaf]) -> dict[str, str]:
        """Texts by address; what was purged meanwhile is missing."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored, as it is."""

    collection_id: int

    def listing(self, unit: SqlUnitOfWork, *, short: bool) -> list[Leaf]:
        """See `Contents`."""
        look = dav_items.short_listing if short else dav_items.listing
        return look(unit.session.connection, self.collection_id)

    def leaf_at(self, unit: SqlUnitOfWork, href: str) -> Leaf | None:
        """See `Contents`."""
        return dav_items.leaf_at(unit.session.connection, self.collection_id, href)

    def text_at(self, unit: SqlUnitOfWork, href: str) -> tuple[Leaf, str] | None:
        """See `Contents`."""
        return dav_items.text_at(unit.session.connection, self.collection_id, href)

    def leaves_at(self, unit: SqlUnitOfWork, hrefs: Sequence[str]) -> dict[str, Leaf]:
        """See `Contents`."""
        return dav_items.leaves_at(unit.session.connection, self.collection_id, hrefs)

    def changes(self, unit: SqlUnitOfWork, after: int, upto: int, limit: int | None, *, tombstones: bool) -> list[Leaf]:
        """See `Contents`."""
        return dav_items.changes(unit.session.connection, self.collection_id, after, upto, limit, tombstones=tombstones)

    def in_range(self, unit: SqlUnitOfWork, kind: str, start: datetime | None, end: datetime | None) -> list[Dated]:
        """See `Contents`."""
        return dav_items.in_range(unit.session.connection, self.collection_id, kind, start, end)

    def texts(self, unit: SqlUnitOfWork, leaves: Sequence[Leaf]) -> dict[str, str]:
        """See `Contents`."""
        found = dav_items.texts(unit.session.connection, [leaf.revision_id for leaf in leaves])
        return {leaf.href: found[leaf.revision_id] for leaf in leaves if leaf.revision_id in found}


def contents_of(call: Call, shelf: Shelf) -> Contents:
    """The contents of a collection for the user of a request."""
    if shelf.role == BIRTHDAYS:
        return Birthdays(call.who.user_id)
    stored = Stored(shelf.id)
    return stored if sees_all(call, shelf) else Masked(stored, shelf.id, call.who.user_id)
