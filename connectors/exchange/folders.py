"""The folders of a mailbox that hold contacts, appointments or tasks: the usual three and all below them.

They are asked for by their well-known names: in whatever language the mailbox is, and without the whole tree of it.
"""

from __future__ import annotations

from exchangelib.fields import FieldPath
from exchangelib.folders import Folder
from exchangelib.properties import DistinguishedFolderId, Mailbox

from connectors.exchange.failures import failure
from connectors.exchange.places import Place
from connectors.exchange.services import FindFolders, FolderSeen, GetFolders
from connectors.exchange.transport import Transport
from sync_engine.errors import NoAccess
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

_ROOTS = ("contacts", "calendar", "tasks")
_CLASSES = {"IPF.Contact": Kind.CONTACT, "IPF.Appointment": Kind.EVENT, "IPF.Task": Kind.TASK}
_INTERNAL = ("IPF.Contact.MOC", "IPF.Contact.GalContacts", "IPF.Contact.RecipientCache", "IPF.Contact.PeopleCentric")
"""Below contacts, and nobody's: of Lync, the address book's copies, whom one wrote to."""
FIELDS = [
    FieldPath(Folder.get_field_by_fieldname(name))
    for name in ("name", "folder_class", "parent_folder_id", "effective_rights")
]


class WellKnown(DistinguishedFolderId):  # type: ignore[misc]
    """A folder by its well-known name, in the caller's own mailbox when none is named."""

    ELEMENT_NAME = "DistinguishedFolderId"

    def clean(self, version: object = None) -> None:
        """The library insists on a mailbox, Exchange does not."""
        super(DistinguishedFolderId, self).clean(version=version)


def well_known(transport: Transport, name: str, owner: str = "") -> WellKnown:
    """The id of a folder that every mailbox has: contacts, calendar, tasks, msgfolderroot."""
    address = owner or (transport.mailbox if transport.acts_for_another else "")
    return WellKnown(id=name, mailbox=Mailbox(email_address=address) if address else None)


def collections(transport: Transport, owner: str = "") -> list[RemoteCollection]:
    """Two requests. Raises AccountErrors."""
    account = transport.account(owner)
    ids = [well_known(transport, name, owner) for name in _ROOTS]
    roots = transport.read(lambda: GetFolders(account=account).read(ids, FIELDS), owner)
    there = [(key, root) for key, root in zip(ids, roots, strict=True) if isinstance(root, FolderSeen)]
    if not there:
        refused = failure(roots[0], owner or transport.mailbox, writing=False)
        raise NoAccess("No folder of this mailbox can be opened.", server_said=str(refused)) from roots[0]
    below = transport.read(lambda: FindFolders(account=account).below([key for key, _ in there], FIELDS), owner)
    found = [seen for _, seen in there] + below
    names = {seen.id: seen.name for seen in found}
    made = [_collection(seen, names, owner) for seen in found]
    return list({one.id: one for one in made if one is not None}.values())


def _collection(seen: FolderSeen, names: dict[str, str], owner: str) -> RemoteCollection | None:
    kind = kind_of_class(seen.folder_class)
    if kind is None:
        return None
    above = names.get(seen.parent, "")
    name = f"{above} / {seen.name}" if above else seen.name
    return RemoteCollection(Place(kind, seen.id, owner).collection, name, frozenset({kind}), not seen.writable)


def kind_of_class(folder_class: str) -> Kind | None:
    """What a folder of this class holds; None for what is none of ours."""
    if folder_class.startswith(_INTERNAL):
        return None
    return next((kind for known, kind in _CLASSES.items() if folder_class.startswith(known)), None)
