"""What is written, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.mail.model import Party


@dataclass(frozen=True, slots=True)
class File:
    """An attachment to be sent."""

    name: str
    media_type: str  # application/pdf; application/octet-stream where it is not known
    content: bytes


@dataclass(frozen=True, slots=True)
class Calendar:
    """An iMIP part (RFC 6047)."""

    method: str  # REQUEST, REPLY, CANCEL; upper case
    text: str  # of the VCALENDAR


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that is to be sent, once. It is made into MIME when it is put into the outbox, and then stays as it is."""

    request_id: int
    mailbox: str  # name of the mailbox that it goes out from
    to: tuple[Party, ...]
    subject: str  # the token of the request is added where it is missing
    text: str
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()  # of the envelope only
    html: str = ""  # beside the text; cleaned before it goes out
    files: tuple[File, ...] = ()
    calendar: Calendar | None = None
    answers: int | None = (
        None  # the id (of `messages`) of the mail that this one answers: for In-Reply-To and References
    )
    automatic: str = ""  # "" for a person's; else why: "reply" (acknowledgement), "notice"
    token: bool = True  # whether [R-2026-17] goes into the subject


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person has begun to write."""

    id: int  # of `messages`; 0 where it is not kept yet
    mail: Outgoing
    saved_at: datetime | None = None
    author: str = ""
    warnings: tuple[str, ...] = ()  # one sentence each: an address that took no mail


@dataclass(frozen=True, slots=True)
class Bounced:
    """A delivery report that was tied to a mail of ours."""

    message_id: int  # id of the mail (of `messages`) that did not arrive
    request_id: int | None  # its request
    addresses: tuple[str, ...]  # that did not get it, lower case
    permanent: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """One mail of the outbox."""

    id: int  # for paging
    message_id: int  # of `messages`
    request_id: int | None
    mailbox: str
    state: str  # waiting, sending, sent, doubt, failed, given_up
    subject: str
    recipients: tuple[str, ...]
    automatic: bool
    tries: int
    next_at: datetime | None
    started_at: datetime | None
    sent_at: datetime | None
    error: str
    created_at: datetime
