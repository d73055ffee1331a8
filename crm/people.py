"""Users and groups, as an administrator of requests sees them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from crm import audit
from crm.actor import Actor
from crm.errors import Invalid, NotThere, Refused
from crm.rights import authorise, workers
from storage import admin_people
from storage.crm import group_rows, rights_rows, role_rows
from storage.errors import StoreRefused
from storage.unit_of_work import SqlUnitOfWork

Key = TypeVar("Key")
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\\]{1,64}@[^@\s<>,;:\"()\\]{1,255}")


@dataclass(frozen=True, slots=True)
class UserShown:
    """A user, his groups and roles."""

    id: int
    name: str
    display_name: str
    address: str
    blocked: bool
    groups: tuple[str, ...]
    roles: tuple[str, ...]  # his own; those of his groups are with the groups


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A group, its members and roles."""

    name: str
    members: tuple[str, ...]
    roles: tuple[str, ...]


def users(unit: SqlUnitOfWork, actor: Actor) -> list[UserShown]:
    """All of them, by name."""
    authorise(actor, "user.read")
    connection = unit.session.connection
    roles, by_group = role_rows.roles_of_users(connection), group_rows.members(connection)
    names = {group.id: group.name for group in group_rows.groups(connection)}
    groups: dict[str, list[str]] = {}
    for number, members in by_group.items():
        for member in members:
            groups.setdefault(member, []).append(names[number])
    return [
        UserShown(u.id, u.name, u.display_name, u.address, u.blocked, _sorted(groups, u.name), _sorted(roles, u.id))
        for u in admin_people.users(connection)
    ]


def colleagues(unit: SqlUnitOfWork, actor: Actor) -> list[tuple[int, str, str]]:
    """(id, name, display name) of all users whom a request or an activity can be given to."""
    authorise(actor, "catalogue.read")
    able, found = workers(unit), admin_people.users(unit.session.connection)
    offered = (user for user in found if not user.blocked and (able is None or user.id in able))
    return [(user.id, user.name, user.display_name) for user in offered]


def set_address(unit: SqlUnitOfWork, actor: Actor, user: str, address: str) -> None:
    """His address of mail, "" for none. Raises `Invalid`, and `Refused` when it is another's."""
    authorise(actor, "user.edit")
    known_user(unit, user)
    if address and not _ADDRESS.fullmatch(address.strip()):
        raise Invalid(f"{address!r} is not an address of mail.")
    try:
        admin_people.set_address(unit.session.connection, user, address)
    except StoreRefused as err:
        raise Refused(str(err)) from err
    audit.note(unit, actor, "user.edit", f"user {user}", f"address: {address.strip().lower() or 'none'}")


def set_blocked(unit: SqlUnitOfWork, actor: Actor, user: str, *, blocked: bool) -> None:
    """A blocked user's devices and tokens are refused from now on. Nobody blocks himself."""
    authorise(actor, "user.edit")
    if known_user(unit, user).id == actor.user_id:
        raise Refused("You cannot block yourself.")
    admin_people.set_blocked(unit.session.connection, user, blocked=blocked)
    audit.note(unit, actor, "user.edit", f"user {user}", "blocked" if blocked else "not blocked any more")


def groups(unit: SqlUnitOfWork, actor: Actor) -> list[GroupShown]:
    """All of them, by name."""
    authorise(actor, "user.read")
    connection = unit.session.connection
    members, roles = group_rows.members(connection), role_rows.roles_of_groups(connection)
    rows = group_rows.groups(connection)
    return [GroupShown(row.name, _sorted(members, row.id), _sorted(roles, row.id)) for row in rows]


def create_group(unit: SqlUnitOfWork, actor: Actor, name: str) -> None:
    """Raises `Refused` when the name is taken."""
    authorise(actor, "user.edit")
    named = name_of(name, "group")
    if group_rows.find_group(unit.session.connection, named) is not None:
        raise Refused(f"There is a group {named} already.")
    group_rows.add_group(unit.session.connection, named)
    audit.note(unit, actor, "user.edit", f"group {named}", "made")


def remove_group(unit: SqlUnitOfWork, actor: Actor, name: str) -> None:
    """Its members lose the roles that it gave."""
    authorise(actor, "user.edit")
    group_rows.remove_group(unit.session.connection, known_group(unit, name).id)
    audit.note(unit, actor, "user.edit", f"group {name}", "removed")


def add_member(unit: SqlUnitOfWork, actor: Actor, group: str, user: str) -> None:
    """Nothing happens when he is in it already."""
    authorise(actor, "user.edit")
    if group_rows.add_member(unit.session.connection, known_group(unit, group).id, known_user(unit, user).id):
        audit.note(unit, actor, "user.edit", f"group {group}", f"{user} came in")


def remove_member(unit: SqlUnitOfWork, actor: Actor, group: str, user: str) -> None:
    """Raises `Refused` when he is not in it."""
    authorise(actor, "user.edit")
    if not group_rows.remove_member(unit.session.connection, known_group(unit, group).id, known_user(unit, user).id):
        raise Refused(f"{user} is not in the group {group}.")
    audit.note(unit, actor, "user.edit", f"group {group}", f"{user} left")


def known_user(unit: SqlUnitOfWork, name: str) -> rights_rows.Person:
    """Raises `NotThere`."""
    found = rights_rows.person(unit.session.connection, name)
    if found is None:
        raise NotThere(f"There is no user {name!r}; `agendahub user list` shows them all.")
    return found


def known_group(unit: SqlUnitOfWork, name: str) -> group_rows.GroupRow:
    """Raises `NotThere`."""
    found = group_rows.find_group(unit.session.connection, name)
    if found is None:
        raise NotThere(f"There is no group {name!r}; `agendahub group list` shows them all.")
    return found


def name_of(written: str, what: str) -> str:
    """A name that can stand in an address of the API. Raises `Invalid`."""
    name = written.strip()
    if not 0 < len(name) <= 100 or not name.isprintable() or "/" in name:
        raise Invalid(f"The name of a {what} has 1 to 100 characters, none of them / or a control character.")
    return name


def _sorted(found: Mapping[Key, list[str]], key: Key) -> tuple[str, ...]:
    return tuple(sorted(found.get(key, ())))
