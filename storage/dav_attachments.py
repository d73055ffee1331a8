"""Managed attachments of events and tasks (RFC 8607), on the connection of a unit of work.

An attachment has a row for each item that holds it. Whether an item still does, its text says: rows whose item does
not are marked when the old is tidied up, and go with the history of that time, so that undo finds what it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, false, insert, select, update

from storage.blobs import delete_unused
from storage.database import Database, run
from storage.session import CHUNK, chunks
from storage.tables import attachments, items, revisions
from storage.unit_of_work import SqlUnitOfWork


class Attachment(NamedTuple):
    """One attachment of one item."""

    managed_id: str
    item_id: int
    user_id: int | None  # who added it
    name: str
    media_type: str
    size: int  # octets
    blob_id: int
    created_at: datetime


class Holder(NamedTuple):
    """Where a live item is that may hold an attachment."""

    collection_id: int
    href: str
    uid: str


_COLUMNS: list[Any] = [attachments.c[name] for name in Attachment._fields]
_OF_ITEM = select(*_COLUMNS).where(attachments.c.item_id == bindparam("item"))
_OF_ID = select(*_COLUMNS).where(attachments.c.managed_id == bindparam("managed")).order_by(attachments.c.id)
_UIDS = select(items.c.uid).where(items.c.id.in_(bindparam("ids", expanding=True)))
_HOLDERS = select(items.c.collection_id, items.c.href, items.c.uid).where(
    items.c.collection_id.in_(bindparam("collections", expanding=True)),
    items.c.uid.in_(bindparam("uids", expanding=True)),
    items.c.deleted == false(),
)


def attachments_of(connection: Connection, item_id: int) -> list[Attachment]:
    """What an item holds, or held."""
    return [Attachment._make(row) for row in connection.execute(_OF_ITEM, {"item": item_id})]


def attachments_named(connection: Connection, managed_id: str) -> list[Attachment]:
    """The rows of an attachment."""
    return [Attachment._make(row) for row in connection.execute(_OF_ID, {"managed": managed_id})]


def holders_of(connection: Connection, rows: Sequence[Attachment], collection_ids: Sequence[int]) -> list[Holder]:
    """Live items in these collections with the UID of one that holds the attachment: itself, and copies of it."""
    uids = [uid for ids in chunks(row.item_id for row in rows) for uid in _uids(connection, ids)]
    return [
        Holder._make(row)
        for part in chunks(collection_ids)
        for some in chunks(uids)
        for row in connection.execute(_HOLDERS, {"collections": part, "uids": some})
    ]


def _uids(connection: Connection, item_ids: Sequence[int]) -> list[str]:
    return list(connection.execute(_UIDS, {"ids": item_ids}).scalars())


def add_attachment(connection: Connection, attachment: Attachment) -> None:
    """An item holds an attachment from now on."""
    connection.execute(insert(attachments).values(attachment._asdict()))


# ---------------------------------------------------------------- tidying up

_PAGE = (
    select(attachments.c.id, attachments.c.managed_id, attachments.c.dropped_at, items.c.deleted, revisions.c.text)
    .join(items, items.c.id == attachments.c.item_id)
    .join(revisions, revisions.c.id == items.c.revision_id)
    .where(attachments.c.id > bindparam("after"))
    .order_by(attachments.c.id)
    .limit(CHUNK)
)
_MARK = update(attachments).where(attachments.c.id.in_(bindparam("ids", expanding=True)))
_BLOBS = select(attachments.c.blob_id).where(attachments.c.id.in_(bindparam("ids", expanding=True)))
_DELETE = delete(attachments).where(attachments.c.id.in_(bindparam("ids", expanding=True)))
_IDS_OF_ITEMS = select(attachments.c.id).where(attachments.c.item_id.in_(bindparam("items", expanding=True)))


def forget_attachments(database: Database, before: datetime, now: datetime) -> int:
    """Mark what its item no longer names, and delete what was marked before `before`; gives how many are gone."""
    gone = after = 0
    while page := run(database, partial(_tidy, after=after, before=before, now=now)):
        after, count = page
        gone += count
    return gone


def _tidy(unit: SqlUnitOfWork, after: int, before: datetime, now: datetime) -> tuple[int, int] | None:
    """One page; gives its last row and how many are gone, or None after the last page."""
    connection = unit.session.connection
    rows = connection.execute(_PAGE, {"after": after}).all()
    if not rows:
        return None
    held = {row.id for row in rows if not row.deleted and row.managed_id in _unfolded(row.text)}
    back = [row.id for row in rows if row.id in held and row.dropped_at is not None]
    dropped = [row.id for row in rows if row.id not in held and row.dropped_at is None]
    old = [row.id for row in rows if row.id not in held and row.dropped_at is not None and row.dropped_at < before]
    for ids, at in ((back, None), (dropped, now)):
        connection.execute(_MARK.values(dropped_at=at), {"ids": ids})
    _delete(connection, old)
    return rows[-1].id, len(old)


def _unfolded(text: str) -> str:
    return text.replace("\r\n ", "").replace("\r\n\t", "").replace("\n ", "").replace("\n\t", "")


def forget_attachments_of(connection: Connection, item_ids: Sequence[int]) -> None:
    """Delete the attachments of items that are about to be purged themselves."""
    for part in chunks(item_ids):
        _delete(connection, list(connection.execute(_IDS_OF_ITEMS, {"items": part}).scalars()))


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    blob_ids = list(connection.execute(_BLOBS, {"ids": ids}).scalars())
    connection.execute(_DELETE, {"ids": ids})
    delete_unused(connection, blob_ids)
