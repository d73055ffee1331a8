"""Which mails lie in a folder, and which came since: Graph's delta rounds of messages (G1-G5, G23).

A round tells what became of a mail, not in which order, and of a change perhaps only the part that changed. What left
the folder is of no account here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.mail import Arrival
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.extended import EXTENDED, value_of
from connectors.microsoft365.failures import has_expired
from connectors.microsoft365.feed import PAGE, follow
from connectors.microsoft365.mail_folders import Folders
from connectors.microsoft365.mail_marks import Marks, marks_of
from connectors.microsoft365.transport import Transport
from sync_engine.errors import SuspectListing

SIZE = "Integer 0xE08"  # PidTagMessageSize; Graph has no name for it
_SELECT = "?$select=receivedDateTime,isRead,categories"
_EXPAND = f"&$expand={EXTENDED}($filter=id%20eq%20'{SIZE.replace(' ', '%20')}')"


@dataclass(slots=True)
class MailRound:
    """What one round told."""

    there: dict[str, Arrival] = field(default_factory=dict)
    marks: dict[str, Marks] = field(default_factory=dict)
    link: str = ""  # of the next round

    def note(self, record: Mapping[str, Any]) -> None:
        """Take down one record; the first that says when the mail came counts."""
        mail_id = str(record.get("id") or "")
        if not mail_id:
            raise SuspectListing("Microsoft 365 told of a mail without its id; the folder is read again later.")
        known = self.there.get(mail_id)
        if "@removed" not in record and (known is None or known.arrived_at is None):
            self.there[mail_id] = Arrival(mail_id, _size(record), moment(record.get("receivedDateTime")))
        if (marks := marks_of(record)) is not None:
            self.marks[mail_id] = marks


class MailFeed:
    """Reads the rounds of one mailbox."""

    def __init__(self, transport: Transport, folders: Folders) -> None:
        self._transport = transport
        self._folders = folders

    def begin(self, folder_id: str) -> MailRound:
        """All mails of a folder. Raises CollectionGone and the errors of a read."""
        path = f"{self._folders.path(folder_id)}/messages/delta{_SELECT}"
        answer = self._get(path + _EXPAND)
        if answer.status == 400 and not has_expired(answer):  # where it takes no $expand, sizes are not known
            answer = self._get(path)
        return self._follow(answer)

    def go_on(self, link: str) -> MailRound:
        """What changed after a link. Raises CursorExpired and the errors of a read."""
        return self._follow(self._get(link))

    def _get(self, path: str) -> Answer:
        return self._transport.ask("get", path, headers=PAGE)

    def _follow(self, answer: Answer) -> MailRound:
        found = MailRound()
        found.link = follow(answer, self._get, found.note, "mails of a folder", self._transport.stored)
        return found


def _size(record: Mapping[str, Any]) -> int:
    told = str(value_of(record, SIZE) or "")
    return int(told) if told.isdecimal() else 0


def moment(text: object) -> datetime | None:
    """A time of Graph's, UTC; None where it says none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
