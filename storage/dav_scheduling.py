"""What scheduling (RFC 6638) asks of the store, on the connection of a unit of work."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, false, func, insert, or_, select, update

from storage.dav_store import collections_of
from storage.session import chunks
from storage.tables import bindings, collections, items, revisions, users

INBOX, OUTBOX = "~inbox", "~outbox"
_DEFAULT_NAME = "Calendar"

# ---------------------------------------------------------------- people


@dataclass(frozen=True, slots=True)
class Person:
    """A user of ours whom others may invite."""

    id: int
    name: str
    display_name: str
    address: str  # of mail, lower case; "" for none
    default_id: int | None  # where he wants new invitations


_PERSON: list[Any] = [users.c[n] for n in ("id", "name", "display_name", "address", "default_calendar_id")]
_LIVING = select(*_PERSON).where(users.c.blocked == false()).order_by(users.c.id)


def people(connection: Connection, mails: Collection[str], names: Collection[str]) -> list[Person]:
    """Users by their mail addresses (lower case) and their names; blocked ones are strangers."""
    found: dict[int, Person] = {}
    for part in chunks(mails):
        mail = or_(users.c.address.in_(part), func.lower(users.c.name).in_(part))
        found.update((row.id, Person(*row)) for row in connection.execute(_LIVING.where(mail)))
    for part in chunks(names):
        found.update((row.id, Person(*row)) for row in connection.execute(_LIVING.where(users.c.name.in_(part))))
    return list(found.values())


def person(connection: Connection, name: str) -> Person | None:
    """The user of this name."""
    row = connection.execute(_LIVING.where(users.c.name == name)).first()
    return Person(*row) if row else None


# ---------------------------------------------------------------- their calendars


class Desk(NamedTuple):
    """An own calendar of a user."""

    id: int
    slug: str
    kinds: str
    role: str
    read_only: bool
    transparent: bool
    source: str
    timezone: str
    bound: bool

    @property
    def schedules(self) -> bool:
        """Whether meetings in it are invited to and answered by this server: nobody else does so for it."""
        plain = not (self.role or self.source or self.read_only or self.bound)
        return plain and "event" in self.kinds.split(",")


_BOUND = exists().where(bindings.c.collection_id == collections.c.id)
_DESK_COLUMNS: list[Any] = [*(collections.c[n] for n in Desk._fields[:-1]), _BOUND]
_DESKS = (
    select(*_DESK_COLUMNS)
    .where(collections.c.owner_id == bindparam("user"), collections.c.deleted_at.is_(None))
    .where(collections.c.kinds != "contact")
    .order_by(collections.c.sort_order, collections.c.id)
)


def desks(connection: Connection, user_id: int) -> list[Desk]:
    """All own calendars and task lists of a user, also his inbox, in his order."""
    rows = connection.execute(_DESKS, {"user": user_id})
    return [Desk._make(row)._replace(bound=bool(row[-1])) for row in rows]


def default_of(person_: Person, known: Iterable[Desk]) -> Desk | None:
    """Where new invitations of a user go: to the calendar that he chose, else to his first one that can take them."""
    able = [desk for desk in known if desk.schedules]
    return next((desk for desk in able if desk.id == person_.default_id), None) or next(iter(able), None)


def segment(connection: Connection, user_id: int, collection_id: int) -> str:
    """The last part of the address of an own calendar; "" where there is none any more."""
    shelves = collections_of(connection, user_id, contacts=False)
    return next((shelf.segment for shelf in shelves if shelf.id == collection_id), "")


def lock_person(connection: Connection, user_id: int) -> None:
    """Let nobody else make a calendar or an inbox for this user meanwhile."""
    hint = (users, "WITH (UPDLOCK, ROWLOCK)", "mssql")
    connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update().with_hint(*hint))


def set_default(connection: Connection, user_id: int, collection_id: int | None) -> None:
    """New invitations of a user go there from now on (None: to his first calendar)."""
    connection.execute(update(users).where(users.c.id == user_id).values(default_calendar_id=collection_id))


def make_default(connection: Connection, user_id: int, epoch: str, now: datetime) -> int:
    """A calendar for the invitations of somebody who has none of his own."""
    lock_person(connection, user_id)
    able = next((desk.id for desk in desks(connection, user_id) if desk.schedules), None)
    if able is not None:  # somebody else was faster
        return able
    taken = {desk.slug for desk in desks(connection, user_id)}
    names = ["calendar", *(f"calendar-{number}" for number in range(2, len(taken) + 3))]
    slug = next(name for name in names if name not in taken)
    return _make(connection, user_id, slug, {"name": _DEFAULT_NAME, "epoch": epoch, "created_at": now})


def inbox(connection: Connection, user_id: int, now: datetime) -> int:
    """The inbox of a user; made when the first message comes."""
    known = _inbox(connection, user_id)
    if known is not None:
        return known
    lock_person(connection, user_id)
    known = _inbox(connection, user_id)
    if known is not None:
        return known
    values = {"name": "Inbox", "epoch": inbox_epoch(user_id), "role": "inbox", "transparent": True, "created_at": now}
    return _make(connection, user_id, INBOX, values)


def _inbox(connection: Connection, user_id: int) -> int | None:
    return next((desk.id for desk in desks(connection, user_id) if desk.role == "inbox"), None)


def inbox_epoch(user_id: int) -> str:
    """The same before and after it is made: a token of the empty one stays good."""
    return f"inbox-{user_id}"


def _make(connection: Connection, user_id: int, slug: str, values: dict[str, Any]) -> int:
    row = {"owner_id": user_id, "slug": slug, "kinds": "event", **values}
    key = connection.execute(insert(collections).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


# ---------------------------------------------------------------- scheduling object resources


class Copy(NamedTuple):
    """An event in one of the calendars of a user."""

    id: int
    collection_id: int
    href: str
    etag: str
    schedule_tag: str
    text: str


_COPY: list[Any] = [*(items.c[n] for n in Copy._fields[:-1]), revisions.c.text]
_COPIES = (
    select(*_COPY)
    .join(revisions, revisions.c.id == items.c.revision_id)
    .where(items.c.deleted == false())
    .order_by(items.c.id)
)


def copies(connection: Connection, collection_ids: Collection[int], uid: str) -> list[Copy]:
    """What lives under a UID in some calendars, also what is no event; what is scheduled comes first."""
    if not collection_ids:
        return []
    wanted = _COPIES.where(items.c.collection_id.in_(list(collection_ids)), items.c.uid == uid)
    return sorted((Copy(*row) for row in connection.execute(wanted)), key=lambda copy: not copy.schedule_tag)


def scheduled(connection: Connection, collection_id: int) -> list[Copy]:
    """All meetings of a calendar that the server invites to or answers."""
    wanted = _COPIES.where(items.c.collection_id == collection_id, items.c.schedule_tag != "", items.c.kind == "event")
    return [Copy(*row) for row in connection.execute(wanted)]


def schedule_tag(connection: Connection, item_id: int) -> str:
    """The Schedule-Tag of an item; "" where it has none."""
    return connection.execute(select(items.c.schedule_tag).where(items.c.id == item_id)).scalar() or ""


def set_schedule_tag(connection: Connection, item_id: int, tag: str) -> None:
    """Give an item another Schedule-Tag ("": none)."""
    connection.execute(update(items).where(items.c.id == item_id).values(schedule_tag=tag))


def old_messages(connection: Connection, inbox_id: int, before: datetime, limit: int) -> list[int]:
    """Messages of an inbox that came before a time."""
    old = (items.c.collection_id == inbox_id, items.c.deleted == false(), items.c.changed_at < before)
    return list(connection.execute(select(items.c.id).where(*old).order_by(items.c.id).limit(limit)).scalars())
