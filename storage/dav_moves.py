"""Collections that get another name, or come to be as a copy of one."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from storage.dav_store import BOOKS
from storage.tables import collections


def show_collection(connection: Connection, user_id: int, collection_id: int, slug: str) -> None:
    """Give a collection of a user this slug; one that was hidden (deleted) is there from now on.

    An address book may be named like a calendar of the same owner. `dav_store.slug_is_free` tells whether it can.
    """
    taken = select(collections.c.id).where(
        collections.c.owner_id == user_id,
        collections.c.slug == slug,
        collections.c.deleted_at.is_(None),
        collections.c.id != collection_id,
    )
    if connection.execute(taken).first():
        slug += BOOKS
    values = {"slug": slug, "deleted_at": None}
    connection.execute(update(collections).where(collections.c.id == collection_id).values(values))
