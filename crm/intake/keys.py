"""What makes two mails the same one, however many mailboxes it lies in (REQUESTS.md 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from crm.mail.model import Mail
from storage.crm.mails import id_hash


def key_of(mail: Mail, raw: bytes) -> str:
    """64 hexadecimal digits: of the Message-ID; without one of what the mail says."""
    if mail.message_id:
        return id_hash(mail.message_id)
    return _hash("no message id", *_said(mail), _body(mail, raw))


def other_key(mail: Mail, raw: bytes) -> str:
    """The key of a mail that has the Message-ID of another one, but is not the same."""
    return _hash("same message id", mail.message_id, *_said(mail), _body(mail, raw))


def _said(mail: Mail) -> tuple[str, ...]:
    date = mail.sent_at.isoformat() if mail.sent_at else ""
    senders = " ".join(party.address for party in mail.senders) or mail.sender.address
    return date, senders, _words(mail.subject)


def _body(mail: Mail, raw: bytes) -> str:
    """White space does not count: servers fold and trim it. A mail without text is told by its octets."""
    parts = [f"{part.name} {part.media_type} {part.size}" for part in mail.attachments]
    text = _words(mail.text)
    if text or parts:
        return "\n".join([text, *parts])
    head, _blank, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return hashlib.sha256(b" ".join((body or head).split())).hexdigest()


def _words(text: str) -> str:
    return " ".join(text.split())


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(_clean(parts)).encode("utf-8", "surrogatepass")).hexdigest()


def _clean(parts: Iterable[str]) -> Iterable[str]:
    return (part.replace("\0", " ") for part in parts)
