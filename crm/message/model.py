"""A message as people see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Addressed:
    """Somebody in a header."""

    role: str  # from, sender, reply-to, to, cc, bcc
    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment."""

    number: int  # of the part: its content is had by it
    name: str
    media_type: str  # as the mail says; not to be believed
    size: int  # octets
    inline: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One mail of a request."""

    id: int
    request_id: int | None
    direction: str  # in, out
    automatic: str  # "" for a person's mail, or why not
    subject: str
    from_address: str
    from_name: str
    verified: bool  # exactly one address stood in From
    authentication: str  # what our server says of SPF, DKIM, DMARC
    forwarded_by: str  # the colleague who passed it on
    sent_at: datetime | None
    received_at: datetime
    text: str  # with quoted text
    size: int
    bounce_of_id: int | None  # a delivery report: of this message of ours
    state: str  # of ours: draft, waiting, sent, failed, bounced
    addresses: tuple[Addressed, ...]
    files: tuple[Attached, ...]


@dataclass(frozen=True, slots=True)
class FileContent:
    """What is in an attachment."""

    file: Attached
    content: bytes
