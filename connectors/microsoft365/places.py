"""Ids of collections, and where Graph keeps what is in them.

``contacts`` is the default contact folder (Graph lists it nowhere), ``contactFolders/<id>`` another one,
``calendars/<id>`` a calendar, ``lists/<id>`` a task list. ``users/<address>/`` before it names another mailbox than the
account's: of somebody who shares it, or whom an app may write to.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from sync_engine.errors import CollectionGone
from sync_engine.model import Kind

CONTACTS = "contacts"
_PATHS = {
    "contactFolders": (Kind.CONTACT, "/contactFolders/{}", "/contacts"),
    "calendars": (Kind.EVENT, "/calendars/{}", "/events"),
    "lists": (Kind.TASK, "/todo/lists/{}", "/tasks"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One collection."""

    kind: Kind
    folder: str  # its path below the mailbox: "/calendars/AQMk"; "" for the default contact folder
    items: str  # the path of what is in it: "/calendars/AQMk/events"
    folder_id: str = ""
    owner: str = ""  # the address of another mailbox

    def item(self, item_id: str) -> str:
        """The path of one item."""
        return f"{self.items}/{quote(item_id, safe='')}"


def place_of(collection: str) -> Place:
    """The place that a collection's id says. Raises CollectionGone for an id that is none of ours."""
    owner, rest = "", collection
    if rest.startswith("users/"):
        _, owner, rest = (*rest.split("/", 2), "")[:3]
    if rest == CONTACTS:
        return Place(Kind.CONTACT, "", "/contacts", owner=unquote(owner))
    sort, _, folder_id = rest.partition("/")
    if sort not in _PATHS or not folder_id or "/" in folder_id:
        raise CollectionGone(f"There is no collection {collection[:200]!r} in Microsoft 365; bind another one.")
    kind, folder, items = _PATHS[sort]
    path = folder.format(quote(folder_id, safe=""))
    return Place(kind, path, path + items, folder_id, unquote(owner))


def collection_id(sort: str, folder_id: str, owner: str = "") -> str:
    """The id of a collection; `sort` is the first word of it."""
    mailbox = f"users/{quote(owner, safe='')}/" if owner else ""
    return mailbox + (f"{sort}/{folder_id}" if folder_id else sort)
