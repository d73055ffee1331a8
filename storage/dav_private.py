"""Which items of a collection are private to somebody else than the user who looks at it.

What is private may be seen by whoever made it and by whoever has to do it; the owner of a collection sees all of it and
is not asked for here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, false, not_, or_, select, true

from storage.session import chunks
from storage.tables import activities, items


class Hidden(NamedTuple):
    """A live item that this user may not read."""

    id: int
    href: str
    kind: str
    etag: str  # of its text
    revision_id: int


_TO_DO = exists().where(activities.c.item_id == items.c.id, activities.c.assigned_id == bindparam("user"))
_COLUMNS: list[Any] = [items.c[name] for name in Hidden._fields]
_HIDDEN = select(*_COLUMNS).where(
    items.c.secret == true(),
    items.c.deleted == false(),
    or_(items.c.maker_id.is_(None), items.c.maker_id != bindparam("user")),
    not_(_TO_DO),
)
_OF_COLLECTION = _HIDDEN.where(items.c.collection_id == bindparam("collection"))
_AMONG = _HIDDEN.where(items.c.id.in_(bindparam("ids", expanding=True)))


def hidden_in(connection: Connection, collection_id: int, user_id: int) -> dict[str, Hidden]:
    """All of a collection, by address."""
    rows = connection.execute(_OF_COLLECTION, {"collection": collection_id, "user": user_id})
    return {row.href: Hidden(*row) for row in rows}


def hidden_among(connection: Connection, item_ids: Iterable[int], user_id: int) -> dict[str, Hidden]:
    """Of these items of one collection, by address."""
    found: dict[str, Hidden] = {}
    for part in chunks(item_ids):
        rows = connection.execute(_AMONG, {"ids": part, "user": user_id})
        found.update((row.href, Hidden(*row)) for row in rows)
    return found
