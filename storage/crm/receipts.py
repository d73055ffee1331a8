"""Where each mail lay: what a mailbox tells again is known by it, and what is to be flagged there is remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, literal, select, update

from storage.columns import UtcTime
from storage.session import chunks
from storage.tables import mail_quarantine, receipts

_MOST_UNREAD = 50


@dataclass(frozen=True, slots=True)
class Receipt:
    """One place in which a mail lay."""

    id: int
    message_id: int | None
    mailbox: str
    folder: str
    remote_id: str
    settled_at: datetime | None
    quarantine_id: int | None
    at: datetime  # when it was taken in


_COLUMNS = (
    receipts.c.id,
    receipts.c.message_id,
    receipts.c.mailbox,
    receipts.c.folder,
    receipts.c.remote_id,
    receipts.c.settled_at,
    receipts.c.quarantine_id,
    receipts.c.at,
)
_AT = select(*_COLUMNS).where(
    receipts.c.mailbox == bindparam("box"), receipts.c.remote_key.in_(bindparam("keys", expanding=True))
)
_UNSETTLED = (
    select(*_COLUMNS)
    .where(
        receipts.c.mailbox == bindparam("box"),
        receipts.c.settled_at.is_(None),
        receipts.c.message_id.is_not(None),
        receipts.c.id > bindparam("after"),
    )
    .order_by(receipts.c.id)
    .limit(bindparam("most"))
)
_SETTLE = (
    update(receipts).where(receipts.c.id.in_(bindparam("ids", expanding=True))).values(settled_at=bindparam("at_"))
)
_ADD = insert(receipts).returning(receipts.c.id)


def receipts_at(connection: Connection, mailbox: str, folder: str, remote_ids: Sequence[str]) -> dict[str, Receipt]:
    """What we know of mails of a folder, by their ids there."""
    names = {_key(folder, remote_id): remote_id for remote_id in remote_ids}
    found: dict[str, Receipt] = {}
    for part in chunks(names):
        for row in connection.execute(_AT, {"box": mailbox, "keys": part}).mappings():
            found[row["remote_id"]] = Receipt(**row)
    return found


def add_receipt(
    connection: Connection,
    mailbox: str,
    folder: str,
    remote_id: str,
    now: datetime,
    *,
    message_id: int | None = None,
    quarantine_id: int | None = None,
) -> int:
    """Gives its id. Raises `StoreRefused` when this place has one."""
    row = {
        "message_id": message_id,
        "mailbox": mailbox,
        "folder": folder,
        "remote_id": remote_id,
        "remote_key": _key(folder, remote_id),
        "at": now,
        "quarantine_id": quarantine_id,
    }
    return int(connection.execute(_ADD, row).scalar_one())


def resolve_receipt(connection: Connection, receipt_id: int, message_id: int) -> None:
    """What lay there was kept aside, and is now a message: it may be flagged."""
    where = update(receipts).where(receipts.c.id == receipt_id)
    connection.execute(where.values(message_id=message_id, settled_at=None))


def expire(connection: Connection, receipt_ids: Iterable[int], at: datetime) -> None:
    """Another mail has their place now: they are kept, and stand for no place any more."""
    for number in receipt_ids:
        where = update(receipts).where(receipts.c.id == number)
        settled = func.coalesce(receipts.c.settled_at, literal(at, UtcTime()))
        connection.execute(where.values(remote_key=f"expired {number}", settled_at=settled))


def unsettled(connection: Connection, mailbox: str, *, after: int = 0, most: int = 200) -> list[Receipt]:
    """Mails that we have and that may not be flagged at their server yet, the oldest first."""
    found = connection.execute(_UNSETTLED, {"box": mailbox, "after": after, "most": most}).mappings()
    return [Receipt(**row) for row in found]


def unread_places(connection: Connection, mailbox: str, most_octets: int) -> list[tuple[str, str]]:
    """Folder and id of mails that are kept aside because their server did not give them; those too large left out."""
    entry = mail_quarantine.c
    statement = (
        select(receipts.c.folder, receipts.c.remote_id)
        .join(mail_quarantine, entry.id == receipts.c.quarantine_id)
        .where(
            receipts.c.mailbox == mailbox,
            receipts.c.message_id.is_(None),
            entry.raw_digest == "",
            entry.size <= most_octets,
            entry.resolved_at.is_(None),
        )
        .order_by(receipts.c.id)
        .limit(_MOST_UNREAD)
    )
    return [(row.folder, row.remote_id) for row in connection.execute(statement)]


def settle(connection: Connection, receipt_ids: Iterable[int], at: datetime) -> None:
    """They were flagged or moved."""
    for part in chunks(receipt_ids):
        connection.execute(_SETTLE, {"ids": part, "at_": at})


def count_unsettled(connection: Connection) -> dict[str, int]:
    """How many mails are to be flagged, by mailbox."""
    statement = (
        select(receipts.c.mailbox, func.count())
        .where(receipts.c.settled_at.is_(None), receipts.c.message_id.is_not(None))
        .group_by(receipts.c.mailbox)
    )
    return {str(mailbox): int(count) for mailbox, count in connection.execute(statement)}


def _key(folder: str, remote_id: str) -> str:
    return hashlib.sha256(f"{folder}\0{remote_id}".encode("utf-8", "surrogatepass")).hexdigest()
