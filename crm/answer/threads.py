"""What an answer answers: In-Reply-To and the chain of References (RFC 5322, 3.6.4)."""

from __future__ import annotations

from dataclasses import dataclass

from crm.mail.reading import read_mail
from storage.crm import mail_raws, written
from storage.unit_of_work import SqlUnitOfWork

_MOST = 20  # links of a chain; the first one and the newest ones are kept


@dataclass(frozen=True, slots=True)
class Thread:
    """Message-IDs without angle brackets."""

    in_reply_to: str = ""
    references: tuple[str, ...] = ()  # the oldest first, `in_reply_to` the last


def thread_of(unit: SqlUnitOfWork, message_id: int | None) -> Thread:
    """Of an answer to a mail (its id in `messages`); nothing for None, and for a mail without a Message-ID."""
    parent = written.message(unit.session.connection, message_id) if message_id else None
    if parent is None or not parent.message_id:
        return Thread()
    raw = mail_raws.raw_of(unit.session.connection, parent.raw_digest) or b""
    mail = read_mail(_head(raw))
    before = [*reversed(mail.references), *reversed(mail.in_reply_to)]
    chain = [*dict.fromkeys(found for found in before if found != parent.message_id), parent.message_id]
    if len(chain) > _MOST:
        chain = chain[:1] + chain[1 - _MOST :]
    return Thread(parent.message_id, tuple(chain))


def _head(raw: bytes) -> bytes:
    """The headers alone: a mail may have 50 MiB."""
    ends = [place for mark in (b"\r\n\r\n", b"\n\n") if (place := raw.find(mark)) >= 0]
    return raw[: min(ends) + 2] if ends else raw
