"""What can go wrong, named after the reaction it asks for.

SyncError
├── ItemError                 this item only; all others go on
│   ├── VersionConflict       it changed over there: read it and decide again
│   ├── Rejected              the system refuses this item: quarantine it with the server's words
│   ├── PartlyWritten         it took the item without a part of it: keep all of it in the hub, tell the admin
│   └── Unreadable            its text cannot be read: keep the raw text, quarantine
├── NotStored                 the hub's store refused a transaction: find the item that it cannot hold, keep the rest
└── AccountError              the whole account or collection
    ├── CursorExpired         list everything once
    ├── SuspectListing        the listing cannot be true (empty, cut off): delete nothing, tell the admin
    ├── Throttled             wait `retry_after` seconds
    ├── Unavailable           try again later
    │   └── OutcomeUnknown    the answer to a write was lost: settle it by a read with our own key
    ├── NotAuthorised         stop writing, tell the admin
    │   └── NoAccess          the sign-in is good, but this mailbox or collection is not open to it: others go on
    └── CollectionGone        the remote collection does not exist: stop this binding, tell the admin

Vendor errors never leave their connector: ``raise Rejected(...) from err``.
"""

from __future__ import annotations


class SyncError(Exception):
    """Base of all. ``str(error)`` is one clear sentence for an admin."""

    def __init__(self, message: str, *, server_said: str = "") -> None:
        super().__init__(message)
        self.server_said = server_said  # the server's own words, cut to a readable length


class ItemError(SyncError):
    """About one item; the others go on."""


class VersionConflict(ItemError):
    """A conditional write found another version (HTTP 412, EWS ErrorIrresolvableConflict)."""


class Rejected(ItemError):
    """The system will not take this item, now or later (a 4xx that is not about sign-in or load)."""


class PartlyWritten(ItemError):
    """The item was written, but for a part that the system refuses, such as one changed occurrence of a series."""

    def __init__(self, message: str, *, remote_id: str, version: str = "", server_said: str = "") -> None:
        super().__init__(message, server_said=server_said)
        self.remote_id = remote_id  # of the item that was written
        self.version = version  # after the last step


class Unreadable(ItemError):
    """Text that cannot be made into a record. The text itself is kept by whoever raises this."""


class NotStored(SyncError):
    """A rule of the hub's store forbids something in a transaction; none of it was kept."""


class AccountError(SyncError):
    """About the account or the whole collection."""


class CursorExpired(AccountError):
    """The change feed cannot go on from this cursor; list everything."""


class SuspectListing(AccountError):
    """A listing that must not be believed; no deletion may follow from it (SYNC.md R01)."""


class Throttled(AccountError):
    """The server asks us to wait."""

    def __init__(self, message: str, *, retry_after: float, server_said: str = "") -> None:
        super().__init__(message, server_said=server_said)
        self.retry_after = retry_after  # seconds


class Unavailable(AccountError):
    """The server cannot be reached or answers 5xx."""


class OutcomeUnknown(Unavailable):
    """A write was sent and its answer never came: it may or may not have happened (SYNC.md R06)."""


class NotAuthorised(AccountError):
    """Wrong or expired sign-in, or no right to this collection."""


class NoAccess(NotAuthorised):
    """The sign-in is good, but there is no such mailbox, or no right to it or to this collection."""


class CollectionGone(AccountError):
    """The bound collection is no longer there."""
