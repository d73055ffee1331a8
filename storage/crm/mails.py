"""Messages of requests: what came and what went, with whom it went to and what it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from storage.limits import clean, cut
from storage.session import chunks
from storage.tables import message_addresses, message_files, message_references, messages, receipts

IN, OUT = "in", "out"


@dataclass(frozen=True, slots=True)
class AddressRow:
    """Somebody in a header."""

    role: str  # from, sender, reply-to, to, cc, bcc
    address: str  # lower case
    name: str = ""


@dataclass(frozen=True, slots=True)
class FileRow:
    """An attachment; its content is in the mail."""

    number: int  # of the part
    name: str
    media_type: str
    size: int
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A row of `messages` with what belongs to it. Values are cut to what the columns hold."""

    key: str  # 64 hexadecimal digits, of one message alone
    direction: str  # IN, OUT
    received_at: datetime  # when it came into the mailbox; of our own: when it was made
    message_id: str = ""  # without angle brackets
    request_id: int | None = None
    automatic: str = ""
    subject: str = ""
    from_address: str = ""
    from_name: str = ""
    verified: bool = False
    authentication: str = ""
    forwarded_by: str = ""
    sent_at: datetime | None = None
    text: str = ""
    raw_digest: str = ""
    size: int = 0
    user_id: int | None = None
    state: str = ""
    references: tuple[str, ...] = ()  # Message-IDs, the newest first
    addresses: tuple[AddressRow, ...] = ()
    files: tuple[FileRow, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """What tells whether a mail is one that we have."""

    id: int
    request_id: int | None
    direction: str
    from_address: str
    subject: str
    sent_at: datetime | None
    text: str


_LENGTHS = {"subject": 1000, "from_address": 320, "from_name": 200, "authentication": 1000, "forwarded_by": 320}
_KNOWN = select(
    messages.c.id,
    messages.c.request_id,
    messages.c.direction,
    messages.c.from_address,
    messages.c.subject,
    messages.c.sent_at,
    messages.c.text,
).where(messages.c.key == bindparam("key"))
_REFERRED = (
    select(messages.c.id_hash, messages.c.request_id)
    .where(messages.c.id_hash.in_(bindparam("hashes", expanding=True)), messages.c.request_id.is_not(None))
    .order_by(messages.c.id)
    .limit(1000)  # some programs give all their mails one Message-ID; the oldest was meant
)
_MAILBOXES = (
    select(messages.c.request_id, receipts.c.mailbox)
    .join(receipts, receipts.c.message_id == messages.c.id)
    .where(messages.c.request_id.in_(bindparam("ids", expanding=True)))
    .distinct()
)
_INSERT = insert(messages).returning(messages.c.id)
_DIGEST = select(messages.c.raw_digest).where(messages.c.id == bindparam("message"))


def id_hash(message_id: str) -> str:
    """Of a Message-ID without its angle brackets; "" for none."""
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest() if message_id else ""


def add_message(connection: Connection, new: NewMessage, now: datetime) -> int:
    """Gives its id. Raises `StoreRefused` when another message has its key."""
    plain = {name: cut(getattr(new, name), length) for name, length in _LENGTHS.items()}
    row = plain | {
        "key": new.key,
        "request_id": new.request_id,
        "direction": new.direction,
        "automatic": new.automatic[:30],
        "message_id": clean(new.message_id),
        "id_hash": id_hash(new.message_id),
        "verified": new.verified,
        "sent_at": new.sent_at,
        "received_at": new.received_at,
        "text": clean(new.text),
        "raw_digest": new.raw_digest,
        "size": new.size,
        "user_id": new.user_id,
        "state": new.state,
        "created_at": now,
    }
    number = int(connection.execute(_INSERT, row).scalar_one())
    add_parts(connection, number, new)
    return number


def add_parts(connection: Connection, message_id: int, new: NewMessage) -> None:
    """What a message refers to, its addresses and its attachments."""
    _add(connection, message_references, message_id, _references(new.references))
    _add(connection, message_addresses, message_id, map(_address, new.addresses))
    _add(connection, message_files, message_id, map(_file, new.files))


def drop_parts(connection: Connection, message_id: int) -> None:
    """Before they are written anew, as of a draft."""
    for table in (message_references, message_addresses, message_files):
        connection.execute(delete(table).where(table.c.message_id == message_id))


def message_with_key(connection: Connection, key: str) -> KnownMessage | None:
    """The message that a key stands for."""
    row = connection.execute(_KNOWN, {"key": key}).mappings().first()
    return None if row is None else KnownMessage(**row)


def referred(connection: Connection, message_ids: Sequence[str]) -> dict[str, list[int]]:
    """The requests that messages with these Message-IDs belong to, by Message-ID; they may be merged ones."""
    names = {id_hash(message_id): message_id for message_id in message_ids}
    found: dict[str, list[int]] = {}
    for part in chunks(names):
        for row in connection.execute(_REFERRED, {"hashes": part}):
            found.setdefault(names[row.id_hash], []).append(int(row.request_id))
    return found


def mailboxes_of(connection: Connection, request_ids: Iterable[int]) -> dict[int, set[str]]:
    """The mailboxes that mails of these requests came to."""
    found: dict[int, set[str]] = {}
    for part in chunks(request_ids):
        for row in connection.execute(_MAILBOXES, {"ids": part}):
            found.setdefault(row.request_id, set()).add(row.mailbox)
    return found


def set_request(connection: Connection, message_id: int, request_id: int | None) -> None:
    """Say which request a message belongs to."""
    connection.execute(update(messages).where(messages.c.id == message_id).values(request_id=request_id))


def digest_of_message(connection: Connection, message_id: int) -> str | None:
    """Of its raw mail; "" where it is not written yet, None for a message that there is not."""
    found = connection.execute(_DIGEST, {"message": message_id}).scalar()
    return None if found is None else str(found)


def _add(connection: Connection, table: Any, message_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
    if found := [{**row, "message_id": message_id} for row in rows]:
        connection.execute(insert(table), found)


def _references(message_ids: Iterable[str]) -> Iterable[dict[str, Any]]:
    for position, message_id in enumerate(dict.fromkeys(message_ids)):
        yield {"position": position, "id_hash": id_hash(message_id)}


def _address(row: AddressRow) -> dict[str, Any]:
    return {"role": row.role, "address": cut(row.address, 320), "name": cut(row.name, 200)}


def _file(row: FileRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "name": cut(row.name, 400),
        "media_type": cut(row.media_type, 200),
        "size": row.size,
        "content_id": clean(row.content_id),
        "inline": row.inline,
    }
