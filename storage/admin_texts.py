"""Whole collections of texts, a page at a time: for export."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, false, select

from storage import tables as t

_PAGE = 500


def texts_of(connection: Connection, collection_id: int) -> Iterator[str]:
    """The current text of every live item of a collection, oldest item first."""
    i, last = t.items.c, 0
    statement = (
        select(i.id, t.revisions.c.text)
        .join(t.revisions, t.revisions.c.id == i.revision_id)
        .where(i.collection_id == collection_id, i.deleted == false())
        .order_by(i.id)
        .limit(_PAGE)
    )
    while page := connection.execute(statement.where(i.id > last)).all():
        last = page[-1].id
        yield from (row.text for row in page)
