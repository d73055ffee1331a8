"""A mail on its way in, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crm.mail.model import Mail

_OLD = timedelta(days=3)  # what took longer to reach us was moved or restored, or is an answer too late to be of use


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail as it lay in a mailbox."""

    mailbox: str  # its name in the configuration
    folder: str
    remote_id: str  # of the mail in its folder (`connectors.mail.Arrival.id`)
    raw: bytes
    arrived_at: datetime | None = None  # when it came into the mailbox, as far as its system tells
    started_at: datetime | None = None  # when the folder was first read; None: of old, nothing is answered by itself


class What(StrEnum):
    """What became of a mail."""

    OPENED = "opened"  # a new request
    ADDED = "added"  # to a request that was there
    KNOWN = "known"  # we had it: only where it lay is new
    REPORT = "report"  # a delivery report of a mail of ours
    IGNORED = "ignored"  # kept, and nobody has to act on it
    KEPT_ASIDE = "kept aside"  # it could not be taken in; `crm.intake.aside`


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome for one mail."""

    message_id: int | None  # of `messages`; None for what was kept aside
    request_id: int | None
    what: What
    quarantine_id: int | None = None


def is_backlog(delivered: Delivered, mail: Mail, now: datetime) -> bool:
    """Whether it is too old to be answered by itself (REQUESTS.md 1): it was there before the mailbox was first read,
    lay there for days, or was written long before it came, as what is moved or restored from elsewhere.
    """
    if delivered.started_at is None:
        return True
    arrived = delivered.arrived_at or now
    written = mail.sent_at or arrived
    late = arrived < now - _OLD or written < arrived - _OLD
    started = delivered.started_at.replace(microsecond=0)  # mail servers tell whole seconds
    return late or arrived < started
