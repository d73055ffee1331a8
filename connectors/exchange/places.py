"""Ids of collections: what a folder holds, and its id: ``contacts/AQMk...``, ``calendars/...``, ``tasks/...``.

``users/<address>/`` before it names another mailbox than the account's, of somebody who shares it. The folder's id
says all that Exchange needs; the address leads a request to the server that has the mailbox. ``public/`` before it says
that the folder is in no mailbox at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchangelib.properties import FolderId

from sync_engine.errors import CollectionGone
from sync_engine.model import Kind

_PUBLIC = "public/"
_SORTS = {Kind.CONTACT: "contacts", Kind.EVENT: "calendars", Kind.TASK: "tasks"}
_KINDS = {sort: kind for kind, sort in _SORTS.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """One collection."""

    kind: Kind
    folder_id: str
    owner: str = ""  # the address of another mailbox than the account's
    public: bool = False  # a public folder, which tells no changes

    @property
    def folder(self) -> FolderId:
        """For requests."""
        return FolderId(id=self.folder_id)

    @property
    def collection(self) -> str:
        """Its id for the engine."""
        inside = f"{_PUBLIC if self.public else ''}{_SORTS[self.kind]}/{self.folder_id}"
        return f"users/{self.owner}/{inside}" if self.owner else inside


def place_of(collection: str) -> Place:
    """The place that a collection's id says. Raises CollectionGone for an id that is none of ours."""
    owner, rest = "", collection.removeprefix(_PUBLIC)
    if rest.startswith("users/"):
        _, owner, rest = (*rest.split("/", 2), "", "")[:3]
    sort, _, folder_id = rest.partition("/")
    if sort not in _KINDS or not folder_id:
        raise CollectionGone(f"There is no folder {collection[:200]!r} in Exchange; bind another one.")
    return Place(_KINDS[sort], folder_id, owner, collection.startswith(_PUBLIC))
