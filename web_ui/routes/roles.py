"""Roles: what is given together, and to whom."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from crm import roles
from crm.actions import ACTIONS, GENERAL, SCOPES
from crm.rights import authorise
from crm.roles import Role
from web_ui.call import Caller
from web_ui.shapes import Body, Done, Word

router = APIRouter(tags=["roles"])


class Rights(Body):
    """What a role gives."""

    rights: Annotated[dict[str, str], Field(description="right -> all, group, own or part (GET /rights).")]


class NewRole(Rights):
    """A role of your own."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


class Right(BaseModel):
    """Something that can be done."""

    name: str
    what: str = Field(description="One sentence.")
    scopes: list[str] = Field(description="For which requests it can be given; the widest first.")


@router.get("/rights")
def rights(call: Caller) -> list[Right]:
    """All rights that there are."""
    authorise(call.actor, "user.read")
    return [
        Right(name=name, what=told, scopes=["all"] if name in GENERAL else list(SCOPES))
        for name, told in ACTIONS.items()
    ]


@router.get("/roles")
def list_roles(call: Caller) -> list[Role]:
    """All roles and what they give."""
    with call.read() as unit:
        return roles.roles(unit, call.actor)


@router.post("/roles", status_code=201)
def add_role(call: Caller, sent: NewRole) -> Done:
    """Make a role of your own."""
    call.write(lambda unit: roles.create_role(unit, call.actor, sent.name, sent.rights))
    return Done()


@router.put("/roles/{name}")
def change_role(call: Caller, name: Word, sent: Rights) -> Done:
    """These rights and no others; not for the four roles that are always there."""
    call.write(lambda unit: roles.change_role(unit, call.actor, name, sent.rights))
    return Done()


@router.delete("/roles/{name}")
def remove_role(call: Caller, name: Word) -> Done:
    """One of your own that nobody has."""
    call.write(lambda unit: roles.remove_role(unit, call.actor, name))
    return Done()


@router.put("/roles/{name}/users/{user}")
def give_to_user(call: Caller, name: Word, user: Word) -> Done:
    """Give it to a user."""
    call.write(lambda unit: roles.give(unit, call.actor, name, user=user))
    return Done()


@router.delete("/roles/{name}/users/{user}")
def take_from_user(call: Caller, name: Word, user: Word) -> Done:
    """Take it from a user."""
    call.write(lambda unit: roles.take(unit, call.actor, name, user=user))
    return Done()


@router.put("/roles/{name}/groups/{group}")
def give_to_group(call: Caller, name: Word, group: Word) -> Done:
    """Give it to all of a group."""
    call.write(lambda unit: roles.give(unit, call.actor, name, group=group))
    return Done()


@router.delete("/roles/{name}/groups/{group}")
def take_from_group(call: Caller, name: Word, group: Word) -> Done:
    """Take it from a group."""
    call.write(lambda unit: roles.take(unit, call.actor, name, group=group))
    return Done()
