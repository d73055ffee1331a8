"""Making a contact folder, a calendar or a task list in a mailbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.microsoft365.failures import read_failure
from connectors.microsoft365.places import collection_id
from connectors.microsoft365.transport import Transport
from sync_engine.errors import Rejected, Unavailable
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

_WAYS = {
    Kind.CONTACT: ("/contactFolders", "displayName", "contactFolders"),
    Kind.EVENT: ("/calendars", "name", "calendars"),
    Kind.TASK: ("/todo/lists", "displayName", "lists"),
}


class FolderMaking:
    """Makes what is missing; `listed` tells what is there."""

    def __init__(self, transport: Transport, listed: Callable[[], Sequence[RemoteCollection]]) -> None:
        self._transport = transport
        self._listed = listed

    def make(self, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
        """As `connectors.capabilities.MakesCollections`. Contact folders come below Contacts: Outlook's address books.

        After a creation whose answer was lost, or that met another one, the list tells what there is.
        """
        if len(kinds) != 1:
            raise Rejected("A folder of Outlook holds one kind of things: contacts, appointments or tasks.")
        [kind] = kinds
        if (found := self._named(name, kind)) is not None:
            return found
        path, key, sort = _WAYS[kind]
        try:
            answer = self._transport.ask("post", self._transport.path(path), {key: name})
        except Unavailable:
            if (found := self._named(name, kind)) is not None:
                return found
            raise
        if answer.ok:
            return RemoteCollection(collection_id(sort, str(answer.document["id"])), name, kinds)
        if (found := self._named(name, kind)) is not None:  # somebody else made it meanwhile
            return found
        if answer.status == 400:
            message = f"Microsoft 365 does not make a folder of the name {name!r}; choose another one."
            raise Rejected(message, server_said=answer.words)
        raise read_failure(answer, f"making the folder {name}")

    def _named(self, name: str, kind: Kind) -> RemoteCollection | None:
        fitting = (one for one in self._listed() if one.name.lower() == name.lower() and kind in one.kinds)
        return next((one for one in fitting if not one.read_only), None)
