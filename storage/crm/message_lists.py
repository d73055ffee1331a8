"""Messages in lists, with who stands in them and what is attached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, false, func, or_, select

from storage.crm.mails import AddressRow, FileRow
from storage.session import chunks
from storage.tables import message_addresses, message_files, messages


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A row of `messages`, but for its keys."""

    id: int
    request_id: int | None
    direction: str
    automatic: str
    subject: str
    from_address: str
    from_name: str
    verified: bool
    authentication: str
    forwarded_by: str
    sent_at: datetime | None
    received_at: datetime
    text: str
    raw_digest: str
    size: int
    bounce_of_id: int | None
    state: str


_COLUMNS = tuple(messages.c[name] for name in MessageRow.__dataclass_fields__)
_PLACED = ("", "sent", "bounced")  # states of what came or went; all others are ours alone


def one(connection: Connection, message_id: int) -> MessageRow | None:
    """A message."""
    row = connection.execute(select(*_COLUMNS).where(messages.c.id == message_id)).mappings().first()
    return None if row is None else MessageRow(**row)


def of_request(
    connection: Connection, request_id: int | None, *, seen_by: str | None, before: int | None, limit: int
) -> list[MessageRow]:
    """The newest first; `before`: the id of the last one of the page before. None: those that became no request.

    `seen_by`: only what went or came with this address in it, and no drafts; None: everything.
    """
    wanted = [messages.c.request_id.is_(None) if request_id is None else messages.c.request_id == request_id]
    if seen_by is not None:
        wanted += [_stands_in(seen_by), messages.c.state.in_(_PLACED)]
    if before is not None:
        wanted.append(messages.c.id < before)
    statement = select(*_COLUMNS).where(*wanted).order_by(messages.c.id.desc()).limit(limit)
    return [MessageRow(**row) for row in connection.execute(statement).mappings()]


def is_seen_by(connection: Connection, message_id: int, address: str) -> bool:
    """Whether it went or came with this address in it."""
    wanted = (messages.c.id == message_id, messages.c.state.in_(_PLACED), _stands_in(address))
    return connection.execute(select(messages.c.id).where(*wanted)).first() is not None


def count_seen_by(connection: Connection, request_id: int, address: str) -> int:
    """How many `of_request` shows to who stands in them."""
    wanted = (messages.c.request_id == request_id, messages.c.state.in_(_PLACED), _stands_in(address))
    return int(connection.execute(select(func.count()).select_from(messages).where(*wanted)).scalar_one())


def addresses(connection: Connection, ids: Iterable[int]) -> dict[int, list[AddressRow]]:
    """By message, in the order of the mail."""
    a = message_addresses.c
    statement = select(a.message_id, a.role, a.address, a.name).order_by(a.id)
    return _by_message(connection, statement, a.message_id, ids, AddressRow)


def files(connection: Connection, ids: Iterable[int]) -> dict[int, list[FileRow]]:
    """By message, in the order of the mail."""
    f = message_files.c
    columns = (f.message_id, f.number, f.name, f.media_type, f.size, f.content_id, f.inline)
    return _by_message(connection, select(*columns).order_by(f.number), f.message_id, ids, FileRow)


def _by_message(connection: Connection, statement: Any, key: Any, ids: Iterable[int], shape: Any) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for part in chunks(ids):
        for row in connection.execute(statement.where(key.in_(part))).mappings():
            values = dict(row)
            found.setdefault(values.pop("message_id"), []).append(shape(**values))
    return found


def _stands_in(address: str) -> ColumnElement[bool]:
    """An empty address stands in nothing."""
    if not address:
        return false()
    a = message_addresses.c
    named = exists().where(a.message_id == messages.c.id, a.address == address)
    return or_(messages.c.from_address == address, named)
