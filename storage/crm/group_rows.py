"""Groups of users."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from storage import tables as t


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group without its members."""

    id: int
    name: str


def groups(connection: Connection) -> list[GroupRow]:
    """All of them, by name."""
    rows = connection.execute(select(t.groups.c.id, t.groups.c.name).order_by(t.groups.c.name)).mappings()
    return [GroupRow(**row) for row in rows]


def find_group(connection: Connection, name: str) -> GroupRow | None:
    """The group of this name."""
    wanted = select(t.groups.c.id, t.groups.c.name).where(t.groups.c.name == name)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else GroupRow(**row)


def add_group(connection: Connection, name: str) -> int:
    """Gives its id. Raises `StoreRefused` when the name is taken."""
    key = connection.execute(insert(t.groups).values(name=name)).inserted_primary_key
    assert key is not None
    return int(key[0])


def rename_group(connection: Connection, group_id: int, name: str) -> None:
    """Raises `StoreRefused` when the name is taken."""
    connection.execute(update(t.groups).where(t.groups.c.id == group_id).values(name=name))


def remove_group(connection: Connection, group_id: int) -> None:
    """With who is in it, and the roles that it had."""
    for table in (t.group_members, t.group_roles):
        connection.execute(delete(table).where(table.c.group_id == group_id))
    connection.execute(delete(t.groups).where(t.groups.c.id == group_id))


def members(connection: Connection) -> dict[int, list[str]]:
    """group -> names of users."""
    m, u = t.group_members.c, t.users.c
    statement = select(m.group_id, u.name).join(t.users, u.id == m.user_id).order_by(u.name)
    found: dict[int, list[str]] = {}
    for group, name in connection.execute(statement):
        found.setdefault(group, []).append(name)
    return found


def add_member(connection: Connection, group_id: int, user_id: int) -> bool:
    """False when he is in it already."""
    key = {"group_id": group_id, "user_id": user_id}
    if connection.execute(select(t.group_members).filter_by(**key)).first() is not None:
        return False
    connection.execute(insert(t.group_members).values(**key))
    return True


def remove_member(connection: Connection, group_id: int, user_id: int) -> bool:
    """False when he is not in it."""
    m = t.group_members.c
    wanted = (m.group_id == group_id, m.user_id == user_id)
    return bool(connection.execute(delete(t.group_members).where(*wanted)).rowcount)
