"""What the gateway asks of the store, on the connection of a unit of work: sign-in and collections.

Who may see a collection is decided here and nowhere else: `collections_of` and `collection_at` give the company's, the
user's own and the granted ones, so that a foreign one cannot be told from one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    and_,
    bindparam,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from storage.dav_sharing import READ, Home
from storage.session import chunks
from storage.tables import bindings, collection_properties, collections, devices, grants, personal_properties, users

BOOKS = "~contacts"  # ends the slug of an address book whose name a calendar of the same owner already has
_MINE = "~mine"  # ends the address of an own collection that is named like one of the company

# ---------------------------------------------------------------- who is there


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user on a device."""

    user_id: int
    user: str
    display_name: str
    device_id: int
    device: str
    token_hash: str
    last_used_at: datetime | None
    address: str = ""  # of mail, lower case


_DEVICE = (
    select(
        users.c.id,
        users.c.name,
        users.c.display_name,
        devices.c.id,
        devices.c.name,
        devices.c.token_hash,
        devices.c.last_used_at,
        users.c.address,
    )
    .join(users, users.c.id == devices.c.user_id)
    .where(devices.c.token_hash == bindparam("token"), devices.c.revoked_at.is_(None), users.c.blocked == false())
)


def signed_in(connection: Connection, token_hash: str) -> SignedIn | None:
    """The device with this app password; None when there is none, it is revoked or its user is blocked."""
    row = connection.execute(_DEVICE, {"token": token_hash}).one_or_none()
    return SignedIn(*row) if row else None


def touch_device(connection: Connection, device_id: int, at: datetime) -> None:
    """Remember that a device was here."""
    connection.execute(update(devices).where(devices.c.id == device_id).values(last_used_at=at))


# ---------------------------------------------------------------- collections


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection as one user sees it."""

    id: int
    slug: str
    owner_id: int | None  # None: the company's
    name: str
    kinds: frozenset[str]
    description: str
    color: str
    sort_order: int
    timezone: str
    epoch: str
    seq: int
    floor: int
    created_at: datetime
    owner: str  # name of the owner; "" for the company's
    access: str  # read, write
    segment: str = ""  # the last part of its address in this user's home
    role: str = ""  # "inbox": of invitations
    read_only: bool = False  # for everyone who comes by DAV
    transparent: bool = False  # what is in it makes nobody busy
    source: str = ""  # subscribed: the feed it repeats
    sharees: int = 0  # how many others were given it

    @property
    def holds_contacts(self) -> bool:
        """Whether it is an address book."""
        return "contact" in self.kinds


_OF_SHELF = (
    "id,slug,owner_id,name,kinds,description,color,sort_order,timezone,epoch,seq,floor,created_at"
    ",role,read_only,transparent,source"
)
_given = grants.alias("given")
_SHAREES = select(func.count()).where(_given.c.collection_id == collections.c.id).scalar_subquery()
_SHELF_COLUMNS: list[Any] = [
    *(collections.c[name] for name in _OF_SHELF.split(",")),
    _SHAREES,
    users.c.name,
    grants.c.access,
]
_SHELVES = (
    select(*_SHELF_COLUMNS)
    .select_from(collections)
    .outerjoin(users, users.c.id == collections.c.owner_id)
    .outerjoin(grants, and_(grants.c.collection_id == collections.c.id, grants.c.user_id == bindparam("user")))
    .where(
        collections.c.deleted_at.is_(None),
        or_(
            collections.c.owner_id.is_(None),
            collections.c.owner_id == bindparam("user"),
            grants.c.user_id.is_not(None),
        ),
    )
    .order_by(collections.c.owner_id.is_not(None), collections.c.sort_order, collections.c.id)
)
_SHELF_BY_SLUG = _SHELVES.where(  # no expanding parameter: this is asked for each request
    or_(*(collections.c.slug == bindparam(name) for name in ("slug", "book", "shared")))
)


def collections_of(connection: Connection, user_id: int, *, contacts: bool) -> list[Shelf]:
    """The address books, or else the calendars and task lists, that a user sees."""
    rows = connection.execute(_SHELVES, {"user": user_id})
    return _addressed((_shelf(tuple(row), user_id) for row in rows), user_id, contacts)


def everything_of(connection: Connection, user_id: int) -> tuple[list[Shelf], list[Shelf]]:
    """Calendars and task lists that a user sees, and address books."""
    shelves = [_shelf(tuple(row), user_id) for row in connection.execute(_SHELVES, {"user": user_id})]
    return _addressed(shelves, user_id, contacts=False), _addressed(shelves, user_id, contacts=True)


def collection_at(connection: Connection, user_id: int, segment: str, *, contacts: bool) -> Shelf | None:
    """The collection at an address below the user's home; None when it is not there or not his to see."""
    slugs = {"slug": segment, "book": segment + BOOKS, "shared": segment.rpartition("~")[0]}
    rows = connection.execute(_SHELF_BY_SLUG, {"user": user_id, **slugs})
    shelves = _addressed((_shelf(tuple(row), user_id) for row in rows), user_id, contacts)
    return next((shelf for shelf in shelves if shelf.segment == segment), None)


