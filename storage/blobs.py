"""The octets of files and attachments: written from a stream, read part by part, never whole in memory.

A blob does not change; whoever writes new octets makes a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, insert, not_, select

from storage.session import chunks
from storage.tables import attachments, blob_parts, blobs, files

PART = 256 * 1024  # octets that are read and written at a time

_INSERT = insert(blobs).returning(blobs.c.id)
_INSERT_PART = insert(blob_parts)
_PART = select(blob_parts.c.content).where(
    blob_parts.c.blob_id == bindparam("blob"), blob_parts.c.number == bindparam("number")
)
_VALUES: BindParameter[Any] = bindparam("ids", expanding=True)
_UNUSED = select(blobs.c.id).where(
    not_(exists().where(files.c.blob_id == blobs.c.id)), not_(exists().where(attachments.c.blob_id == blobs.c.id))
)
_DELETE_PARTS = delete(blob_parts).where(blob_parts.c.blob_id.in_(_VALUES))
_DELETE = delete(blobs).where(blobs.c.id.in_(_VALUES))


class Written(NamedTuple):
    """A new blob."""

    id: int
    size: int  # octets
    digest: str  # of its octets, 32 hexadecimal digits


def write_blob(connection: Connection, source: BinaryIO, size: int, at: datetime) -> Written:
    """Keep `size` octets, from the present place of a stream."""
    blob_id = int(connection.execute(_INSERT, {"size": size, "created_at": at}).scalar_one())
    hashed = hashlib.sha256()
    number = 0
    while part := source.read(PART):
        hashed.update(part)
        connection.execute(_INSERT_PART, {"blob_id": blob_id, "number": number, "content": part})
        number += 1
    return Written(blob_id, size, hashed.hexdigest()[:32])


def read_part(connection: Connection, blob_id: int, number: int) -> bytes | None:
    """One part; None where there is none: after the last, or when the blob was deleted meanwhile."""
    content = connection.execute(_PART, {"blob": blob_id, "number": number}).scalar_one_or_none()
    return None if content is None else bytes(content)


def delete_unused(connection: Connection, blob_ids: Iterable[int]) -> int:
    """Delete those of these blobs that nothing holds any more."""
    gone = 0
    for ids in chunks(blob_ids):
        unused = list(connection.execute(_UNUSED.where(blobs.c.id.in_(ids))).scalars())
        connection.execute(_DELETE_PARTS, {"ids": unused})
        connection.execute(_DELETE, {"ids": unused})
        gone += len(unused)
    return gone
