"""Roles: what is given together. Four are always there and stay as they are; an admin adds his own.

Who may edit users and roles can give himself every right: only administrators have that one to begin with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm import audit
from crm.actions import ACTIONS, BUILTIN, GENERAL, SCOPES
from crm.actor import Actor
from crm.errors import Invalid, NotThere, Refused
from crm.people import known_group, known_user, name_of
from crm.rights import authorise
from storage.crm import role_rows
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Role:
    """A role and what it gives."""

    name: str
    builtin: bool  # its rights are the program's
    rights: Mapping[str, str]  # action -> all, group, own, part


def seed(unit: SqlUnitOfWork) -> None:
    """Have the roles that are always there, with the rights that this version of the program gives them."""
    connection = unit.session.connection
    there = {role.name: role for role in role_rows.roles(connection)}
    rights = role_rows.all_rights(connection)
    for name, wanted in BUILTIN.items():
        role = there.get(name)
        if role is not None and not role.builtin:
            continue  # an admin made one of this name before there was ours
        number = role_rows.add_role(connection, name, builtin=True) if role is None else role.id
        if rights.get(number) != dict(wanted):
            role_rows.set_rights(connection, number, wanted)


def roles(unit: SqlUnitOfWork, actor: Actor) -> list[Role]:
    """All of them, by name."""
    authorise(actor, "user.read")
    rights = role_rows.all_rights(unit.session.connection)
    rows = role_rows.roles(unit.session.connection)
    return [Role(row.name, row.builtin, rights.get(row.id, {})) for row in rows]


def create_role(unit: SqlUnitOfWork, actor: Actor, name: str, rights: Mapping[str, str]) -> None:
    """Raises `Refused` when the name is taken, `Invalid` for rights that do not exist."""
    authorise(actor, "user.edit")
    checked, named = _checked(rights), name_of(name, "role")
    if role_rows.find_role(unit.session.connection, named) is not None:
        raise Refused(f"There is a role {named} already.")
    number = role_rows.add_role(unit.session.connection, named, builtin=False)
    role_rows.set_rights(unit.session.connection, number, checked)
    audit.note(unit, actor, "user.edit", f"role {named}", f"made: {_told(checked)}")


def change_role(unit: SqlUnitOfWork, actor: Actor, name: str, rights: Mapping[str, str]) -> None:
    """Give it these rights and no others."""
    authorise(actor, "user.edit")
    role, checked = _own_role(unit, name), _checked(rights)
    before = role_rows.all_rights(unit.session.connection).get(role.id, {})
    role_rows.set_rights(unit.session.connection, role.id, checked)
    audit.note(unit, actor, "user.edit", f"role {name}", f"was: {_told(before)}; is: {_told(checked)}")


def remove_role(unit: SqlUnitOfWork, actor: Actor, name: str) -> None:
    """Raises `Refused` while somebody has it."""
    authorise(actor, "user.edit")
    role, connection = _own_role(unit, name), unit.session.connection
    held = (role_rows.roles_of_users(connection), role_rows.roles_of_groups(connection))
    if any(name in names for by_owner in held for names in by_owner.values()):
        raise Refused(f"Somebody has the role {name}; take it from them first.")
    role_rows.remove_role(connection, role.id)
    audit.note(unit, actor, "user.edit", f"role {name}", "removed")


def give(unit: SqlUnitOfWork, actor: Actor, name: str, *, user: str = "", group: str = "") -> None:
    """To a user, or to all of a group."""
    authorise(actor, "user.edit")
    role = known_role(unit, name)
    if role_rows.give_role(unit.session.connection, role.id, **_whom(unit, user, group)):
        audit.note(unit, actor, "user.edit", f"user {user}" if user else f"group {group}", f"got role {name}")


def take(unit: SqlUnitOfWork, actor: Actor, name: str, *, user: str = "", group: str = "") -> None:
    """From a user, or from a group."""
    authorise(actor, "user.edit")
    role = known_role(unit, name)
    if not role_rows.take_role(unit.session.connection, role.id, **_whom(unit, user, group)):
        raise Refused(f"{user or group} does not have the role {name}.")
    audit.note(unit, actor, "user.edit", f"user {user}" if user else f"group {group}", f"lost role {name}")


def known_role(unit: SqlUnitOfWork, name: str) -> role_rows.RoleRow:
    """Raises `NotThere`. The roles that are always there are made when one is first asked for."""
    found = role_rows.find_role(unit.session.connection, name)
    if found is None and name in BUILTIN:
        seed(unit)
        found = role_rows.find_role(unit.session.connection, name)
    if found is None:
        raise NotThere(f"There is no role {name!r}; `agendahub role list` shows them all.")
    return found


def _own_role(unit: SqlUnitOfWork, name: str) -> role_rows.RoleRow:
    role = known_role(unit, name)
    if role.builtin:
        raise Refused(f"The role {name} is the program's and stays as it is; make one of your own.")
    return role


def _whom(unit: SqlUnitOfWork, user: str, group: str) -> dict[str, int]:
    if bool(user) == bool(group):
        raise Invalid("Name a user or a group.")
    if user:
        return {"user_id": known_user(unit, user).id}
    return {"group_id": known_group(unit, group).id}


def _checked(rights: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(rights) - set(ACTIONS))
    if unknown:
        raise Invalid(f"There is no right {', '.join(unknown)}.")
    for action, scope in rights.items():
        if scope not in SCOPES:
            raise Invalid(f"{action} is given for {', '.join(SCOPES)}; not for {scope!r}.")
        if action in GENERAL and scope != "all":
            raise Invalid(f"{action} is about no single request: it is given for all.")
    return dict(rights)


def _told(rights: Mapping[str, str]) -> str:
    return ", ".join(f"{action} ({scope})" for action, scope in sorted(rights.items())) or "nothing"
