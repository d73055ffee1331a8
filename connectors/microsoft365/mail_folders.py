"""The folders of a mailbox, as a configuration names them: INBOX, a path of names, or an id of Graph's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from connectors.mail import MailFolder
from connectors.microsoft365.failures import is_gone, read_failure
from connectors.microsoft365.feed import pages
from connectors.microsoft365.transport import Transport
from sync_engine.errors import CollectionGone

INBOX = "INBOX"
SENT = "sentitems"
_WELL_KNOWN = frozenset({"inbox", "archive", "drafts", "junkemail", SENT, "deleteditems", "outbox"})
_QUERY = "?$top=250&$select=id,displayName,childFolderCount"
_ID = re.compile(r"[A-Za-z0-9+/=_-]{100,}")
_DEEPEST = 20


class Folders:
    """Of one mailbox; what was found once is kept."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._ids: dict[str, str] = {}

    def all(self) -> list[MailFolder]:
        """All that people see, below each other. Raises the errors of a read."""
        found = list(self._paths())
        self._ids |= {path.lower(): folder_id for folder_id, path in found}
        return [MailFolder(path, path) for _, path in found]

    def id_of(self, folder: str) -> str:
        """Graph's id. Raises CollectionGone for a folder that is not there, and the errors of a read."""
        name = folder.lower()
        if name not in self._ids and name in _WELL_KNOWN:
            self._ids[name] = self._asked(folder, name)
        if name not in self._ids and not _ID.fullmatch(folder):
            self.all()
        if name not in self._ids:
            self._ids[name] = self._asked(folder, folder)
        return self._ids[name]

    def forget(self, folder: str) -> None:
        """It is not there any more: the next one of this name is another one."""
        self._ids.pop(folder.lower(), None)

    def path(self, folder_id: str) -> str:
        """Below the version."""
        return self._transport.path(f"/mailFolders/{quote(folder_id)}")

    def _asked(self, folder: str, key: str) -> str:
        answer = self._transport.ask("get", f"{self.path(key)}?$select=id")
        if answer.status == 400 or is_gone(answer):
            raise no_such_folder(folder, answer.words)
        if not answer.ok or not answer.document.get("id"):
            raise read_failure(answer, "a mail folder")
        return str(answer.document["id"])

    def _paths(self) -> Iterator[tuple[str, str]]:
        yield from self._below("/mailFolders", "", self._asked(INBOX, "inbox"), _DEEPEST)

    def _below(self, where: str, above: str, inbox: str, depth: int) -> Iterator[tuple[str, str]]:
        for page in pages(self._transport, self._transport.path(where) + _QUERY):
            for one in page:
                folder_id, name = str(one.get("id") or ""), str(one.get("displayName") or "")
                path = INBOX if folder_id == inbox else f"{above}/{name}" if above else name
                yield folder_id, path
                if one.get("childFolderCount") and depth:
                    yield from self._below(f"/mailFolders/{quote(folder_id)}/childFolders", path, inbox, depth - 1)


def no_such_folder(folder: str, said: str = "") -> CollectionGone:
    """The error for one that is not in the mailbox."""
    message = (
        f"There is no mail folder {folder[:200]!r} in Microsoft 365; `agendahub mailbox test` lists those there are."
    )
    return CollectionGone(message, server_said=said)