def delegated(connection: Connection, home: Home, *, contacts: bool) -> list[Shelf]:
    """What a delegate sees of another's home: what is that user's own, but for his inbox, at the same addresses."""
    shelves = collections_of(connection, home.user_id, contacts=contacts)
    own = [shelf for shelf in shelves if shelf.owner_id == home.user_id and not shelf.role]
    return [replace(shelf, access=READ if home.access == READ else shelf.access) for shelf in own]


def _shelf(row: Sequence[Any], user_id: int) -> Shelf:
    *columns, role, read_only, transparent, source, sharees, owner, access = row
    columns[4] = frozenset(columns[4].split(","))
    granted = access if columns[2] != user_id else None
    access = "read" if read_only else granted or "write"
    return Shelf(*[*columns, owner or "", access, "", role, read_only, transparent, source, sharees])


def _addressed(shelves: Iterable[Shelf], user_id: int, contacts: bool) -> list[Shelf]:
    """Give each its address: one of another user carries that user's name, so that no two are alike."""
    taken: dict[str, Shelf] = {}
    for shelf in shelves:
        if shelf.holds_contacts == contacts:
            segment = _segment(shelf, user_id)
            segment += _MINE if segment in taken else ""
            taken.setdefault(segment, replace(shelf, segment=segment))
    return list(taken.values())


def _segment(shelf: Shelf, user_id: int) -> str:
    slug = shelf.slug.removesuffix(BOOKS) if shelf.holds_contacts else shelf.slug
    return slug if shelf.owner_id in (None, user_id) else f"{slug}~{shelf.owner}"


def create_collection(
    connection: Connection, user_id: int, slug: str, kinds: frozenset[str], values: Mapping[str, Any]
) -> int:
    """Make an own collection and give its id. `values`: columns of `collections`, at least name, epoch and created_at.

    An address book may be named like a calendar of the same owner.
    """
    taken = select(collections.c.id).where(
        collections.c.owner_id == user_id, collections.c.slug == slug, collections.c.deleted_at.is_(None)
    )
    if "contact" in kinds and connection.execute(taken).first():
        slug += BOOKS
    row = {**values, "owner_id": user_id, "slug": slug, "kinds": ",".join(sorted(kinds))}
    key = connection.execute(insert(collections).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def slug_is_free(connection: Connection, user_id: int, slug: str, *, contacts: bool) -> bool:
    """Whether `create_collection` can use this slug."""
    slugs = [slug, slug + BOOKS] if contacts else [slug]
    mine = select(collections.c.slug).where(
        collections.c.owner_id == user_id, collections.c.slug.in_(slugs), collections.c.deleted_at.is_(None)
    )
    return len(connection.execute(mine).all()) < len(slugs)


def is_bound(connection: Connection, collection_id: int) -> bool:
    """Whether a binding syncs this collection."""
    found = connection.execute(select(exists().where(bindings.c.collection_id == collection_id))).scalar()
    return bool(found)


def delete_collection(connection: Connection, collection_id: int, at: datetime) -> None:
    """Take a collection away; its items stay in the store until they are purged."""
    connection.execute(update(collections).where(collections.c.id == collection_id).values(deleted_at=at))


def change_collection(connection: Connection, collection_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of a collection."""
    connection.execute(update(collections).where(collections.c.id == collection_id).values(dict(values)))


def kept_properties(connection: Connection, collection_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Properties we do not know, by collection: ``{namespace}local`` to XML."""
    kept: dict[int, dict[str, str]] = {}
    for ids in chunks(collection_ids):
        wanted = collection_properties.c.collection_id.in_(ids)
        for row in connection.execute(select(collection_properties).where(wanted)):
            kept.setdefault(row.collection_id, {})[row.name] = row.value
    return kept


class Kept(NamedTuple):
    """Properties of a collection that are kept as XML, with their own element, by ``{namespace}local``."""

    common: dict[str, str]  # that we do not know; all see them
    personal: dict[str, str]  # that one user set for himself, those that we know too


NOTHING_KEPT = Kept({}, {})
_WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
_COMMON = select(*collection_properties.c, literal(0).label("personal")).where(
    collection_properties.c.collection_id.in_(_WANTED)
)
_PERSONAL = select(
    *(personal_properties.c[name] for name in ("collection_id", "name", "value")), literal(1).label("personal")
).where(personal_properties.c.user_id == bindparam("user"), personal_properties.c.collection_id.in_(_WANTED))
_KEPT = union_all(_COMMON, _PERSONAL)


def properties_of(connection: Connection, collection_ids: Sequence[int], user_id: int) -> dict[int, Kept]:
    """What is kept of collections, for all and for this user; those without any are missing."""
    found: dict[int, Kept] = {}
    for part in chunks(collection_ids):
        for number, name, value, personal in connection.execute(_KEPT, {"wanted": part, "user": user_id}):
            kept = found.setdefault(number, Kept({}, {}))
            (kept.personal if personal else kept.common)[name] = value
    return found


def keep_properties(connection: Connection, collection_id: int, values: Mapping[str, str | None]) -> None:
    """Keep properties we do not know; None removes one."""
    table = collection_properties
    for name, value in values.items():
        connection.execute(table.delete().where(table.c.collection_id == collection_id, table.c.name == name))
        if value is not None:
            connection.execute(insert(table).values(collection_id=collection_id, name=name, value=value))
