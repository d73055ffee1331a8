"""The birthdays of the contacts that a user sees, as far as the gateway makes a calendar of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, exists, false, or_, select

from storage.dav_store import Shelf
from storage.session import chunks
from storage.tables import collections, contacts, items

BIRTHDAYS = "~birthdays"  # the last part of its address, and its role
VIRTUAL = -1  # instead of an id: it is no collection of the store


class Birthday(NamedTuple):
    """A contact that changed. A deleted one, one without a birthday and one that is private to others have no date."""

    item_id: int
    collection_id: int
    seq: int
    changed_at: datetime
    name: str
    born: str  # as written on the card; "" for none


def birthdays_of(books: Sequence[Shelf]) -> Shelf | None:
    """The calendar that repeats these address books; None when nothing was ever in them.

    Its epoch stands for which books there are, its number for all of their changes together.
    """
    used = sorted((book for book in books if book.seq), key=lambda book: book.id)
    if not used:
        return None
    names = " ".join(f"{book.id}:{book.epoch}" for book in used)
    seq = sum(book.seq for book in used)
    return Shelf(
        id=VIRTUAL,
        slug=BIRTHDAYS,
        owner_id=None,
        name="Birthdays",
        kinds=frozenset(("event",)),
        description="",
        color="",
        sort_order=1000,
        timezone="",
        epoch=hashlib.sha256(names.encode()).hexdigest()[:32],
        seq=seq,
        floor=seq - min(book.seq - book.floor for book in used),
        created_at=min(book.created_at for book in used),
        owner="",
        access="read",
        segment=BIRTHDAYS,
        role=BIRTHDAYS,
        read_only=True,
        transparent=True,
    )


_SEEN = or_(
    items.c.secret == false(),
    items.c.maker_id == bindparam("user"),
    exists()
    .where(collections.c.id == items.c.collection_id, collections.c.owner_id == bindparam("user"))
    .correlate(items),
)
_COLUMNS: list[Any] = [items.c[name] for name in ("id", "collection_id", "seq", "changed_at")]
_BORN: list[Any] = [contacts.c.full_name, contacts.c.birthday]
_IN_BOOKS = items.c.collection_id.in_(bindparam("books", expanding=True))
_ALL = (
    select(*_COLUMNS, *_BORN)
    .join(contacts, contacts.c.item_id == items.c.id)
    .where(_IN_BOOKS, items.c.deleted == false(), contacts.c.birthday != "", _SEEN)
    .order_by(items.c.id)
)
_AMONG = _ALL.where(items.c.id.in_(bindparam("ids", expanding=True)))
_CHANGED = (
    select(*_COLUMNS, *_BORN)
    .select_from(items)
    .outerjoin(contacts, and_(contacts.c.item_id == items.c.id, items.c.deleted == false(), _SEEN))
    .where(items.c.collection_id == bindparam("book"), items.c.seq > bindparam("after"))
    .order_by(items.c.seq)
)


def all_birthdays(connection: Connection, books: Sequence[int], user_id: int) -> list[Birthday]:
    """Those of all contacts that this user may see, in these books."""
    found: list[Birthday] = []
    for part in chunks(books):
        found += [Birthday(*row) for row in connection.execute(_ALL, {"books": part, "user": user_id})]
    return found


def birthdays_among(
    connection: Connection, books: Sequence[int], item_ids: Iterable[int], user_id: int
) -> list[Birthday]:
    """Those of these contacts, as far as they are in these books and to be seen."""
    found: list[Birthday] = []
    for part in chunks(item_ids):
        for some in chunks(books):
            rows = connection.execute(_AMONG, {"books": some, "ids": part, "user": user_id})
            found += [Birthday(*row) for row in rows]
    return found


def changed_contacts(connection: Connection, book: int, after: int, user_id: int) -> list[Birthday]:
    """Contacts of a book whose last change has a number above `after`."""
    rows = connection.execute(_CHANGED, {"book": book, "after": after, "user": user_id})
    return [Birthday(row[0], row[1], row[2], row[3], row[4] or "", row[5] or "") for row in rows]


_MOVED = items.alias("moved")
_CARRIED = (
    select(_MOVED.c.id, _MOVED.c.collection_id, items.c.seq, items.c.changed_at)
    .join(_MOVED, and_(_MOVED.c.uid == items.c.uid, _MOVED.c.collection_id.in_(bindparam("others", expanding=True))))
    .where(items.c.collection_id == bindparam("book"), items.c.seq > bindparam("after"))
    .where(items.c.deleted != false(), _MOVED.c.deleted == false())
)
_BOOKS = select(collections.c.id).where(collections.c.kinds == "contact")


def carried_away(connection: Connection, book: int, after: int, seen: Sequence[int]) -> list[Birthday]:
    """Contacts that were moved out of a book after a change of it, into books that the user does not see.

    A contact that moves stays the same, and so does its birthday; what stays in the book is a tombstone of its own.
    """
    if not connection.execute(_TOMBSTONES, {"book": book, "after": after}).first():
        return []
    others = [number for number in connection.execute(_BOOKS).scalars() if number not in seen]
    found: list[Birthday] = []
    for part in chunks(others):
        rows = connection.execute(_CARRIED, {"book": book, "after": after, "others": part})
        found += [Birthday(row[0], row[1], row[2], row[3], "", "") for row in rows]
    return found


_TOMBSTONES = (
    select(items.c.id)
    .where(items.c.collection_id == bindparam("book"), items.c.seq > bindparam("after"), items.c.deleted != false())
    .limit(1)
)
