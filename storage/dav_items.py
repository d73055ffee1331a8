"""What the gateway reads of items, on the connection of a unit of work.

Listings come without texts. Writes do not stand here: they go through the unit of work, which numbers them and keeps
their history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, false, or_, select
from sqlalchemy.sql import Select

from storage.session import chunks
from storage.tables import events, items, revisions


class Leaf(NamedTuple):
    """An item without its text. Long listings leave out what stands below the kind."""

    href: str
    etag: str
    size: int  # octets
    kind: str
    changed_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    id: int = 0
    revision_id: int = 0
    seq: int = 0
    deleted: bool = False
    uid: str = ""
    schedule_tag: str = ""  # of a meeting that the server invites to or answers (RFC 6638 3.2.10)
    secret: bool = False  # private to whoever made it


_LEAF_COLUMNS: list[Any] = [items.c[name] for name in Leaf._fields]
_LEAVES = select(*_LEAF_COLUMNS).where(items.c.collection_id == bindparam("collection"))
_LISTING = _LEAVES.where(items.c.deleted == false()).order_by(items.c.id)
_SHORT_LISTING = _LISTING.with_only_columns(*_LEAF_COLUMNS[:4])
_BY_HREF = _LEAVES.where(items.c.href == bindparam("href"))
_BY_HREFS = _LEAVES.where(items.c.href.in_(bindparam("hrefs", expanding=True)), items.c.deleted == false())
_BY_UID = _LEAVES.where(items.c.uid == bindparam("uid"), items.c.deleted == false())
_WITH_TEXT = (
    select(*_LEAF_COLUMNS, revisions.c.text)
    .join(revisions, revisions.c.id == items.c.revision_id)
    .where(items.c.collection_id == bindparam("collection"), items.c.deleted == false())
)
_TEXT_BY_HREF = _WITH_TEXT.where(items.c.href == bindparam("href"))
_TEXTS = select(revisions.c.id, revisions.c.text).where(revisions.c.id.in_(bindparam("ids", expanding=True)))
_CHANGES = _LEAVES.where(items.c.seq > bindparam("after"), items.c.seq <= bindparam("upto")).order_by(items.c.seq)
_LIVE_CHANGES = _CHANGES.where(items.c.deleted == false())


def listing(connection: Connection, collection_id: int) -> list[Leaf]:
    """All live items."""
    return _leaves(connection, _LISTING, {"collection": collection_id})


def short_listing(connection: Connection, collection_id: int) -> list[Leaf]:
    """All live items, with name, entity tag, size and kind only: a third of the time."""
    return [Leaf(*row) for row in connection.execute(_SHORT_LISTING, {"collection": collection_id}).all()]


def leaf_at(connection: Connection, collection_id: int, href: str) -> Leaf | None:
    """The item at an address, or its tombstone."""
    return next(iter(_leaves(connection, _BY_HREF, {"collection": collection_id, "href": href})), None)


def leaf_of_uid(connection: Connection, collection_id: int, uid: str) -> Leaf | None:
    """The live item with this UID."""
    return next(iter(_leaves(connection, _BY_UID, {"collection": collection_id, "uid": uid})), None)


def leaves_at(connection: Connection, collection_id: int, hrefs: Sequence[str]) -> dict[str, Leaf]:
    """Live items by address."""
    found: dict[str, Leaf] = {}
    for part in chunks(hrefs):
        leaves = _leaves(connection, _BY_HREFS, {"collection": collection_id, "hrefs": part})
        found.update((leaf.href, leaf) for leaf in leaves)
    return found


def text_at(connection: Connection, collection_id: int, href: str) -> tuple[Leaf, str] | None:
    """A live item with its text."""
    row = connection.execute(_TEXT_BY_HREF, {"collection": collection_id, "href": href}).one_or_none()
    return (Leaf(*row[:-1]), row[-1]) if row else None


def texts(connection: Connection, revision_ids: Sequence[int]) -> dict[int, str]:
    """Texts by revision."""
    found: dict[int, str] = {}
    for part in chunks(revision_ids):
        found.update((row[0], row[1]) for row in connection.execute(_TEXTS, {"ids": part}).all())
    return found


def changes(
    connection: Connection, collection_id: int, after: int, upto: int, limit: int | None, *, tombstones: bool
) -> list[Leaf]:
    """Items whose last change has a number above `after` and not above `upto`, in order; at most `limit`."""
    values = {"collection": collection_id, "after": after, "upto": upto}
    statement = _CHANGES if tombstones else _LIVE_CHANGES
    return _leaves(connection, statement if limit is None else statement.limit(limit), values)


def _leaves(connection: Connection, statement: Select[Any], values: Mapping[str, Any]) -> list[Leaf]:
    return [Leaf._make(row) for row in connection.execute(statement, dict(values)).all()]


# ---------------------------------------------------------------- time ranges


class Dated(NamedTuple):
    """An item that may fall into a time range."""

    leaf: Leaf
    range_start: datetime | None  # encloses all occurrences, with floating times as if they were in UTC
    range_end: datetime | None
    single: bool  # one occurrence only, which fills the range: there is no need to read its text
    floating: bool  # depends on the zone of whoever looks at it


_ONCE = and_(
    events.c.recurring == false(),
    events.c.starts_at == items.c.range_start,
    events.c.ends_at == items.c.range_end,
)  # decided here: times that come out of the database cost more than all else of a row
_OF_EVENT: list[Any] = [case((_ONCE, 1), else_=0), case((events.c.zone != "", 0), else_=1)]
_DATED_COLUMNS = [*_LEAF_COLUMNS, items.c.range_start, items.c.range_end, *_OF_EVENT]
_IN_RANGE = (
    select(*_DATED_COLUMNS)
    .select_from(items)
    .outerjoin(events, events.c.item_id == items.c.id)
    .where(
        items.c.collection_id == bindparam("collection"),
        items.c.deleted == false(),
        items.c.kind == bindparam("kind"),
        or_(items.c.range_start.is_(None), items.c.range_start <= bindparam("end")),
        or_(items.c.range_end.is_(None), items.c.range_end >= bindparam("start")),
    )
    .order_by(items.c.id)
)
_FARTHEST = timedelta(hours=14)  # from UTC to any zone
_FIRST, _LAST = datetime(1753, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)  # that every database can compare


def in_range(
    connection: Connection, collection_id: int, kind: str, start: datetime | None, end: datetime | None
) -> list[Dated]:
    """Items of a kind whose enclosing range may overlap `start` to `end` (None: open); also those without a date."""
    first = start - _FARTHEST if start is not None and start > _FIRST + _FARTHEST else _FIRST
    last = end + _FARTHEST if end is not None and end < _LAST - _FARTHEST else _LAST
    values = {"collection": collection_id, "kind": kind, "start": first, "end": last}
    return [_dated(tuple(row)) for row in connection.execute(_IN_RANGE, values).all()]


def _dated(row: Sequence[Any]) -> Dated:
    *columns, range_start, range_end, once, floating = row
    return Dated(Leaf._make(columns), range_start, range_end, once == 1, floating == 1)
