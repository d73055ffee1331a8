"""A mailbox of Microsoft 365 as a source of mails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from connectors.mail import After, MailFolder, MailPage
from connectors.mail_sizes import Sizes
from connectors.microsoft.oldest_first import PAGE, MailCursor, later, read, whole
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.batch import MOST, Batch, Part
from connectors.microsoft365.cursor import KEPT
from connectors.microsoft365.failures import account_failure, is_gone, read_failure
from connectors.microsoft365.mail_feed import MailFeed
from connectors.microsoft365.mail_folders import Folders, no_such_folder
from connectors.microsoft365.mail_marks import KnownMarks
from connectors.microsoft365.mail_settling import Settled, Settling
from connectors.microsoft365.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import CollectionGone, Rejected, SuspectListing


class Microsoft365Mail:
    """As `connectors.mail.MailSource`. Ids of mails are Graph's immutable ones."""

    def __init__(self, settings: ConnectorSettings, now: Callable[[], float] = time.time, page: int = PAGE) -> None:
        self.transport = Transport(settings, use="mail")
        self._now = now
        self._page = page
        self._folders = Folders(self.transport)
        self._feed = MailFeed(self.transport, self._folders)
        self._known = KnownMarks()
        self._settling = Settling(self.transport, self._known)
        self._batch = Batch(self.transport)
        self._sizes = Sizes()

    def folders(self) -> Sequence[MailFolder]:
        """By their paths: INBOX, INBOX/Support, Archive."""
        return self._folders.all()

    def arrivals(self, folder: str, since: str | None) -> Iterator[MailPage]:
        """By delta rounds. Raises CursorExpired, CollectionGone and the errors of a read."""
        try:
            for page in self._pages(self._folders.id_of(folder), since):
                self._sizes.note(page.arrivals)
                yield page
        except CollectionGone as err:
            self._folders.forget(folder)
            raise no_such_folder(folder, err.server_said) from err

    def _pages(self, folder_id: str, since: str | None) -> Iterator[MailPage]:
        cursor = None if since is None else read(since, folder_id)
        if cursor is None or cursor.mark is not None:
            listed = self._feed.begin(folder_id)
            self._known.note(listed.marks)
            cursor = cursor or MailCursor(folder_id, listed.link, int(self._now()))
            complete = cursor.link == listed.link
            yield from whole(listed.there.values(), cursor, complete=complete, page=self._page)
            if complete:
                return
        found, now = self._feed.go_on(cursor.link), int(self._now())
        self._known.note(found.marks)
        old = MailCursor(folder_id, cursor.link, cursor.at)
        new = MailCursor(folder_id, found.link, now) if found.there or now - cursor.at > KEPT else old
        yield from later(found.there.values(), old.text, new.text, self._page)

    # ------------------------------------------------------------ the mails

    def raw(self, folder: str, mail_id: str) -> bytes | None:
        """As MIME. Raises Rejected where the server has it, and cannot give it."""
        return self._content(mail_id, self.transport.ask("get", self._path(folder, mail_id)))

    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Twenty in one request, large ones alone."""
        for group in self._sizes.groups(mail_ids, MOST):
            answers = self._batch.read([Part("get", self._path(folder, one)) for one in group])
            for mail_id, answer in zip(group, answers, strict=True):
                as_text = answer.ok and answer.json is not None  # octets do not survive that
                yield mail_id, self.raw(folder, mail_id) if as_text else self._content(mail_id, answer)

    def _path(self, folder: str, mail_id: str) -> str:
        """In its folder, as its id is lasting: it is none of ours any more where somebody moved it to."""
        return f"{self._folders.path(self._folders.id_of(folder))}/messages/{quote(mail_id)}/$value"

    def _content(self, mail_id: str, answer: Answer) -> bytes | None:
        if is_gone(answer):
            return None
        if answer.ok and "html" in answer.headers.get("content-type", ""):
            raise SuspectListing("Something that is not Microsoft 365 answered for a mail; it is read again later.")
        if answer.ok and answer.content:
            return answer.content
        if account_failure(answer, "a mail") is None and (answer.status < 500 or self._is_there(mail_id)):
            raise Rejected("Microsoft 365 does not give out this mail.", server_said=answer.words)
        raise read_failure(answer, "a mail")

    def _is_there(self, mail_id: str) -> bool:
        """Whether the server is well, and fails at the content of this mail alone."""
        path = self.transport.path(f"/messages/{quote(mail_id)}?$select=id")
        return self.transport.ask("get", path).ok

    # ------------------------------------------------------------ afterwards

    def settle(self, folder: str, mail_ids: Sequence[str], after: After) -> None:
        """Raises CollectionGone for a folder that is not there, and the errors of a write."""
        target = self._folders.id_of(after.move_to) if after.move_to else ""
        self._settling.settle(mail_ids, Settled(self._folders.id_of(folder), after, target))

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()
