"""What becomes of mails in Microsoft 365 that we have: read, a category, another folder. Never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.mail import After
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.batch import MOST, Batch, Part
from connectors.microsoft365.failures import is_from_another, is_gone, read_failure, write_failure
from connectors.microsoft365.feed import version_of
from connectors.microsoft365.mail_folders import no_such_folder
from connectors.microsoft365.transport import Transport
from sync_engine.errors import VersionConflict

_TRIES = 3  # of a mail that somebody else changes at the same time
_LOOK = "?$select=parentFolderId,isRead,categories"


@dataclass(frozen=True, slots=True)
class Settled:
    """Where mails lie, and what is to become of them."""

    folder_id: str
    after: After
    target_id: str = ""  # of the folder that they are moved to


class Settling:
    """Of one mailbox."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._batch = Batch(transport)

    def settle(self, mail_ids: Sequence[str], how: Settled) -> None:
        """Those that still lie in their folder, twenty at a time. Raises the errors of a write."""
        for start in range(0, len(mail_ids), MOST):
            left = list(mail_ids[start : start + MOST])
            for attempt in range(1, _TRIES + 1):
                left = self._marked(left, how, last=attempt == _TRIES)
                if not left:
                    break
            self._moved(mail_ids[start : start + MOST], how)

    def _marked(self, mail_ids: Sequence[str], how: Settled, *, last: bool) -> list[str]:
        """Gives those that were changed by somebody else at the same time."""
        if not (how.after.seen or how.after.keyword):
            return []
        parts: dict[str, Part] = {}
        for mail_id, seen in self._seen(mail_ids, how).items():
            if body := _changes(seen.document, how.after):
                headers = {"If-Match": version_of(seen.document)} if version_of(seen.document) else {}
                parts[mail_id] = Part("patch", self._path(mail_id), body, headers)
        if not parts:
            return []
        answers = zip(parts, self._batch.write(list(parts.values())), strict=True)
        return [mail_id for mail_id, answer in answers if not _done(answer, may_conflict=not last)]

    def _moved(self, mail_ids: Sequence[str], how: Settled) -> None:
        """A second look, as the folder of a mail is what counts; it is cheap beside the move."""
        if not how.target_id or how.target_id == how.folder_id:
            return
        there = self._seen(mail_ids, how)
        parts = [Part("post", f"{self._path(one)}/move", {"destinationId": how.target_id}) for one in there]
        for answer in self._batch.write(parts) if parts else ():
            if is_gone(answer) and "folder" in answer.code.lower():
                raise no_such_folder(how.after.move_to, answer.words)
            _done(answer)

    def _seen(self, mail_ids: Sequence[str], how: Settled) -> dict[str, Answer]:
        """Those that lie where they lay."""
        found = self._batch.read([Part("get", self._path(one) + _LOOK) for one in mail_ids])
        for answer in found:
            if not (answer.ok or is_gone(answer)):
                raise read_failure(answer, "a mail")
        both = zip(mail_ids, found, strict=True)
        return {one: answer for one, answer in both if answer.document.get("parentFolderId") == how.folder_id}

    def _path(self, mail_id: str) -> str:
        return self._transport.path(f"/messages/{quote(mail_id)}")


def _changes(document: dict[str, Any], after: After) -> dict[str, Any]:
    """What is not so yet. Categories are compared as Outlook does: case apart."""
    body: dict[str, Any] = {}
    if after.seen and document.get("isRead") is not True:
        body["isRead"] = True
    there = [str(one) for one in document.get("categories") or ()]
    if after.keyword and after.keyword.lower() not in {one.lower() for one in there}:
        body["categories"] = [*there, after.keyword]
    return body


def _done(answer: Answer, *, may_conflict: bool = False) -> bool:
    """Gone is fine. Raises the errors of a write; a conflict only where it must not be."""
    if is_gone(answer):
        return True
    if answer.ok and not is_from_another(answer):
        return True
    failure = write_failure(answer, "a mail")
    if isinstance(failure, VersionConflict) and may_conflict:
        return False
    raise failure
