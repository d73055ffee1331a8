"""Users as actors: their groups, and the rights that their roles give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select, union_all

from storage import tables as t
from storage.session import chunks


@dataclass(frozen=True, slots=True)
class Person:
    """A user, as far as rights need it."""

    id: int
    name: str
    address: str
    blocked: bool


def person(connection: Connection, user: int | str) -> Person | None:
    """By number or name."""
    u = t.users.c
    wanted = u.id == user if isinstance(user, int) else u.name == user
    row = connection.execute(select(u.id, u.name, u.address, u.blocked).where(wanted)).mappings().first()
    return None if row is None else Person(**row)


def groups_of(connection: Connection, user_id: int) -> frozenset[int]:
    """The numbers of a user's groups."""
    m = t.group_members.c
    return frozenset(connection.execute(select(m.group_id).where(m.user_id == user_id)).scalars())


def holders(connection: Connection, action: str) -> frozenset[int] | None:
    """The numbers of users whom some role gives an action, for whatever scope; None while no user has any role."""
    of_users, of_groups, members = t.user_roles.c, t.group_roles.c, t.group_members
    shared = select(members.c.user_id, of_groups.role_id).join(members, members.c.group_id == of_groups.group_id)
    held = union_all(select(of_users.user_id, of_users.role_id), shared).subquery()
    if connection.execute(select(held.c.user_id).limit(1)).first() is None:
        return None
    right = t.role_rights.c
    wanted = select(held.c.user_id).join(t.role_rights, right.role_id == held.c.role_id).where(right.action == action)
    return frozenset(connection.execute(wanted).scalars())


def rights_of(connection: Connection, user_id: int, groups: Iterable[int]) -> list[tuple[str, str]]:
    """(action, scope) of all roles of a user and of these groups; an action may come several times."""
    given, of_users, of_groups = t.role_rights, t.user_roles.c, t.group_roles.c
    own = select(given.c.action, given.c.scope).join(t.user_roles, of_users.role_id == given.c.role_id)
    shared = select(given.c.action, given.c.scope).join(t.group_roles, of_groups.role_id == given.c.role_id)
    found = [(row.action, row.scope) for row in connection.execute(own.where(of_users.user_id == user_id))]
    for part in chunks(groups):
        rows = connection.execute(shared.where(of_groups.group_id.in_(part)))
        found += [(row.action, row.scope) for row in rows]
    return found
