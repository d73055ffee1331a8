"""The mail folders of a mailbox, as a configuration names them: INBOX, a path of names, or an id of Exchange's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from exchangelib.properties import FolderId

from connectors.exchange.failures import failure
from connectors.exchange.folders import FIELDS, well_known
from connectors.exchange.services import FindFolders, FolderSeen, GetFolders
from connectors.exchange.transport import Transport
from connectors.mail import MailFolder
from sync_engine.errors import CollectionGone

INBOX = "INBOX"
_ROOT = "msgfolderroot"
_WELL_KNOWN = frozenset({"inbox", "drafts", "junkemail", "sentitems", "deleteditems", "outbox"})
_MAILS = ("IPF.Note", "IPF.Imap")  # classes of folders, and what begins so
_ID = re.compile(r"[A-Za-z0-9+/=_-]{60,}")
_DEEPEST = 50


class Folders:
    """Of one mailbox; what was found once is kept."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._ids: dict[str, str] = {}

    def all(self) -> list[MailFolder]:
        """All for mails, below each other. Two requests. Raises AccountErrors."""
        found = dict(self._paths())
        self._ids |= {path.lower(): folder_id for path, folder_id in found.items()}
        return [MailFolder(path, path) for path in found]

    def id_of(self, folder: str) -> str:
        """Exchange's id. Raises CollectionGone for a folder that is not there, and AccountErrors."""
        name = folder.lower()
        if name not in self._ids and name in _WELL_KNOWN:
            self._ids[name] = self._asked(folder, well_known(self._transport, name))
        if name not in self._ids and not _ID.fullmatch(folder):
            self.all()
        if name not in self._ids:
            self._ids[name] = self._asked(folder, FolderId(id=folder))
        return self._ids[name]

    def forget(self, folder: str) -> None:
        """It is not there any more: the next one of this name is another one."""
        self._ids.pop(folder.lower(), None)

    def _asked(self, folder: str, key: FolderId) -> str:
        service = GetFolders(account=self._transport.account())
        [seen] = self._transport.read(lambda: service.read([key], FIELDS))
        if isinstance(seen, FolderSeen):
            return seen.id
        refused = failure(seen, self._transport.mailbox, writing=False)
        raise no_such_folder(folder) if isinstance(refused, CollectionGone) else refused from seen

    def _paths(self) -> Iterator[tuple[str, str]]:
        service = FindFolders(account=self._transport.account())
        inbox, root = self.id_of(INBOX), well_known(self._transport, _ROOT)
        seen = {one.id: one for one in self._transport.read(lambda: service.below([root], FIELDS))}
        for one in seen.values():
            if one.folder_class.startswith(_MAILS):
                yield "/".join(_names(one, seen, inbox)), one.id


def _names(folder: FolderSeen, seen: Mapping[str, FolderSeen], inbox: str) -> Sequence[str]:
    """From the top down; what is above is not among them."""
    names: list[str] = []
    while len(names) < _DEEPEST:
        names.insert(0, INBOX if folder.id == inbox else folder.name)
        if folder.id == inbox or folder.parent not in seen:
            break
        folder = seen[folder.parent]
    return names


def no_such_folder(folder: str, said: str = "") -> CollectionGone:
    """The error for one that is not in the mailbox."""
    there = "`agendahub mailbox test` lists those there are."
    return CollectionGone(f"There is no mail folder {folder[:200]!r} in Exchange; {there}", server_said=said)
