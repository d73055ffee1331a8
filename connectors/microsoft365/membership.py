"""Whether an item that was found by its id is still in its collection.

What people delete goes to Deleted Items first, and an immutable id finds it there, too (G18). The list of a collection
shows only what is in it: the folder of one of those is the folder of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.microsoft365.extended import PARENT, value_of
from connectors.microsoft365.feed import pages
from connectors.microsoft365.places import Place
from connectors.microsoft365.queries import FOLDER_OF_ONE
from connectors.microsoft365.transport import Transport
from sync_engine.model import Kind


class Membership:
    """Knows the folders of one account's collections, once they were asked for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._folders: dict[Place, str] = {}

    def is_here(self, place: Place, document: Mapping[str, Any]) -> bool:
        """Raises the errors of a read."""
        folder = _folder_of(place, document)
        if not folder:  # a task, or a server that does not tell
            return True
        if place not in self._folders:
            path = self._transport.path(place.items, place.owner) + FOLDER_OF_ONE[place.kind]
            listed = next(pages(self._transport, path, place.owner), [])
            if not listed:
                return False
            self._folders[place] = _folder_of(place, listed[0])
        return self._folders[place] in ("", folder)


def _folder_of(place: Place, document: Mapping[str, Any]) -> str:
    if place.kind is Kind.CONTACT:
        return str(document.get("parentFolderId") or "")
    return value_of(document, PARENT) if place.kind is Kind.EVENT else ""
