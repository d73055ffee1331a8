"""Flags or moves mails at their server, after they were committed; what cannot be done now is done later."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.mail import After, MailSource
from storage.crm.receipts import Receipt, receipts_at, settle, unsettled
from storage.database import Database
from sync_engine.errors import CollectionGone, ItemError, NotAuthorised

_LATER = timedelta(minutes=15)  # until it is tried again, after the server refused
_REFUSALS = (ItemError, NotAuthorised, CollectionGone)  # of the flag or the folder: mails can be read nevertheless


class Settling:
    """Of one mailbox."""

    def __init__(self, database: Database, source: MailSource, mailbox: str, after: After | None) -> None:
        self._database, self._source, self._mailbox, self._after = database, source, mailbox, after
        self._waiting: dict[str, list[str]] = {}  # folder -> ids of mails that were just taken in
        self._refused_at: datetime | None = None
        self.problem = ""

    def add(self, folder: str, mail_id: str) -> None:
        """This mail was taken in."""
        self._waiting.setdefault(folder, []).append(mail_id)

    def flush(self) -> int:
        """Settle what was added; gives how many. Raises AccountError."""
        waiting, self._waiting = self._waiting, {}
        return sum(self._settle(self._receipts(folder, ids)) for folder, ids in waiting.items())

    def leftovers(self) -> int:
        """Settle what was committed before the program or the connection broke off. Raises AccountError."""
        count, after = 0, 0
        while self._may_try():
            with self._database.read() as unit:
                found = unsettled(unit.session.connection, self._mailbox, after=after)
            if not found:
                break
            after = found[-1].id
            for folder in dict.fromkeys(receipt.folder for receipt in found):
                count += self._settle([receipt for receipt in found if receipt.folder == folder])
        return count

    def _receipts(self, folder: str, ids: list[str]) -> list[Receipt]:
        with self._database.read() as unit:
            found = receipts_at(unit.session.connection, self._mailbox, folder, ids)
        return [receipt for receipt in found.values() if receipt.message_id is not None and receipt.settled_at is None]

    def _settle(self, receipts: list[Receipt]) -> int:
        """All of one folder."""
        if not receipts or not self._may_try():
            return 0
        if self._after is not None:
            try:
                self._source.settle(receipts[0].folder, [receipt.remote_id for receipt in receipts], self._after)
            except _REFUSALS as err:
                self._refuse(err)
                return 0
        with self._database.begin() as unit:
            settle(unit.session.connection, [receipt.id for receipt in receipts], unit.session.now())
        self.problem, self._refused_at = "", None
        return len(receipts)

    def _refuse(self, err: Exception) -> None:
        with self._database.read() as unit:
            self._refused_at = unit.session.now()
        self.problem = f"The mails are in the hub, but cannot be flagged or moved at their server: {err}"

    def _may_try(self) -> bool:
        if self._refused_at is None:
            return True
        with self._database.read() as unit:
            return unit.session.now() - self._refused_at >= _LATER
