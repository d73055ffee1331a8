"""What becomes of mails in Microsoft 365 that we have: read, a category, another folder. Never deleted.

A mail that is still in the version that the listing told is marked without a look at it; the server compares. Each
request counts: Graph takes ten thousand of a mailbox in ten minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from connectors.mail import After
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.batch import MOST, Batch, Part
from connectors.microsoft365.failures import is_from_another, is_gone, read_failure, write_failure
from connectors.microsoft365.mail_folders import no_such_folder
from connectors.microsoft365.mail_marks import KnownMarks, Marks, marks_of
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

    @property
    def marks(self) -> bool:
        """Whether it changes the mail itself."""
        return self.after.seen or bool(self.after.keyword)

    @property
    def moves(self) -> bool:
        """Whether it changes where the mail lies."""
        return bool(self.target_id) and self.target_id != self.folder_id


class Settling:
    """Of one mailbox."""

    def __init__(self, transport: Transport, known: KnownMarks) -> None:
        self._transport = transport
        self._batch = Batch(transport)
        self._known = known

    def settle(self, mail_ids: Sequence[str], how: Settled) -> None:
        """Those that still lie in their folder, twenty at a time. Raises the errors of a write."""
        for start in range(0, len(mail_ids), MOST):
            some = mail_ids[start : start + MOST]
            here = self._mark(some, how) if how.marks else list(self._seen(some, how))
            if how.moves:
                self._move(here, how)

    def _mark(self, mail_ids: Sequence[str], how: Settled) -> list[str]:
        """Gives those that lie in their folder."""
        told = {one: self._known.take(one) for one in mail_ids}
        marks = {  # what is marked already and is to be moved may be elsewhere: no version is compared by a move
            one: found
            for one, found in told.items()
            if found is not None and (found.missing(how.after) or not how.moves)
        }
        marks |= self._seen([one for one in mail_ids if one not in marks], how)
        here: list[str] = []
        for attempt in range(1, _TRIES + 1):
            done, changed = self._patched(marks, how, last=attempt == _TRIES)
            here += done
            if not changed:
                break
            marks = self._seen(changed, how)
        return here

    def _patched(self, marks: Mapping[str, Marks], how: Settled, *, last: bool) -> tuple[list[str], list[str]]:
        """Those that lie in their folder, and those that are in another version by now."""
        parts: dict[str, Part] = {}
        here: list[str] = []
        for mail_id, there in marks.items():
            if body := there.missing(how.after):
                parts[mail_id] = Part("patch", self._path(mail_id), body, {"If-Match": there.version})
            else:
                here.append(mail_id)
        changed: list[str] = []
        for mail_id, answer in self._written(parts):
            if not _done(answer, may_conflict=not last):
                changed.append(mail_id)
            elif answer.document.get("parentFolderId", how.folder_id) == how.folder_id and answer.ok:
                here.append(mail_id)
        return here, changed

    def _move(self, mail_ids: Iterable[str], how: Settled) -> None:
        parts = {one: Part("post", f"{self._path(one)}/move", {"destinationId": how.target_id}) for one in mail_ids}
        for _, answer in self._written(parts):
            if is_gone(answer) and "folder" in answer.code.lower():
                raise no_such_folder(how.after.move_to, answer.words)
            _done(answer)

    def _written(self, parts: Mapping[str, Part]) -> list[tuple[str, Answer]]:
        return list(zip(parts, self._batch.write(list(parts.values())), strict=True)) if parts else []

    def _seen(self, mail_ids: Sequence[str], how: Settled) -> dict[str, Marks]:
        """Those that lie where they lay."""
        found = self._batch.read([Part("get", self._path(one) + _LOOK) for one in mail_ids])
        here: dict[str, Marks] = {}
        for mail_id, answer in zip(mail_ids, found, strict=True):
            if is_gone(answer):
                continue
            marks = marks_of(answer.document) if answer.ok else None
            if marks is None:
                raise read_failure(answer, "a mail")
            if answer.document.get("parentFolderId") == how.folder_id:
                here[mail_id] = marks
        return here

    def _path(self, mail_id: str) -> str:
        return self._transport.path(f"/messages/{quote(mail_id)}")


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
