"""Mailboxes of the test server that is Exchange and Microsoft 365, for the contracts of mail of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.contract.mail_sender_contract import Gone
from tests.servers.microsoft.mailbox import MAIL, Exchange, Item
from tests.servers.microsoft.mailbox import Mailbox as Box
from tests.servers.microsoft.post import deliver, recipients_of


class OfficeMailbox:
    """Somebody's mailbox, as its owner sees it. What its fields are called is for the subclass."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def put(self, folder: str, raw: bytes) -> None:
        """Each a second after the one before."""
        at = datetime.now(UTC) - timedelta(minutes=5) + timedelta(seconds=len(self.box.items))
        deliver(self.box, raw, self._id(folder), at)

    def remove(self, folder: str, raw: bytes) -> None:
        """For good."""
        self.box.delete(self.item(folder, raw))

    def items(self, folder: str) -> Iterator[Item]:
        """What lies there."""
        return self.box.in_collection(self._id(folder))

    def item(self, folder: str, raw: bytes) -> str:
        """The id of a mail."""
        return next(one.id for one in self.items(folder) if one.mime == raw)

    def _id(self, folder: str) -> str:
        name = folder.rpartition("/")[2]
        known = self.box.of_kind(MAIL)
        return next(one.id for one in known if one.name == name or one.well_known == name.lower())


def with_done(box: Box) -> Box:
    """A folder Done below the inbox."""
    box.add_collection(MAIL, "Done", box.well_known("inbox").id)
    return box


def gone_from(server: Exchange, box: Box) -> list[Gone]:
    """What went out of a mailbox."""
    sent = [one for one in server.outbox if one.sender == box.address]
    return [Gone(one.raw, frozenset(recipients_of(one.raw))) for one in sent]
