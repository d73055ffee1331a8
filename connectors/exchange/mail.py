"""A mailbox of Exchange as a source of mails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from exchangelib.properties import FolderId

from connectors.exchange.failures import is_gone, is_internal, may_pass, said
from connectors.exchange.mail_bell import MailBell
from connectors.exchange.mail_folders import Folders, no_such_folder
from connectors.exchange.mail_services import LookAtMails, MailSeen, MailTold, ReadMime, SyncMails
from connectors.exchange.mail_settling import Settling
from connectors.exchange.transport import Transport
from connectors.mail import After, Arrival, MailFolder, MailPage
from connectors.mail_sizes import Sizes
from connectors.microsoft import oldest_first
from connectors.microsoft.oldest_first import MailCursor, in_order, read, whole
from connectors.settings import ConnectorSettings
from sync_engine.errors import CollectionGone, CursorExpired, Rejected, SuspectListing, Unavailable

PAGE = 500
"""Changes of one request; Exchange gives out 512 at most."""
TOGETHER = 50
"""Mails of one request, if they are small."""
_NAP = 0.3  # seconds between looks whether to stop
_MOST_EMPTY = 100  # pages without a change, one after the other, after which a server is not believed


class ExchangeMail:
    """As `connectors.mail.MailSource` and `Waits`. Ids of mails are EWS's, which another folder changes (E6)."""

    def __init__(self, settings: ConnectorSettings, page: int = PAGE) -> None:
        self.transport = Transport(settings)
        self._settings = settings
        self._page = page
        self._folders = Folders(self.transport)
        self._settling = Settling(self.transport)
        self._sizes = Sizes()
        self._states: dict[str, str] = {}  # of folders that were read to their end
        self._bells: dict[str, MailBell] = {}

    def folders(self) -> Sequence[MailFolder]:
        """By their paths: INBOX, INBOX/Support, Archive."""
        return self._folders.all()

    # ------------------------------------------------------------ what came

    def arrivals(self, folder: str, since: str | None) -> Iterator[MailPage]:
        """By SyncFolderItems, whose state is the cursor. Raises CursorExpired, CollectionGone, AccountErrors."""
        try:
            folder_id = self._folders.id_of(folder)
            for page in self._pages(folder_id, since):
                self._sizes.note(page.arrivals)
                if page.complete:
                    self._states[folder_id] = read(page.cursor, folder_id).link
                yield page
        except CollectionGone as err:
            self._folders.forget(folder)
            raise no_such_folder(folder, err.server_said) from err

    def _pages(self, folder_id: str, since: str | None) -> Iterator[MailPage]:
        cursor = None if since is None else read(since, folder_id)
        if cursor is None or cursor.mark is not None:
            rounds = list(self._rounds(folder_id, ""))
            there = {one.id: one for found, _, _ in rounds for one in found}
            complete = cursor is None
            cursor = cursor or MailCursor(folder_id, rounds[-1][1])
            yield from whole(there.values(), cursor, complete=complete, page=min(self._page, oldest_first.PAGE))
            if complete:
                return
        yield from self._later(folder_id, cursor.link)

    def _later(self, folder_id: str, state: str) -> Iterator[MailPage]:
        """Each page of Exchange has its place to go on from; one that told nothing does not change it."""
        for found, after, last in self._rounds(folder_id, state):
            state = after if found or not last else state
            yield MailPage(tuple(in_order(found)), MailCursor(folder_id, state).text, complete=last)

    def _rounds(self, folder_id: str, state: str) -> Iterator[tuple[list[Arrival], str, bool]]:
        """What pages told, the state after each, and whether it was the last."""
        last, empty = False, 0
        while not last:
            told, state, last = self._told(folder_id, state)
            empty = 0 if told else empty + 1
            if empty > _MOST_EMPTY:
                raise SuspectListing("Exchange lists a folder without coming to its end; it is tried again later.")
            there = {one.id: Arrival(one.id, one.size, one.arrived_at) for one in told if _counts(one)}
            yield list(there.values()), state, last

    def _told(self, folder_id: str, state: str) -> tuple[list[MailTold], str, bool]:
        service = SyncMails(account=self.transport.account())
        told = self.transport.read(partial(service.mails, FolderId(id=folder_id), state, self._page))
        if not service.sync_state:
            raise SuspectListing("Exchange listed a folder and did not say where to go on; it is tried again later.")
        return told, service.sync_state, bool(service.includes_last_item_in_range)

    # ------------------------------------------------------------ when it comes

    def wait(self, folder: str, seconds: float, stopped: Callable[[], bool]) -> bool:
        """As `connectors.mail.Waits`, by notifications; where there are none, until the time is over."""
        folder_id, end = self._folders.id_of(folder), time.monotonic() + seconds
        if self._settings.options.get("push") == "off":
            return _sleep(seconds, stopped)
        bell = self._bells.get(folder_id) or MailBell(self._settings, folder_id)
        self._bells[folder_id] = bell
        while bell.wait(end - time.monotonic(), stopped):
            if self._has_new(folder_id):
                return True
        return False

    def _has_new(self, folder_id: str) -> bool:
        """It rings for what we mark ourselves, too, and when it begins to be heard."""
        state = self._states.get(folder_id)
        if state is None:
            return True
        try:
            told, _, last = self._told(folder_id, state)
        except CursorExpired:
            return True
        return not last or any(_counts(one) and one.verb == "Create" for one in told)

    # ------------------------------------------------------------ the mails

    def raw(self, folder: str, mail_id: str) -> bytes | None:
        """As MIME. Raises Rejected where the server has it, and cannot give it."""
        return next(self.raws(folder, [mail_id]))[1]

    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:  # noqa: ARG002
        """Fifty in one request, large ones alone."""
        for group in self._sizes.groups(mail_ids, TOGETHER):
            for mail_id, answer in zip(group, self._read(group), strict=True):
                yield mail_id, _content(answer)

    def _read(self, mail_ids: Sequence[str]) -> list[bytes | Exception]:
        """A mail at which the server itself fails must not hold up the others, nor itself for ever."""
        service = ReadMime(account=self.transport.account())
        try:
            return self.transport.read(lambda: service.read(mail_ids))
        except Unavailable as err:
            if not is_internal(err):
                raise
            if len(mail_ids) > 1:
                return [answer for one in mail_ids for answer in self._read([one])]
            if not self._is_there(mail_ids[0]):
                raise
            return [ValueError(err.server_said)]

    def _is_there(self, mail_id: str) -> bool:
        service = LookAtMails(account=self.transport.account())
        return isinstance(self.transport.read(lambda: service.read([mail_id]))[0], MailSeen)

    # ------------------------------------------------------------ afterwards

    def settle(self, folder: str, mail_ids: Sequence[str], after: After) -> None:
        """Raises CollectionGone for a folder that is not there, AccountErrors, and ItemErrors."""
        target = self._folders.id_of(after.move_to) if after.move_to else ""
        if after.seen or after.keyword or target:
            self._settling.settle(self._folders.id_of(folder), mail_ids, after, target)

    def close(self) -> None:
        """Close all connections."""
        for bell in self._bells.values():
            bell.close()
        self._bells.clear()
        self.transport.close()


def _counts(told: MailTold) -> bool:
    """What left, and who has read what, is of no account; nor are contacts in a mail folder."""
    return told.is_mail and told.verb not in {"Delete", "ReadFlagChange"}


def _sleep(seconds: float, stopped: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(_NAP, left))
    return False


def _content(answer: bytes | Exception) -> bytes | None:
    if isinstance(answer, bytes):
        return answer
    if is_gone(answer):
        return None
    if may_pass(answer):
        raise Unavailable("Exchange was not ready for a mail; it is tried again later.", server_said=said(answer))
    raise Rejected("Exchange does not give out this mail.", server_said=said(answer)) from answer
