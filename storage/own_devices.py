"""A user's own devices, as he sees them on the web page: somebody else's is not there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from storage import tables as t
from storage.admin_people import Device
from storage.errors import StoreRefused

AT_MOST = 50  # devices in use, of one user


def own_devices(connection: Connection, user_id: int) -> list[Device]:
    """Those in use, by name."""
    return [Device(**row) for row in connection.execute(_of(user_id).order_by(t.devices.c.name)).mappings()]


def own_device(connection: Connection, user_id: int, device_id: int) -> Device | None:
    """One in use; None when there is none, it is revoked or not his."""
    row = connection.execute(_of(user_id).where(t.devices.c.id == device_id)).mappings().first()
    return None if row is None else Device(**row)


def revoke_own(connection: Connection, user_id: int, device_id: int, now: datetime) -> bool:
    """Its app password is refused from now on; False when there is none in use that is his."""
    wanted = (t.devices.c.id == device_id, t.devices.c.user_id == user_id, t.devices.c.revoked_at.is_(None))
    return bool(connection.execute(update(t.devices).where(*wanted).values(revoked_at=now)).rowcount)


def check_room(connection: Connection, user_id: int) -> None:
    """Raises `StoreRefused` when he has as many as one can have."""
    if len(own_devices(connection, user_id)) >= AT_MOST:
        raise StoreRefused(f"You have {AT_MOST} devices; remove one that you do not use any more.")


def _of(user_id: int) -> Select[Any]:
    d, u = t.devices.c, t.users.c
    return (
        select(d.id, u.name.label("user"), d.name, d.created_at, d.last_used_at, d.revoked_at)
        .join(t.users, u.id == d.user_id)
        .where(d.user_id == user_id, d.revoked_at.is_(None))
    )
