"""Reads one mailbox: fetches what came, takes it in, and only then flags it and moves on (REQUESTS.md 1).

The order is what makes it exactly once, wherever the program is killed:
fetch -> commit (message, request, receipt) -> flag or move at the server -> commit (flagged, cursor).
What was committed and not flagged is found by its receipt; what was listed and not committed is listed again, as the
cursor stands where it did. A failure of the account leaves the cursor alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.mail import After, Arrival, MailPage, MailSource
from crm.intake.aside import keep_unread, take_or_keep
from crm.intake.model import Delivered, Taken, What
from crm.intake.settling import Settling
from crm.settings import CrmSettings
from storage.crm.mail_cursors import FolderCursor, advance, begin_folder, folder_cursor, note_look
from storage.crm.receipts import Receipt, expire, receipts_at, unread_places
from storage.database import Database
from sync_engine.errors import CollectionGone, CursorExpired, ItemError, NoAccess, SuspectListing, SyncError

MOST_OCTETS = 150 * 2**20  # of a mail that is fetched at all; what is larger is kept aside unread
_BATCH = 25  # mails that are fetched together ...
_BATCH_OCTETS = 8 * 2**20  # ... and how much of them, as far as their sizes are told
_LOOK_NOTED = timedelta(minutes=5)  # a look that found nothing is written down as often
_OF_A_FOLDER = (CollectionGone, NoAccess, SuspectListing)
_MISSED_AGAIN = 3  # looks at which a mail is asked for once more that was listed and then was not there
_MOST_MISSED = 500
_CLOCKS = timedelta(minutes=10)  # that two may differ
_UNREAD_AGAIN = timedelta(hours=1)  # until mails that their server did not give are asked for again


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a mailbox."""

    mailbox: str  # its name
    folders: tuple[str, ...]  # ids
    after: After | None = None  # what becomes of a mail at its server; None: nothing


@dataclass(slots=True)
class Looked:
    """What one look at a mailbox did."""

    counts: dict[What, int] = field(default_factory=lambda: dict.fromkeys(What, 0))
    settled: int = 0
    gone: int = 0  # listed, but no longer there when they were fetched
    complete: bool = True  # False: stopped before the end
    problem: str = ""  # mails cannot be flagged or moved; all else went well

    @property
    def taken(self) -> int:
        """Mails that were not known before."""
        return sum(count for what, count in self.counts.items() if what is not What.KNOWN)


