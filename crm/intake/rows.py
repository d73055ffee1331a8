"""A mail that was read, as rows of the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from crm.intake.customers import Writer
from crm.mail.model import Mail, Party
from storage.crm.mails import IN, AddressRow, FileRow, NewMessage

_MOST_ADDRESSES = 500
_MOST_REFERENCES = 100
_MOST_FILES = 500
_ROLES = ("reply_to", "to", "cc")


def message_row(mail: Mail, writer: Writer, *, key: str, digest: str, received_at: datetime) -> NewMessage:
    """Everything but the request, which is not known yet."""
    sender = mail.sender if mail.sender.address or not mail.senders else mail.senders[0]
    return NewMessage(
        key=key,
        direction=IN,
        received_at=received_at,
        message_id=mail.message_id,
        automatic=mail.automatic,
        subject=mail.subject,
        from_address=mail.sender.address,
        from_name=sender.name,
        verified=mail.verified,
        authentication=mail.authentication,
        forwarded_by=writer.forwarded_by,
        sent_at=mail.sent_at,
        text=mail.text,
        raw_digest=digest,
        size=mail.size,
        user_id=writer.colleague_id,
        references=tuple(dict.fromkeys((*mail.in_reply_to, *mail.references)))[:_MOST_REFERENCES],
        addresses=tuple(_addresses(mail))[:_MOST_ADDRESSES],
        files=tuple(
            FileRow(part.number, part.name, part.media_type, part.size, part.content_id, part.inline)
            for part in mail.attachments[:_MOST_FILES]
        ),
    )


def _addresses(mail: Mail) -> Iterator[AddressRow]:
    yield from _of("from", mail.senders)
    if mail.original is not None:
        yield from _of("sender", mail.original.senders)  # who wrote what was passed on
    for role in _ROLES:
        yield from _of(role.replace("_", "-"), getattr(mail, role))


def _of(role: str, parties: tuple[Party, ...]) -> Iterator[AddressRow]:
    return (AddressRow(role, party.address, party.name) for party in dict.fromkeys(parties) if party.address)
