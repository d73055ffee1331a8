"""What intake and answers ask of a mailbox, whatever system it is at. `mail_registry.py` is the list of who can.

A source *reads*: it never deletes a mail, and changes nothing but what `settle` is told to, after we have committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A place in a mailbox that mails lie in."""

    id: str  # what the configuration and `MailSource` name it by: INBOX, Support/New; at Gmail a label's id
    name: str  # as people see it


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that lies in a folder and was not told before (or is told again: that is harmless)."""

    id: str  # the same as long as the mail lies there, never another mail's; includes UIDVALIDITY at IMAP
    size: int = 0  # octets; 0 when the system does not say
    arrived_at: datetime | None = None  # when it came into the mailbox, UTC; not what its Date header says


@dataclass(frozen=True, slots=True)
class MailPage:
    """Some mails of a folder, the oldest first, and where to go on when these have been committed."""

    arrivals: tuple[Arrival, ...]
    cursor: str  # opaque; good after all arrivals of this page and those before it were committed
    complete: bool  # nothing follows for now


@dataclass(frozen=True, slots=True)
class After:
    """What becomes of a mail at its server when we have it. Nothing, a flag, or another folder; never deleted."""

    seen: bool = False
    keyword: str = ""  # $AgendaHub at IMAP, a category at Microsoft, a label's name at Gmail
    move_to: str = ""  # id of a folder


@runtime_checkable
class MailSource(Protocol):
    """One mailbox. Of one thread. Raises `sync_engine.errors`: AccountError for all of it, ItemError for one mail."""

    def folders(self) -> Sequence[MailFolder]:
        """All that can be read."""

    def arrivals(self, folder: str, since: str | None) -> Iterator[MailPage]:
        """What came since a cursor; with None everything that lies there, the oldest first.

        Raises `CursorExpired` when the cursor is worthless (UIDVALIDITY changed, history gone): list all again; what we
        have is known by its Message-ID. A mail that somebody read, flagged or moved back is no arrival but may be told.
        """

    def raw(self, folder: str, mail_id: str) -> bytes | None:
        """The mail as it lies there, byte for byte, without marking it read; None when it is gone.

        Raises `Rejected` when the server cannot give this one mail, with what it said.
        """

    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Several of them in as few requests as the system allows; an id that fails raises at its turn."""

    def settle(self, folder: str, mail_ids: Sequence[str], after: After) -> None:
        """Flag or move mails that were committed. Gone is fine, twice is fine."""

    def close(self) -> None:
        """Give back connections."""


@runtime_checkable
class Waits(Protocol):
    """A source that is told of new mail by its server (IMAP IDLE)."""

    def wait(self, folder: str, seconds: float, stopped: Callable[[], bool]) -> bool:
        """Until something may have come (True), the time is over or `stopped` says so (False)."""


class Sent(StrEnum):
    """What is known of a mail that was handed over."""

    ACCEPTED = "accepted"
    PARTLY = "partly"  # some recipients were refused: `Receipt.refused`


@dataclass(frozen=True, slots=True)
class Receipt:
    """The far side took the mail."""

    sent: Sent
    refused: tuple[tuple[str, str], ...] = ()  # address, what the server said
    remote_id: str = ""  # where the system keeps a copy and tells


@runtime_checkable
class MailSender(Protocol):
    """Hands mails over. Of one thread.

    Raises `Rejected` (this mail never: all recipients refused, too large), `Throttled`, `Unavailable` (not handed over,
    for certain: try again), `NotAuthorised`, and `OutcomeUnknown` when the connection broke after the mail was on its
    way: it may have gone out, and must not be sent again without looking.
    """

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:
        """One mail to some recipients. `sender` is of the envelope; "" for automatic mails."""

    def find_sent(self, message_id: str) -> bool | None:
        """Whether a mail with this Message-ID went out; None: this system cannot tell."""

    def close(self) -> None:
        """Give back connections."""
