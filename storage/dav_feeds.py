"""Collections that repeat a feed: which are due, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, and_, bindparam, false, or_, select, update

from storage.session import chunks
from storage.tables import collections, items, revisions, users


class Feed(NamedTuple):
    """A collection and the address it repeats."""

    id: int
    source: str
    kinds: frozenset[str]
    name: str


class Held(NamedTuple):
    """An item of such a collection."""

    id: int
    etag: str  # of its text
    revision_id: int


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_DUE = (
    select(collections.c.id, collections.c.source, collections.c.kinds, collections.c.name)
    .where(
        collections.c.source != "",
        collections.c.deleted_at.is_(None),
        or_(collections.c.refreshed_at.is_(None), collections.c.refreshed_at <= bindparam("before")),
    )
    .order_by(collections.c.id)
)
_UNREAD = (
    select(users.c.name, collections.c.slug)
    .join_from(collections, users, users.c.id == collections.c.owner_id, isouter=True)
    .where(
        collections.c.source != "",
        collections.c.deleted_at.is_(None),
        or_(
            collections.c.refreshed_at <= bindparam("before"),
            and_(collections.c.refreshed_at.is_(None), collections.c.created_at <= bindparam("made_before")),
        ),
    )
    .order_by(users.c.name, collections.c.slug)
)
_SOURCE = select(collections.c.source).where(
    collections.c.id == bindparam("collection"), collections.c.deleted_at.is_(None)
)
_HELD = select(items.c.uid, items.c.id, items.c.etag, items.c.revision_id).where(
    items.c.collection_id == bindparam("collection"), items.c.deleted == false()
)
_TEXTS = select(revisions.c.id, revisions.c.text).where(revisions.c.id.in_(_IDS))


def due(connection: Connection, before: datetime) -> list[Feed]:
    """Feeds that were not read since `before`."""
    rows = connection.execute(_DUE, {"before": before})
    return [Feed(row.id, row.source, frozenset(row.kinds.split(",")), row.name) for row in rows]


def unread(connection: Connection, before: datetime, made_before: datetime) -> list[tuple[str, str]]:
    """Owner ("" for the company's) and slug: last read before `before`, or never read and made before `made_before`."""
    rows = connection.execute(_UNREAD, {"before": before, "made_before": made_before})
    return [(owner or "", slug) for owner, slug in rows]


def is_still(connection: Connection, feed: Feed) -> bool:
    """Whether the collection is there and still repeats this address."""
    return bool(connection.execute(_SOURCE, {"collection": feed.id}).scalar() == feed.source)


def held(connection: Connection, collection_id: int) -> dict[str, Held]:
    """What is in a collection, by UID."""
    return {row.uid: Held(*row[1:]) for row in connection.execute(_HELD, {"collection": collection_id})}


def texts(connection: Connection, revision_ids: Sequence[int]) -> dict[int, str]:
    """Texts by revision."""
    found: dict[int, str] = {}
    for part in chunks(revision_ids):
        found.update((row.id, row.text) for row in connection.execute(_TEXTS, {"ids": part}))
    return found


def was_read(connection: Connection, feed: Feed, at: datetime) -> None:
    """Remember when a feed was read."""
    changed = update(collections).where(collections.c.id == feed.id, collections.c.source == feed.source)
    connection.execute(changed.values(refreshed_at=at))
