"""A mail that was read: what the rest of the room knows of it. The raw mail is kept beside it, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Party:
    """One address of a header."""

    address: str  # lower case, the domain in its ASCII form; "" where the header had none that can be used
    name: str = ""  # decoded, without control characters


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text. Its content: `crm.mail.parts.content(raw, number)`."""

    number: int  # of the leaf part, counted through the mail from 0
    name: str  # without folders and control characters; made from the type where the mail has none
    media_type: str  # lower case, without parameters
    size: int  # octets, decoded
    content_id: str = ""  # without the angle brackets
    inline: bool = False


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A text/calendar part with a METHOD (iMIP, RFC 6047)."""

    method: str  # upper case; of the part's parameter, else of the VCALENDAR
    text: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a multipart/report, or a bounce without one, says of a mail of ours (RFC 3464)."""

    action: str  # failed, delayed, delivered, relayed, expanded; "failed" where only words say so
    recipients: tuple[str, ...]  # addresses, lower case
    status: str = ""  # 5.1.1
    diagnostic: str = ""  # one line, what the far server said
    original_id: str = ""  # Message-ID of the mail that it is about; "" when it is not told

    @property
    def permanent(self) -> bool:
        """Whether the address will not do next time either."""
        return self.action == "failed" and not self.status.startswith("4")


@dataclass(frozen=True, slots=True)
class Mail:
    """What stands in a mail. Every field has a value, however broken the mail: `problems` says what was wrong."""

    message_id: str  # without angle brackets and white space; "" for none
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]  # the newest first, without what In-Reply-To has
    subject: str  # decoded, one line
    sender: Party  # of From; Party("") unless exactly one address stands there
    senders: tuple[Party, ...]  # all of From
    verified: bool  # exactly one address by the strict reading of the raw header
    reply_to: tuple[Party, ...]
    to: tuple[Party, ...]
    cc: tuple[Party, ...]
    sent_at: datetime | None  # Date, UTC; None when it cannot be read
    text: str  # what a person reads, plain; made from the HTML where there is no plain text. Quoted text included
    html: str  # as it came, not cleaned; "" for none. Show it through `crm.mail.display` only
    attachments: tuple[Attachment, ...]
    calendars: tuple[CalendarPart, ...]
    automatic: str  # "" for a person's mail, or why not: "auto-replied", "list", "bulk", "bounce" ... (REQUESTS.md 7)
    report: DeliveryReport | None
    return_path: str | None  # None: the header is missing; "": the empty path of bounces
    authentication: str  # "spf=pass dkim=pass dmarc=fail", of the topmost Authentication-Results; "" for none
    original: Mail | None = None  # a forward by its form: the mail that was passed on, as far as it can be read
    forwarded: bool = False  # `sender` is who passed it on; whether that is one of us, the caller knows
    size: int = 0  # octets of the raw mail
    problems: tuple[str, ...] = ()  # one sentence each; a limit that was met, a part that cannot be read

    @property
    def forged(self) -> bool:
        """Our own mail server says that From is not true (DMARC)."""
        return "dmarc=fail" in self.authentication.lower()