class Reader:
    """One mailbox. Of one thread, as its source is."""

    def __init__(
        self,
        database: Database,
        settings: CrmSettings,
        source: MailSource,
        reading: Reading,
        *,
        stopped: Callable[[], bool] = lambda: False,
        took: Callable[[Taken], None] = lambda _taken: None,
    ) -> None:
        """`stopped`: asked between mails; `took`: told of each mail."""
        self._database, self._settings, self._source = database, settings, source
        self._reading, self._stopped, self._took = reading, stopped, took
        self._settling = Settling(database, source, reading.mailbox, reading.after)
        self._unread_asked: datetime | None = None
        self._missed: dict[tuple[str, str], int] = {}  # folder and id -> how often it was asked for again

    def look(self) -> Looked:
        """Read all folders once. Raises AccountError and StoreError: what was taken in until then stays.

        A folder that is gone or closed to us is told at the end: the others are read nevertheless.
        """
        looked = Looked()
        looked.settled += self._settling.leftovers()
        unread, failure = [*self._unread_before(), *self._missed], None
        for folder in self._reading.folders:
            if self._stopped():
                looked.complete = False
                break
            try:
                self._folder(folder, looked)
            except _OF_A_FOLDER as err:
                failure = failure or err
        self._ask_again(unread, looked)
        if failure is not None:
            raise failure
        looked.problem = self._settling.problem
        return looked

    # ---------------------------------------------------------------- a folder

    def _folder(self, folder: str, looked: Looked) -> None:
        where, before = self._where(folder), looked.taken
        try:
            try:
                self._read(where, where.cursor, looked)
            except CursorExpired:  # what we have is known by its receipts and Message-IDs
                self._advance(folder, None)
                self._read(where, None, looked)
        except SyncError as err:
            self._note(where, str(err))
            raise
        if looked.complete:
            self._note(where, "", took=looked.taken > before)

    def _read(self, where: FolderCursor, cursor: str | None, looked: Looked) -> None:
        for page in self._source.arrivals(where.folder, cursor):
            self._page(where, page, looked)
            if not looked.complete:
                return
            if page.cursor != cursor:
                self._advance(where.folder, page.cursor)
                cursor = page.cursor

    def _page(self, where: FolderCursor, page: MailPage, looked: Looked) -> None:
        new = self._unknown(where.folder, page.arrivals)
        for batch in _batches(new):
            self._batch(where, batch, looked)
            looked.settled += self._settling.flush()
            if not looked.complete:
                return

    def _unknown(self, folder: str, arrivals: Sequence[Arrival]) -> list[Arrival]:
        ids = [arrival.id for arrival in arrivals]
        if not ids:
            return []
        with self._database.read() as unit:
            known = receipts_at(unit.session.connection, self._reading.mailbox, folder, ids)
        listed = {arrival.id: arrival for arrival in arrivals}
        others = [one for one in known.values() if _came_later(listed[one.remote_id], one)]
        if others:
            with self._database.begin() as unit:
                expire(unit.session.connection, [one.id for one in others], unit.session.now())
        taken = known.keys() - {one.remote_id for one in others}
        return [arrival for arrival in listed.values() if arrival.id not in taken]

    # ---------------------------------------------------------------- mails

    def _batch(self, where: FolderCursor, batch: Sequence[Arrival], looked: Looked) -> None:
        arrivals = {arrival.id: arrival for arrival in batch}
        for arrival in batch:
            if arrival.size > MOST_OCTETS:
                self._too_large(where, arrivals.pop(arrival.id), looked)
        for mail_id, raw in self._fetched(where, list(arrivals), looked):
            if self._stopped():
                looked.complete = False
                return
            if raw is None:
                looked.gone += 1
                self._miss(where.folder, mail_id)
            else:
                self._take(where, arrivals[mail_id], raw, looked)

    def _fetched(self, where: FolderCursor, ids: Sequence[str], looked: Looked) -> Iterator[tuple[str, bytes | None]]:
        """Together; after an error about one mail the rest one by one, so that none is lost with it."""
        done: set[str] = set()
        try:
            for mail_id, raw in self._source.raws(where.folder, ids) if ids else ():
                done.add(mail_id)
                yield mail_id, raw
        except ItemError:
            for mail_id in ids:
                if mail_id not in done:
                    yield from self._alone(where, mail_id, looked)

    def _alone(self, where: FolderCursor, mail_id: str, looked: Looked) -> Iterator[tuple[str, bytes | None]]:
        try:
            raw = self._source.raw(where.folder, mail_id)
        except ItemError as err:
            said = f" The server said: {err.server_said}" if err.server_said else ""
            self._unread(where, mail_id, 0, f"The server does not give this mail: {err}{said}", looked)
        else:
            yield mail_id, raw

    def _take(self, where: FolderCursor, arrival: Arrival, raw: bytes, looked: Looked) -> None:
        delivered = Delivered(
            self._reading.mailbox, where.folder, arrival.id, raw, arrival.arrived_at, where.started_at
        )
        self._count(take_or_keep(self._database, self._settings, delivered), looked)
        self._settling.add(where.folder, arrival.id)

    def _too_large(self, where: FolderCursor, arrival: Arrival, looked: Looked) -> None:
        most = MOST_OCTETS // 2**20
        reason = f"It is larger than {most} MiB ({arrival.size // 2**20} MiB); save it by hand if it is wanted."
        self._unread(where, arrival.id, arrival.size, reason, looked)

    def _unread(self, where: FolderCursor, mail_id: str, size: int, reason: str, looked: Looked) -> None:
        with self._database.begin() as unit:
            taken = keep_unread(unit, self._reading.mailbox, where.folder, mail_id, size, reason)
        self._count(taken, looked)

    def _count(self, taken: Taken, looked: Looked) -> None:
        looked.counts[taken.what] += 1
        self._took(taken)

    # ---------------------------------------------------------------- what its server did not give before

    def _miss(self, folder: str, mail_id: str) -> None:
        """Most were deleted or moved meanwhile. But parts of a large system may know of a mail one after another."""
        if len(self._missed) < _MOST_MISSED:
            self._missed[folder, mail_id] = 0

    def _missed_again(self, place: tuple[str, str], *, found: bool) -> None:
        if place in self._missed:
            self._missed[place] += 1
            if found or self._missed[place] == _MISSED_AGAIN:
                del self._missed[place]  # deleted, or moved by a person

    def _unread_before(self) -> list[tuple[str, str]]:
        """Folder and id of each, when it is time to ask for them again."""
        with self._database.read() as unit:
            now = unit.session.now()
            if self._unread_asked is not None and now - self._unread_asked < _UNREAD_AGAIN:
                return []
            self._unread_asked = now
            return unread_places(unit.session.connection, self._reading.mailbox, MOST_OCTETS)

    def _ask_again(self, places: Sequence[tuple[str, str]], looked: Looked) -> None:
        for folder, mail_id in places:
            if folder in self._reading.folders and not self._stopped():
                self._once_more(self._where(folder), mail_id, looked)

    def _once_more(self, where: FolderCursor, mail_id: str, looked: Looked) -> None:
        try:
            raw = self._source.raw(where.folder, mail_id)
        except (ItemError, *_OF_A_FOLDER):
            raw = None
        self._missed_again((where.folder, mail_id), found=raw is not None)
        if raw is not None:
            self._take(where, Arrival(mail_id), raw, looked)

    # ---------------------------------------------------------------- how far it is

    def _where(self, folder: str) -> FolderCursor:
        with self._database.read() as unit:
            found = folder_cursor(unit.session.connection, self._reading.mailbox, folder)
        if found is not None:
            return found
        with self._database.begin() as unit:
            return begin_folder(unit.session.connection, self._reading.mailbox, folder, unit.session.now())

    def _advance(self, folder: str, cursor: str | None) -> None:
        with self._database.begin() as unit:
            advance(unit.session.connection, self._reading.mailbox, folder, cursor)

    def _note(self, where: FolderCursor, problem: str, *, took: bool = False) -> None:
        """A look that found nothing is no reason to write each minute; one that took mail is told at once."""
        with self._database.read() as unit:
            now = unit.session.now()
        seen = where.looked_at is not None and now - where.looked_at < _LOOK_NOTED
        if problem == where.problem and (problem or (seen and not took)):
            return
        with self._database.begin() as unit:
            note_look(unit.session.connection, where.mailbox, where.folder, now, problem)


def _came_later(arrival: Arrival, receipt: Receipt) -> bool:
    """A server that was set back gives a number once more: what came after we took it in is another mail."""
    return arrival.arrived_at is not None and arrival.arrived_at > receipt.at + _CLOCKS


def _batches(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    batch: list[Arrival] = []
    octets = 0
    for arrival in arrivals:
        if batch and (len(batch) == _BATCH or octets + arrival.size > _BATCH_OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(arrival)
        octets += arrival.size
    if batch:
        yield batch
