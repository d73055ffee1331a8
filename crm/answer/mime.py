"""From what is to be said to the octets of a mail. Pure: the caller brings the time and the ids.

Text is quoted-printable and everything else base64, so that the mail passes every server as it is. A boundary begins
with `=_`, which neither of the two can contain.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

import nh3

from crm.answer.headers import address, address_line, id_line, one_line, parameter, text_line
from crm.answer.model import Calendar, File, Outgoing
from crm.errors import Invalid
from crm.mail.model import Party

MOST_FILES = 50
MOST_OCTETS = 25 * 2**20  # of all files; many servers take no larger mail (a third is added by base64)
MOST_TEXT = 2 * 2**20  # characters
MOST_RECIPIENTS = 100
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+\-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+\-]{0,100}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail says beside its content."""

    sender: Party  # the mailbox
    message_id: str
    subject: str
    at: datetime
    in_reply_to: str = ""
    references: tuple[str, ...] = ()  # the oldest first, In-Reply-To the last
    reply_to: Party | None = None  # None: the mailbox itself


def write(mail: Outgoing, envelope: Envelope) -> bytes:
    """The whole mail, lines ended by CR LF. Raises `Invalid` for what no mail can be made of."""
    check(mail)
    return (_head(mail, envelope) + "MIME-Version: 1.0\r\n").encode() + content(mail)


def check(mail: Outgoing) -> None:
    """Raises Invalid, with a sentence for who wrote the mail."""
    everybody = recipients(mail)
    if not everybody:
        raise Invalid("A mail needs a recipient; give at least one address.")
    if len(everybody) > MOST_RECIPIENTS:
        raise Invalid(f"A mail may go to at most {MOST_RECIPIENTS} addresses; this one has {len(everybody)}.")
    check_sizes(mail)


def check_sizes(mail: Outgoing) -> None:
    """Raises Invalid for more than a mail may have; of a draft, too."""
    if len(mail.text) > MOST_TEXT or len(mail.html) > MOST_TEXT:
        raise Invalid(f"The text is longer than {MOST_TEXT // 2**20} million characters; attach it as a file.")
    if len(mail.files) > MOST_FILES:
        raise Invalid(f"A mail may have at most {MOST_FILES} files.")
    if sum(len(file.content) for file in mail.files) > MOST_OCTETS:
        raise Invalid(f"The files are larger than {MOST_OCTETS // 2**20} MiB together; send a link instead.")


def recipients(mail: Outgoing) -> tuple[str, ...]:
    """The addresses of the envelope, each once. Raises Invalid for what is no address."""
    return tuple(dict.fromkeys(address(party) for party in (*mail.to, *mail.cc, *mail.bcc)))


def file_name(name: str) -> str:
    """Without folders. Raises Invalid for control characters."""
    return one_line(re.split(r"[/\\]", name.strip())[-1], "A file's name")[:200].strip(". ") or "file"


def texts(mail: Outgoing) -> int:
    """How many leaf parts come before the files."""
    return 1 + bool(mail.html) + bool(mail.calendar)


def media_type(file: File) -> str:
    """What the mail says that a file is."""
    kind = file.media_type.strip().lower()
    if not _MEDIA_TYPE.fullmatch(kind) or kind.startswith(("multipart/", "message/")):
        return "application/octet-stream"  # base64 is for neither of the two (RFC 2046, 5.2.1)
    return kind


def content(mail: Outgoing) -> bytes:
    """The body with the headers that say what it is: all of a draft but who it goes to."""
    return _multipart("mixed", [_texts(mail), *map(_file, mail.files)]) if mail.files else _texts(mail)


def _head(mail: Outgoing, envelope: Envelope) -> str:
    lines = [
        f"Date: {format_datetime(envelope.at)}\r\n",
        address_line("From", [envelope.sender]),
        address_line("Reply-To", [envelope.reply_to or envelope.sender]),
        address_line("To", mail.to) if mail.to else "To: undisclosed-recipients:;\r\n",
        address_line("Cc", mail.cc) if mail.cc else "",
        text_line("Subject", envelope.subject),
        id_line("Message-ID", [envelope.message_id]),
        id_line("In-Reply-To", [envelope.in_reply_to]),
        id_line("References", envelope.references),
    ]
    if mail.automatic:  # RFC 3834, and what Exchange looks for (REQUESTS.md 8)
        lines += ["Auto-Submitted: auto-replied\r\n", "X-Auto-Response-Suppress: All\r\n"]
    return "".join(lines)


def _texts(mail: Outgoing) -> bytes:
    """The text, and beside it what says the same in other forms, the richest last (RFC 2046, 5.1.4)."""
    parts = [_text("plain", mail.text)]
    if mail.html:
        parts.append(_text("html", nh3.clean(mail.html)))
    if mail.calendar:
        parts.append(_calendar(mail.calendar))
    return parts[0] if len(parts) == 1 else _multipart("alternative", parts)


def _text(subtype: str, text: str, more: str = "") -> bytes:
    octets = "\n".join(text.splitlines()).encode(errors="replace") + b"\n"
    lines = b2a_qp(octets, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return f"Content-Type: text/{subtype}; charset=utf-8{more}\r\n{_coded('quoted-printable')}".encode() + lines


def _calendar(calendar: Calendar) -> bytes:
    if not re.fullmatch(r"[A-Z\-]{1,30}", calendar.method):
        raise Invalid("A calendar part needs a method such as REPLY.")
    head = f"Content-Type: text/calendar; charset=utf-8; method={calendar.method}\r\n{_coded('base64')}"
    return head.encode() + _base64(calendar.text.encode())


def _file(file: File) -> bytes:
    name = file_name(file.name)
    head = f"Content-Type: {media_type(file)}{parameter('name', name)}\r\n"
    head += f"Content-Disposition: attachment{parameter('filename', name)}\r\n{_coded('base64')}"
    return head.encode() + _base64(file.content)


def _coded(how: str) -> str:
    return f"Content-Transfer-Encoding: {how}\r\n\r\n"


def _base64(octets: bytes) -> bytes:
    return encodebytes(octets).replace(b"\n", b"\r\n")


def _multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    mark = f"=_{subtype}_="
    head = f'Content-Type: multipart/{subtype}; boundary="{mark}"\r\n\r\n'
    inner = b"".join(b"--" + mark.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return head.encode() + inner + f"--{mark}--\r\n".encode()
