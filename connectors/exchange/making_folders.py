"""Making a folder in a mailbox: below Contacts (an address book of Outlook), Calendar or Tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchangelib import errors as ews
from exchangelib import services
from exchangelib.folders import Calendar, Contacts, Folder, Tasks

from connectors.exchange.failures import failure, said
from connectors.exchange.folders import FIELDS, WellKnown, well_known
from connectors.exchange.places import Place
from connectors.exchange.services import EachItsAnswer, FindFolders, FolderSeen
from connectors.exchange.transport import Transport
from sync_engine.errors import Rejected, Unavailable
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

_WAYS = {
    Kind.CONTACT: ("contacts", "IPF.Contact", Contacts),
    Kind.EVENT: ("calendar", "IPF.Appointment", Calendar),
    Kind.TASK: ("tasks", "IPF.Task", Tasks),
}
_IMPOSSIBLE = (
    ews.ErrorInvalidFolderTypeForOperation,
    ews.ErrorFolderSavePropertyError,
)


class CreateFolders(EachItsAnswer, services.CreateFolder):  # type: ignore[misc]
    """Makes folders."""

    def create(self, parent: WellKnown, folders: Sequence[Folder]) -> list[Any]:
        """Folders or exceptions."""
        return list(self.call(parent_folder=parent, folders=folders))


def make(transport: Transport, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
    """As `connectors.capabilities.MakesCollections`.

    After a creation whose answer was lost, or that met another one, the list tells what there is.
    """
    if len(kinds) != 1:
        raise Rejected("A folder of Outlook holds one kind of things: contacts, appointments or tasks.")
    [kind] = kinds
    found = _named(transport, name, kind)
    try:
        refusal = None if found is not None else _made(transport, name, kind)
    except Unavailable as err:
        found = _named(transport, name, kind)
        if found is None:
            raise Unavailable("The folder may be made or not; it is looked for again later.") from err
        refusal = None
    found = found or _named(transport, name, kind)
    if found is not None:
        return RemoteCollection(Place(kind, found.id).collection, name, kinds)
    if isinstance(refusal, _IMPOSSIBLE):
        raise Rejected(f"Exchange makes no folder {name!r} in this mailbox.", server_said=said(refusal)) from refusal
    if refusal is not None:
        raise failure(refusal, transport.mailbox, writing=False) from refusal
    raise Unavailable(f"The folder {name!r} was made, but is not shown yet; it is looked for again later.")


def _made(transport: Transport, name: str, kind: Kind) -> Exception | None:
    """Gives the refusal, if it was one."""
    root, folder_class, sort = _WAYS[kind]
    account = transport.account()
    folder = sort(root=None, name=name, folder_class=folder_class)
    parent = well_known(transport, root)
    [answer] = transport.write(lambda: CreateFolders(account=account).create(parent, [folder]), repeat=False)
    return answer if isinstance(answer, Exception) else None


def _named(transport: Transport, name: str, kind: Kind) -> FolderSeen | None:
    root, folder_class, _ = _WAYS[kind]
    account, parent = transport.account(), well_known(transport, root)
    below = transport.read(lambda: FindFolders(account=account).below([parent], FIELDS))
    fitting = (one for one in below if one.name.lower() == name.lower() and one.folder_class.startswith(folder_class))
    return next((one for one in fitting if one.writable), None)
