"""Who else may see what: colleagues, shares of a collection, delegates of a person; and how each wants to see it.

On the connection of a unit of work, as all that the gateway asks of the store. A blocked user is nobody here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, false, insert, select

from storage.dav_principals import Principal, principal_named
from storage.session import chunks
from storage.tables import grants, personal_properties, proxies, users

READ, WRITE = "read", "write"


class Home(NamedTuple):
    """Whose calendars and address books, and what the one who asks may do with them."""

    user_id: int
    user: str
    access: str  # read, write


class Sharee(NamedTuple):
    """Somebody who sees another's collection, or another's home."""

    person: Principal
    access: str  # read, write


_PERSON: list[Any] = [users.c.id, users.c.name, users.c.display_name, users.c.address]
_BY_ADDRESS = select(*_PERSON).where(users.c.blocked == false(), users.c.address == bindparam("address"))

# ---------------------------------------------------------------- colleagues


def person_at(connection: Connection, address: str) -> Principal | None:
    """The user with this address of mail; one whose name is an address is found by that too."""
    lowered = address.strip().lower()
    row = connection.execute(_BY_ADDRESS, {"address": lowered}).first() if lowered else None
    return Principal(*row) if row else principal_named(connection, address.strip())


# ---------------------------------------------------------------- delegates (calendar-proxy)

_HOME = (
    select(users.c.id, users.c.name, proxies.c.access)
    .join(proxies, proxies.c.user_id == users.c.id)
    .where(proxies.c.delegate_id == bindparam("delegate"), users.c.name == bindparam("name"))
    .where(users.c.blocked == false())
)
_HOMES = (
    select(*_PERSON, proxies.c.access)
    .join(proxies, proxies.c.user_id == users.c.id)
    .where(proxies.c.delegate_id == bindparam("delegate"), users.c.blocked == false())
    .order_by(users.c.name)
)
_DELEGATES = (
    select(*_PERSON, proxies.c.access)
    .join(proxies, proxies.c.delegate_id == users.c.id)
    .where(proxies.c.user_id == bindparam("user"), users.c.blocked == false())
    .order_by(users.c.name)
)


def home_of(connection: Connection, name: str, delegate_id: int) -> Home | None:
    """Another user's home, if he made this one his delegate."""
    row = connection.execute(_HOME, {"name": name, "delegate": delegate_id}).one_or_none()
    return Home(*row) if row else None


def homes_open_to(connection: Connection, delegate_id: int) -> list[Sharee]:
    """Whose homes a user may enter, by name, and what he may do there."""
    return _sharees(connection.execute(_HOMES, {"delegate": delegate_id}))


def delegates_of(connection: Connection, user_id: int) -> list[Sharee]:
    """A user's delegates, by name."""
    return _sharees(connection.execute(_DELEGATES, {"user": user_id}))


def set_delegate(connection: Connection, user_id: int, delegate_id: int, access: str) -> bool:
    """Make somebody a delegate ("read", "write"); "" takes it back. Whether he was one before."""
    key = {"user_id": user_id, "delegate_id": delegate_id}
    was = connection.execute(delete(proxies).filter_by(**key)).rowcount
    if access:
        connection.execute(insert(proxies).values(**key, access=access))
    return bool(was)


def _sharees(rows: Iterable[Sequence[Any]]) -> list[Sharee]:
    return [Sharee(Principal(*row[:4]), row[4]) for row in rows]


# ---------------------------------------------------------------- shares of a collection

_SHAREES = (
    select(grants.c.collection_id, *_PERSON, grants.c.access)
    .join(users, users.c.id == grants.c.user_id)
    .where(grants.c.collection_id.in_(bindparam("collections", expanding=True)), users.c.blocked == false())
    .order_by(users.c.name)
)


def sharees_of(connection: Connection, collection_ids: Iterable[int]) -> dict[int, list[Sharee]]:
    """Who else sees these collections, by name."""
    found: dict[int, list[Sharee]] = {}
    for part in chunks(collection_ids):
        for row in connection.execute(_SHAREES, {"collections": part}):
            found.setdefault(row[0], []).append(Sharee(Principal(*row[1:5]), row[5]))
    return found


def set_share(connection: Connection, collection_id: int, user_id: int, access: str) -> bool:
    """Let somebody see ("read") or change ("write") a collection; "" takes it back, with how he wanted to see it.

    Whether he saw it before.
    """
    key = {"collection_id": collection_id, "user_id": user_id}
    was = connection.execute(delete(grants).filter_by(**key)).rowcount
    if access:
        connection.execute(insert(grants).values(**key, access=access))
    else:
        connection.execute(delete(personal_properties).filter_by(**key))
    return bool(was)


# ---------------------------------------------------------------- how each wants to see it


def keep_personal(connection: Connection, collection_id: int, user_id: int, values: Mapping[str, str | None]) -> None:
    """Keep properties for one user; None removes one, and what all see counts again."""
    table = personal_properties
    for name, value in values.items():
        key = {"collection_id": collection_id, "user_id": user_id, "name": name}
        connection.execute(delete(table).filter_by(**key))
        if value is not None:
            connection.execute(insert(table).values(**key, value=value))
