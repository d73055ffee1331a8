"""What came into a folder, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient

from connectors.imap.cursor import ImapCursor, mail_id
from connectors.imap.line import ImapLine, Opened
from connectors.imap.position import first_after
from connectors.mail import Arrival, MailPage
from sync_engine.errors import Rejected

PAGE = 200  # mails; a page is two short requests

_TOLD = ("UID", "RFC822.SIZE", "INTERNALDATE")
_NEAR = 10  # places looked at where one mail is asked for: somebody else may have deleted it meanwhile


def pages(line: ImapLine, folder: str, since: str | None, page: int = PAGE) -> Iterator[tuple[Opened, MailPage]]:
    """The pages, and how the folder was when each was made. Raises CursorExpired, CollectionGone.

    Between two of them the caller may use the line for anything else.
    """
    cursor = ImapCursor.read(since) if since is not None else None
    hint = 0
    while True:
        opened = line.open(folder, afresh=True)
        cursor = cursor or ImapCursor(opened.validity)
        cursor.check(opened)
        rows, hint = _rows_after(line, opened, cursor, hint, page)
        complete = hint > opened.count
        last = max((uid for uid, _ in rows), default=cursor.uid)
        cursor = ImapCursor(opened.validity, last, opened.modseq if complete else 0)
        arrivals = tuple(_arrival(opened.validity, uid, row) for uid, row in rows)
        yield opened, MailPage(arrivals, cursor.written(), complete)
        if complete:
            return


Row = tuple[int, Mapping[bytes, Any]]


def _rows_after(line: ImapLine, opened: Opened, cursor: ImapCursor, hint: int, page: int) -> tuple[Sequence[Row], int]:
    """The next mails, oldest first, and the place behind them. None only when nothing follows."""
    nothing = opened.count == 0 or (opened.modseq and opened.modseq == cursor.modseq)
    if nothing or opened.next_uid == cursor.uid + 1:
        return (), opened.count + 1
    start = _start(line, opened, cursor, hint)
    while start <= opened.count:
        end = min(start + page, opened.count + 1)
        rows = [row for row in _rows(line, range(start, end)) if row[0] > cursor.uid]
        start = end
        if rows:
            return rows, start
    return (), start


def _rows(line: ImapLine, places: range) -> Sequence[Row]:
    """By UID. A mail whose size or time the server cannot tell, since it is damaged, is there all the same."""
    try:
        found = dict(line.ask(lambda client: _fetch(client, places, _TOLD), of_mails=True))
    except Rejected:
        found = {}
    if left := [place for place in places if b"UID" not in found.get(place, {})]:
        found |= line.ask(lambda client: _fetch(client, left, ["UID"]))
    return sorted(((int(row[b"UID"]), row) for row in found.values() if b"UID" in row), key=lambda row: row[0])


def _start(line: ImapLine, opened: Opened, cursor: ImapCursor, hint: int) -> int:
    """The place of the first mail that the cursor does not know; a smaller one where mails vanish meanwhile."""
    if cursor.uid == 0:
        return 1

    def uid_at(place: int) -> int:
        near = range(place, min(place + _NEAR, opened.count + 1))
        found = line.ask(lambda client: _fetch(client, near[:1], ["UID"]) or _fetch(client, near, ["UID"]))
        return min((int(row[b"UID"]) for row in found.values() if b"UID" in row), default=cursor.uid + 1)

    since = max(opened.next_uid - 1 - cursor.uid, 0)  # mails that came, if none was deleted
    return first_after(cursor.uid, opened.count, hint or opened.count - since + 1, uid_at)


def _fetch(client: IMAPClient, places: Sequence[int], what: Sequence[str]) -> Mapping[int, Mapping[bytes, Any]]:
    """By place, not by UID: while only such commands are sent, no place may change (RFC 3501 7.4.1)."""
    with _by_place(client):
        found: Mapping[int, Mapping[bytes, Any]] = client.fetch(list(places), what)
    return found


@contextmanager
def _by_place(client: IMAPClient) -> Iterator[None]:
    client.use_uid = False
    try:
        yield
    finally:
        client.use_uid = True


def _arrival(validity: int, uid: int, row: Mapping[bytes, Any]) -> Arrival:
    size, when = row.get(b"RFC822.SIZE"), row.get(b"INTERNALDATE")
    arrived = when.astimezone(UTC) if isinstance(when, datetime) and when.tzinfo else None
    return Arrival(mail_id(validity, uid), size if isinstance(size, int) else 0, arrived)
