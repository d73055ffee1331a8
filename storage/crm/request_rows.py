"""One request: its row, with the names of what it points at, and what changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, insert, literal, select, update

from storage import tables as t
from storage.limits import clean, cut

_LENGTHS = {"subject": 1000, "customer_name": 400, "customer_address": 320, "closed_by": 300, "mailbox": 100}
_LONG = ("objectives", "acceptance")

NAMES = (
    t.request_types.c.name.label("type_name"),
    t.statuses.c.name.label("status_name"),
    t.statuses.c.meaning,
    func.coalesce(t.users.c.name, literal("")).label("responsible"),
)


def with_names(*columns: Any) -> Select[Any]:
    """Columns of requests, and the names of type, status and responsible."""
    r = t.requests.c
    return (
        select(*columns, *NAMES)
        .select_from(t.requests)
        .join(t.request_types, t.request_types.c.id == r.type_id)
        .join(t.statuses, t.statuses.c.id == r.status_id)
        .outerjoin(t.users, t.users.c.id == r.responsible_id)
    )


_ONE = with_names(*t.requests.c).where(t.requests.c.id == bindparam("number"))
_LOCK = (
    select(t.requests.c.merged_into_id)
    .where(t.requests.c.id == bindparam("number"))
    .with_for_update(key_share=True)  # who writes what belongs to it does not wait (PostgreSQL)
    .with_hint(t.requests, "WITH (UPDLOCK, ROWLOCK)", "mssql")
)
_WHERE_IS = select(t.requests.c.id, t.requests.c.merged_into_id).where(t.requests.c.id == bindparam("number"))
_CALLED = select(t.requests.c.id).where(t.requests.c.number == bindparam("called"))
_CHANGE = update(t.requests).where(t.requests.c.id == bindparam("one"))


def one(connection: Connection, number: int) -> dict[str, Any] | None:
    """All columns, and the names."""
    row = connection.execute(_ONE, {"number": number}).mappings().first()
    return None if row is None else {str(name): value for name, value in row.items()}


def lock(connection: Connection, number: int) -> int | None:
    """Nobody else changes it until the end of this transaction. Gives its id now: another one after a merge."""
    row = connection.execute(_LOCK, {"number": number}).first()
    if row is None:
        return None
    return number if row.merged_into_id is None else lock(connection, row.merged_into_id)


def where_is(connection: Connection, number: int) -> int | None:
    """Its id now; None when there is none."""
    row = connection.execute(_WHERE_IS, {"number": number}).first()
    if row is None:
        return None
    return int(row.id if row.merged_into_id is None else row.merged_into_id)


def called(connection: Connection, number: str) -> int | None:
    """The id of the request with this number."""
    found = connection.execute(_CALLED, {"called": number}).scalar()
    return None if found is None else int(found)


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Write a new one; gives its id."""
    key = connection.execute(insert(t.requests).values(**_fitting(values))).inserted_primary_key
    assert key is not None
    return int(key[0])


def change(connection: Connection, number: int, values: Mapping[str, Any], *, new_version: bool = True) -> None:
    """Set columns; whoever looked at it before finds that it changed, unless `new_version` says no."""
    more = {"version": t.requests.c.version + 1} if new_version else {}
    connection.execute(_CHANGE.values(**_fitting(values), **more), {"one": number})


def _fitting(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _fit(name, value) if isinstance(value, str) else value for name, value in values.items()}


def _fit(name: str, value: str) -> str:
    if name in _LONG:
        return clean(value)
    return cut(value, _LENGTHS[name]) if name in _LENGTHS else value


# ---------------------------------------------------------------- what rights ask about, users, contacts

_GROUPS = select(t.group_members.c.group_id).where(t.group_members.c.user_id == bindparam("user"))
_USER = select(t.users.c.id, t.users.c.name, t.users.c.blocked).where(t.users.c.id == bindparam("user"))
_CONTACT = (
    select(t.contacts.c.full_name, t.contacts.c.organization)
    .join(t.items, t.items.c.id == t.contacts.c.item_id)
    .join(t.collections, t.collections.c.id == t.items.c.collection_id)
    # Of the company's address books only: what is in personal ones is nobody else's business.
    .where(t.items.c.id == bindparam("contact"), ~t.items.c.deleted, t.collections.c.owner_id.is_(None))
)
_ADDRESSES = (
    select(t.contact_emails.c.address)
    .where(t.contact_emails.c.item_id == bindparam("contact"))
    .order_by(t.contact_emails.c.id)
)


def groups_of(connection: Connection, user: int) -> frozenset[int]:
    """Those that a user is in."""
    return frozenset(connection.execute(_GROUPS, {"user": user}).scalars())


def user(connection: Connection, number: int) -> RowMapping | None:
    """His id, name, and whether he is blocked."""
    return connection.execute(_USER, {"user": number}).mappings().first()


def contact(connection: Connection, number: int) -> tuple[str, list[str]] | None:
    """Name and mail addresses of a contact of the company that is there."""
    row = connection.execute(_CONTACT, {"contact": number}).first()
    if row is None:
        return None
    addresses = connection.execute(_ADDRESSES, {"contact": number}).scalars()
    return row.full_name or row.organization, [address for address in addresses if address]
