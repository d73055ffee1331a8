"""Users and groups."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from crm import people
from crm.people import GroupShown, UserShown
from crm.rights import authorise
from storage.unit_of_work import SqlUnitOfWork
from web_ui.call import Caller
from web_ui.shapes import Body, Done, Word

router = APIRouter(tags=["users and groups"])


class Colleague(BaseModel):
    """Whom a request can be given to."""

    id: int = Field(description="For responsible_id and assigned_id.")
    name: str
    display_name: str


class UserChange(Body):
    """What is null or left out stays."""

    address: Annotated[str | None, Field(max_length=320, description="Of mail; empty for none.")] = None
    blocked: Annotated[bool | None, Field(description="A blocked user's devices and tokens are refused.")] = None


class NewGroup(Body):
    """A group without members."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


@router.get("/colleagues")
def colleagues(call: Caller) -> list[Colleague]:
    """Users who are not blocked and may answer customers: all, while nobody has a role."""
    with call.read() as unit:
        found = people.colleagues(unit, call.actor)
    return [Colleague(id=number, name=name, display_name=shown) for number, name, shown in found]


@router.get("/users")
def users(call: Caller) -> list[UserShown]:
    """All users, their groups and roles."""
    with call.read() as unit:
        return people.users(unit, call.actor)


@router.patch("/users/{name}")
def change_user(call: Caller, name: Word, sent: UserChange) -> Done:
    """Set his address of mail, block him, or let him in again."""

    def work(unit: SqlUnitOfWork) -> None:
        if sent.address is not None:
            people.set_address(unit, call.actor, name, sent.address)
        if sent.blocked is not None:
            people.set_blocked(unit, call.actor, name, blocked=sent.blocked)

    authorise(call.actor, "user.edit")
    call.write(work)
    return Done()


@router.get("/groups")
def groups(call: Caller) -> list[GroupShown]:
    """All groups, their members and roles."""
    with call.read() as unit:
        return people.groups(unit, call.actor)


@router.post("/groups", status_code=201)
def add_group(call: Caller, sent: NewGroup) -> Done:
    """Make a group."""

    def work(unit: SqlUnitOfWork) -> Done:
        people.create_group(unit, call.actor, sent.name)
        return Done()

    return call.once(Done, work)


@router.delete("/groups/{name}")
def remove_group(call: Caller, name: Word) -> Done:
    """Its members lose the roles that it gave."""
    call.write(lambda unit: people.remove_group(unit, call.actor, name))
    return Done()


@router.put("/groups/{name}/members/{user}")
def add_member(call: Caller, name: Word, user: Word) -> Done:
    """Put a user into it."""
    call.write(lambda unit: people.add_member(unit, call.actor, name, user))
    return Done()


@router.delete("/groups/{name}/members/{user}")
def remove_member(call: Caller, name: Word, user: Word) -> Done:
    """Take a user out of it."""
    call.write(lambda unit: people.remove_member(unit, call.actor, name, user))
    return Done()
