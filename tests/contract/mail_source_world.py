"""Mails, a mailbox as others use it, and who reads it: for the contract of sources of mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.mail import Arrival, MailSource

_MAIL = b"""From: Eva <eva@customer.example>
To: support@example.org
Subject: %(subject)s
Message-ID: <%(subject)s@customer.example>
Date: Mon, 02 Mar 2026 09:00:00 +0100
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

%(text)s
"""


def mail(subject: str, text: str = "Hello") -> bytes:
    """A mail of a customer, with the line ends of the wire."""
    return crlf(_MAIL % {b"subject": subject.encode(), b"text": text.encode()})


def crlf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


ODD_MAILS = {
    "without a line end at its end": mail("open", "end")[:-2],
    "lines of dots": mail("dots", ".\r\n..\r\n.\r\n.end\r\n."),
    "long lines": mail("long", "x" * 9000),
    "many octets": mail("large", "0123456789abcdef" * 40_000),
    "headers only": b"From: eva@customer.example\r\nSubject: nothing else\r\nMessage-ID: <h@x>\r\n\r\n",
    "octets that are no text": mail("octets") + bytes(range(128, 256)) + b"\r\n",
    "what looks like the protocol": mail("protocol", "* 1 EXISTS\r\n)\r\nA1 OK done\r\n{12}\r\n"),
    "a line of From": mail("from", "\r\nFrom here on\r\n>From there\r\n"),
    "spaces at line ends": mail("spaces", "a  \r\n \r\n\t\r\n"),
}


@dataclass(frozen=True)
class Lying:
    """A mail in a folder, as somebody else sees it."""

    raw: bytes
    seen: bool = False
    keywords: frozenset[str] = frozenset()  # keywords, categories or labels; only those that people gave


class Mailbox(Protocol):
    """The system itself: what others do with the mailbox while we read it."""

    def put(self, folder: str, raw: bytes) -> None:
        """A mail comes into a folder, octet for octet. Later ones are newer."""

    def lying(self, folder: str) -> Sequence[Lying]:
        """What is in it now, in any order."""

    def remove(self, folder: str, raw: bytes) -> None:
        """Somebody deletes it, for good."""

    def mark_seen(self, folder: str, raw: bytes) -> None:
        """Somebody reads it."""

    def expire(self, folder: str) -> None:
        """All cursors of the folder become worthless. Its mails stay."""


@dataclass
class Reader:
    """Who follows a folder as intake does: the cursor of a page is kept when its mails are."""

    source: MailSource
    folder: str
    cursor: str | None = None
    told: list[str] = field(default_factory=list)  # all ids, as they came

    def pull(self) -> list[Arrival]:
        """What came since the last time."""
        found: list[Arrival] = []
        complete = False
        for page in self.source.arrivals(self.folder, self.cursor):
            assert not complete, "a page follows one that said that nothing follows"
            found.extend(page.arrivals)
            self.cursor, complete = page.cursor, page.complete
        assert complete, "no page said that nothing follows"
        assert len({one.id for one in found}) == len(found)
        self.told.extend(one.id for one in found)
        return found

    def raws(self, arrivals: Sequence[Arrival]) -> list[bytes | None]:
        ids = [one.id for one in arrivals]
        answers = list(self.source.raws(self.folder, ids))
        assert [one for one, _ in answers] == ids
        return [raw for _, raw in answers]

    def subjects(self) -> list[str]:
        """Of what came since the last time, in its order."""
        return [subject(raw) for raw in self.raws(self.pull()) if raw is not None]


def subject(raw: bytes) -> str:
    return next(line for line in raw.split(b"\r\n") if line.startswith(b"Subject: "))[9:].decode()
