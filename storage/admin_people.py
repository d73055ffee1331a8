"""Users, their devices and what they may see."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage import tables as t
from storage.errors import StoreRefused


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may connect devices."""

    id: int
    name: str
    display_name: str
    address: str  # of mail, lower case; "" for none
    blocked: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or program with an app password of its own."""

    id: int
    user: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


_USER = [t.users.c[field.name] for field in fields(User)]


def add_user(connection: Connection, name: str, display_name: str, now: datetime) -> int:
    """Raises `StoreRefused` when the name is taken."""
    if find_user(connection, name) is not None:
        raise StoreRefused(f"There is a user {name!r} already.")
    statement = insert(t.users).values(name=name, display_name=display_name, created_at=now)
    key = connection.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


def users(connection: Connection) -> list[User]:
    """All users, by name."""
    return [User(**row) for row in connection.execute(select(*_USER).order_by(t.users.c.name)).mappings()]


def find_user(connection: Connection, name: str) -> User | None:
    """The user of this name."""
    row = connection.execute(select(*_USER).where(t.users.c.name == name)).mappings().first()
    return None if row is None else User(**row)


def user_id(connection: Connection, name: str) -> int:
    """The number of a user. Raises `StoreRefused` when there is none of this name."""
    found = find_user(connection, name)
    if found is None:
        raise StoreRefused(f"There is no user {name!r}; `agendahub user list` shows them all.")
    return found.id


def set_blocked(connection: Connection, name: str, *, blocked: bool) -> None:
    """A blocked user's devices are refused from now on, and he is signed out of the web pages."""
    if not connection.execute(update(t.users).where(t.users.c.name == name).values(blocked=blocked)).rowcount:
        raise StoreRefused(f"There is no user {name!r}; `agendahub user list` shows them all.")
    if blocked:
        his = select(t.users.c.id).where(t.users.c.name == name).scalar_subquery()
        connection.execute(delete(t.web_sessions).where(t.web_sessions.c.user_id == his))


def set_address(connection: Connection, name: str, address: str) -> None:
    """His address of mail, "" for none: it tells what he takes part in. Raises `StoreRefused` when it is another's."""
    lowered = address.strip().lower()
    others = select(t.users.c.name).where(t.users.c.address == lowered, t.users.c.name != name)
    if lowered and (other := connection.execute(others).scalar()) is not None:
        raise StoreRefused(f"{lowered} is the address of {other} already.")
    if not connection.execute(update(t.users).where(t.users.c.name == name).values(address=lowered)).rowcount:
        raise StoreRefused(f"There is no user {name!r}; `agendahub user list` shows them all.")


def add_device(connection: Connection, user: str, name: str, token_hash: str, now: datetime) -> int:
    """A device of a user. Raises `StoreRefused` for an unknown user or a second device of that name in use."""
    owner = find_user(connection, user)
    if owner is None:
        raise StoreRefused(f"There is no user {user!r}; add one with `agendahub user add {user}`.")
    if any(device.name == name and device.revoked_at is None for device in devices(connection, user)):
        raise StoreRefused(f"{user} has a device {name!r} already; revoke it first or choose another name.")
    row = {"user_id": owner.id, "name": name, "token_hash": token_hash, "created_at": now}
    key = connection.execute(insert(t.devices).values(**row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def devices(connection: Connection, user: str = "") -> list[Device]:
    """Devices, by user and name; the revoked ones too."""
    d, u = t.devices.c, t.users.c
    statement = select(d.id, u.name.label("user"), d.name, d.created_at, d.last_used_at, d.revoked_at).join(
        t.users, u.id == d.user_id
    )
    if user:
        statement = statement.where(u.name == user)
    return [Device(**row) for row in connection.execute(statement.order_by(u.name, d.name, d.id)).mappings()]


def revoke_device(connection: Connection, device_id: int, now: datetime) -> None:
    """Its app password is refused from now on."""
    statement = update(t.devices).where(t.devices.c.id == device_id, t.devices.c.revoked_at.is_(None))
    if not connection.execute(statement.values(revoked_at=now)).rowcount:
        raise StoreRefused("There is no such device in use; `agendahub device list` shows them all.")
