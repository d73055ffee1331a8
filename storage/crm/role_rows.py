"""Roles, what they give, and who has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Table, delete, insert, select

from storage import tables as t


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role without its rights."""

    id: int
    name: str
    builtin: bool


def roles(connection: Connection) -> list[RoleRow]:
    """All of them, by name."""
    r = t.roles.c
    rows = connection.execute(select(r.id, r.name, r.builtin).order_by(r.name)).mappings()
    return [RoleRow(**row) for row in rows]


def find_role(connection: Connection, name: str) -> RoleRow | None:
    """The role of this name."""
    r = t.roles.c
    row = connection.execute(select(r.id, r.name, r.builtin).where(r.name == name)).mappings().first()
    return None if row is None else RoleRow(**row)


def all_rights(connection: Connection) -> dict[int, dict[str, str]]:
    """role -> action -> scope."""
    found: dict[int, dict[str, str]] = {}
    for row in connection.execute(select(t.role_rights)):
        found.setdefault(row.role_id, {})[row.action] = row.scope
    return found


def add_role(connection: Connection, name: str, *, builtin: bool) -> int:
    """Gives its id. Raises `StoreRefused` when the name is taken."""
    key = connection.execute(insert(t.roles).values(name=name, builtin=builtin)).inserted_primary_key
    assert key is not None
    return int(key[0])


def set_rights(connection: Connection, role_id: int, rights: Mapping[str, str]) -> None:
    """These and no others."""
    connection.execute(delete(t.role_rights).where(t.role_rights.c.role_id == role_id))
    rows = [{"role_id": role_id, "action": action, "scope": scope} for action, scope in sorted(rights.items())]
    if rows:
        connection.execute(insert(t.role_rights), rows)


def remove_role(connection: Connection, role_id: int) -> None:
    """With its rights. Raises `StoreRefused` while somebody has it."""
    connection.execute(delete(t.role_rights).where(t.role_rights.c.role_id == role_id))
    connection.execute(delete(t.roles).where(t.roles.c.id == role_id))


def give_role(connection: Connection, role_id: int, *, user_id: int | None = None, group_id: int | None = None) -> bool:
    """False when he has it already."""
    table, key = _assignment(role_id, user_id, group_id)
    if connection.execute(select(table).filter_by(**key)).first() is not None:
        return False
    connection.execute(insert(table).values(**key))
    return True


def take_role(connection: Connection, role_id: int, *, user_id: int | None = None, group_id: int | None = None) -> bool:
    """False when he does not have it."""
    table, key = _assignment(role_id, user_id, group_id)
    return bool(connection.execute(delete(table).filter_by(**key)).rowcount)


def roles_of_users(connection: Connection) -> dict[int, list[str]]:
    """user -> names of his own roles."""
    return _names_by(connection, t.user_roles.c.user_id, t.user_roles.c.role_id)


def roles_of_groups(connection: Connection) -> dict[int, list[str]]:
    """group -> names of its roles."""
    return _names_by(connection, t.group_roles.c.group_id, t.group_roles.c.role_id)


def _assignment(role_id: int, user_id: int | None, group_id: int | None) -> tuple[Table, dict[str, int]]:
    if user_id is not None:
        return t.user_roles, {"role_id": role_id, "user_id": user_id}
    assert group_id is not None
    return t.group_roles, {"role_id": role_id, "group_id": group_id}


def _names_by(connection: Connection, whose: Column[int], role: Column[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    statement = select(whose, t.roles.c.name).join(t.roles, t.roles.c.id == role).order_by(t.roles.c.name)
    for owner, name in connection.execute(statement):
        found.setdefault(owner, []).append(name)
    return found
