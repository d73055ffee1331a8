"""Where a folder was left, and how its mails are named: both are worth nothing under another UIDVALIDITY."""

from __future__ import annotations

import json
from dataclasses import dataclass

from connectors.imap.line import Opened
from sync_engine.errors import CursorExpired


@dataclass(frozen=True, slots=True)
class ImapCursor:
    """All mails up to a UID were told."""

    validity: int
    uid: int = 0
    modseq: int = 0  # of the folder when nothing was left to tell; 0: something was, or the server does not say

    @classmethod
    def read(cls, text: str) -> ImapCursor:
        """Raises CursorExpired for what `written` never gave."""
        try:
            found = json.loads(text)
            cursor = cls(found["validity"], found["uid"], found["modseq"])
        except (ValueError, TypeError, KeyError, RecursionError) as err:
            raise CursorExpired("The place in this folder cannot be read; its mails are listed again.") from err
        if not all(type(n) is int and n >= 0 for n in (cursor.validity, cursor.uid, cursor.modseq)):
            raise CursorExpired("The place in this folder cannot be read; its mails are listed again.")
        return cursor

    def written(self) -> str:
        """For the store."""
        return json.dumps({"validity": self.validity, "uid": self.uid, "modseq": self.modseq})

    def check(self, opened: Opened) -> None:
        """Raises CursorExpired when the UIDs of now are not those of then."""
        if opened.validity != self.validity:
            raise CursorExpired(f"The server numbered the mails of {opened.folder} anew; they are listed again.")
        back = 0 < opened.next_uid <= self.uid or 0 < opened.modseq < self.modseq
        if back:  # a copy of the folder was put back: numbers that we know may be those of other mails
            raise CursorExpired(f"The folder {opened.folder} was set back at the server; its mails are listed again.")


def mail_id(validity: int, uid: int) -> str:
    """The same for ever, and of no other mail."""
    return f"{validity}.{uid}"


def uid_of(written: str, validity: int) -> int | None:
    """The UID of a mail; None when it was named under another UIDVALIDITY, or is no id."""
    first, _, second = written.partition(".")
    if first != str(validity) or not (second.isascii() and second.isdigit() and len(second) <= 10):
        return None
    return int(second) or None
