"""Listing a mail folder the oldest first, where the system tells its mails in whatever order and only as a whole.

Of a first listing, which may be long, each page has a place to go on from: the link of the round that told it, and how
far one came in the order of time. What moves into the folder meanwhile is told by that link.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from connectors.mail import Arrival, MailPage
from sync_engine.errors import CursorExpired

PAGE = 100  # mails of a page
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
Mark = tuple[str, str]  # time of arrival and id of the last mail that was committed


@dataclass(frozen=True, slots=True)
class MailCursor:
    """The stored form is JSON."""

    folder: str  # the system's id of the folder: another one of the same name is another one
    link: str  # where the next round begins
    at: int = 0  # when the link was given, seconds since 1970
    mark: Mark | None = None  # a first listing broke off here; None: nothing is left of it

    @property
    def text(self) -> str:
        """For the store."""
        return json.dumps(asdict(self), separators=(",", ":"))


def read(text: str, folder: str) -> MailCursor:
    """The cursor of its stored form. Raises CursorExpired for one of another folder or another program."""
    try:
        told = json.loads(text)
        mark = told["mark"]
        found = MailCursor(str(told["folder"]), str(told["link"]), int(told["at"]), mark and (mark[0], mark[1]))
    except (ValueError, LookupError, TypeError) as err:
        raise CursorExpired("The place where this folder was last read is not known; all of it is listed.") from err
    if found.folder != folder or not found.link:
        raise CursorExpired("The folder is another one than before; all of it is listed.")
    return found


def in_order(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """The oldest first; those without a time before all others."""
    return sorted(arrivals, key=mark_of)


def mark_of(arrival: Arrival) -> Mark:
    """Its place in the order."""
    return (arrival.arrived_at or _NEVER).isoformat(), arrival.id


def whole(arrivals: Iterable[Arrival], cursor: MailCursor, *, complete: bool, page: int = PAGE) -> Iterator[MailPage]:
    """Pages of a first listing. `cursor`: where the next round begins, and how far an earlier attempt came."""
    done = MailCursor(cursor.folder, cursor.link, cursor.at)
    left = [one for one in in_order(arrivals) if cursor.mark is None or mark_of(one) > cursor.mark]
    pages = _chunks(left, page)
    for some in pages[:-1]:
        yield MailPage(some, MailCursor(done.folder, done.link, done.at, mark_of(some[-1])).text, complete=False)
    yield MailPage(pages[-1], done.text, complete=complete)


def later(arrivals: Iterable[Arrival], before: str, after: str, page: int = PAGE) -> Iterator[MailPage]:
    """Pages of a later round: one that breaks off is told again from its beginning."""
    pages = _chunks(in_order(arrivals), page)
    for some in pages[:-1]:
        yield MailPage(some, before, complete=False)
    yield MailPage(pages[-1], after, complete=True)


def _chunks(arrivals: list[Arrival], page: int) -> list[tuple[Arrival, ...]]:
    """At least one."""
    return [tuple(arrivals[start : start + page]) for start in range(0, len(arrivals) or 1, page)]
