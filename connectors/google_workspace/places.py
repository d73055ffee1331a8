"""Ids of collections, and what they stand for.

``contacts`` are all of a user's own contacts, ``contactGroups/<id>`` those with one label, ``otherContacts`` the people
whom Google remembers by itself; ``calendars/<id>`` is a calendar, ``lists/<id>`` a task list.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync_engine.errors import CollectionGone
from sync_engine.model import Kind

CONTACTS = "contacts"
OTHER_CONTACTS = "otherContacts"
GROUPS = "contactGroups"
CALENDARS = "calendars"
LISTS = "lists"
_KINDS = {
    CONTACTS: Kind.CONTACT,
    OTHER_CONTACTS: Kind.CONTACT,
    GROUPS: Kind.CONTACT,
    CALENDARS: Kind.EVENT,
    LISTS: Kind.TASK,
}
_ALONE = (CONTACTS, OTHER_CONTACTS)


@dataclass(frozen=True, slots=True)
class Place:
    """One collection."""

    sort: str  # the first word of its id
    id: str = ""  # as Google has it: ada@example.com, MDk4...; empty where there is only one of its sort

    @property
    def kind(self) -> Kind:
        """What is in it."""
        return _KINDS[self.sort]

    @property
    def collection(self) -> str:
        """The collection's id; `place_of` undoes this."""
        return f"{self.sort}/{self.id}" if self.id else self.sort


def place_of(collection: str) -> Place:
    """The place that a collection's id says. Raises CollectionGone for an id that is none of ours."""
    sort, _, google_id = collection.partition("/")
    if sort not in _KINDS or (sort in _ALONE) == bool(google_id):
        raise CollectionGone(f"There is no collection {collection[:200]!r} at Google; bind another one.")
    return Place(sort, google_id)
