"""Labels of a Gmail mailbox, which are its folders: a mail may have several."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from connectors.google_workspace.transport import Transport
from connectors.mail import MailFolder
from sync_engine.errors import CollectionGone, Rejected

ME = "me"
_TRUSTED = 600.0  # seconds for which the list of labels is not asked for again
_NO_FOLDERS = {"UNREAD", "STARRED", "IMPORTANT", "CHAT", "DRAFT"}  # what Gmail says of mails, and no place
_NO_TARGETS = {"TRASH", "SPAM"}  # Gmail empties them by itself


class Labels:
    """Known by id and by name; read again when one is missing."""

    def __init__(self, transport: Transport, now: Callable[[], float] = time.monotonic) -> None:
        self._transport, self._now = transport, now
        self._resource = transport.gmail.users().labels()
        self._known: dict[str, str] = {}  # names by id
        self._asked = float("-inf")

    def folders(self) -> Sequence[MailFolder]:
        """All that mails lie in, those of Gmail first."""
        self._read()
        return [MailFolder(one, name) for one, name in self._known.items() if one not in _NO_FOLDERS]

    def id_of(self, folder: str) -> str:
        """By its id, or its name as people see it. Raises CollectionGone."""
        if self._now() - self._asked > _TRUSTED or not self._find(folder):
            self._read()
        if found := self._find(folder):
            return found
        raise CollectionGone(f"There is no label {folder!r} in this mailbox; choose another one.")

    def target(self, folder: str) -> str:
        """Where mails may be moved to. Raises CollectionGone, and Rejected for places that Gmail empties."""
        found = self.id_of(folder)
        if found in _NO_TARGETS:
            raise Rejected(f"Mails are not moved to {folder}: Gmail deletes what lies there; choose another label.")
        return found

    def made(self, name: str) -> str:
        """A label of this name, made if there is none. Raises the errors of a write."""
        if found := self._find(name):
            return found
        self._read()
        if found := self._find(name):
            return found
        body = {"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
        made = self._transport.ask(self._resource.create(userId=ME, body=body))
        self._known[str(made["id"])] = name
        return str(made["id"])

    def forget(self) -> None:
        """Somebody may have removed one."""
        self._asked = float("-inf")

    def _find(self, folder: str) -> str:
        if folder in self._known:
            return folder
        return next((one for one, name in self._known.items() if name.casefold() == folder.casefold()), "")

    def _read(self) -> None:
        found: list[dict[str, Any]] = self._transport.ask(self._resource.list(userId=ME)).get("labels") or []
        system = sorted(found, key=lambda one: one.get("type") != "system")
        self._known = {str(one["id"]): str(one.get("name") or one["id"]) for one in system}
        self._asked = self._now()
