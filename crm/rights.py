"""Who may do what: every service that a person can reach asks `authorise` in its first line.

    authorise(actor, "request.close", subject)   # of one request, or of what belongs to one
    authorise(actor, "rule.edit")                # no request is named
    scope = scope_of(actor, "request.read")      # for lists: `storage.crm.scope.within` makes a WHERE of it

Who may not know that an object exists gets `NotThere`, as if there were none; who may see it but not do this,
`Forbidden`.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.actions import ACTIONS, OF_REQUESTS, SCOPES
from crm.actor import Actor
from crm.errors import Forbidden, NotThere
from storage.crm import rights_rows
from storage.unit_of_work import SqlUnitOfWork

__all__ = ["ACTIONS", "Subject", "actor_of", "authorise", "may", "scope_of"]

NOTHING_THERE = "There is no such request."


@dataclass(frozen=True, slots=True)
class Subject:
    """What must be known of a request to tell who may do what to it. `crm.request.reading.subject_of` reads one."""

    responsible_id: int | None = None
    people: frozenset[str] = frozenset()  # addresses of who takes part, lower case
    customer_address: str = ""  # lower case
    groups: frozenset[int] = frozenset()  # those of the responsible; none when nobody is responsible


def authorise(actor: Actor, action: str, subject: Subject | None = None) -> None:
    """Return when the actor may; else raises `NotThere` or `Forbidden`.

    An action on requests without a subject is one on all of them at once. A misspelt action is a `KeyError`.
    """
    told = ACTIONS[action]
    if may(actor, action, subject):
        return
    if subject is not None and not may(actor, "request.read", subject):
        raise NotThere(NOTHING_THERE)
    raise Forbidden(f"You may not do this: {told[0].lower()}{told[1:]}")


def may(actor: Actor, action: str, subject: Subject | None = None) -> bool:
    """Whether `authorise` would let it pass."""
    ACTIONS[action]
    if actor.unlimited:
        return True
    scope = actor.rights.get(action, "")
    if action not in OF_REQUESTS:
        return scope in SCOPES
    if subject is None:
        return scope == "all"
    return _reaches(actor, scope, subject)


def scope_of(actor: Actor, action: str) -> str:
    """all, group, own, part; "" for not at all."""
    ACTIONS[action]
    return "all" if actor.unlimited else actor.rights.get(action, "")


def actor_of(unit: SqlUnitOfWork, user: int | str) -> Actor:
    """A user, by his number or name, with all the rights that his roles and those of his groups give together.

    Raises `NotThere` for nobody, and `Forbidden` for one who is blocked.
    """
    connection = unit.session.connection
    found = rights_rows.person(connection, user)
    if found is None:
        raise NotThere("There is no such user.")
    if found.blocked:
        raise Forbidden(f"{found.name} is blocked.")
    groups = rights_rows.groups_of(connection, found.id)
    given = rights_rows.rights_of(connection, found.id, groups)
    return Actor(found.name, found.id, found.address, groups, widest(given))


def workers(unit: SqlUnitOfWork) -> frozenset[int] | None:
    """The numbers of users who may answer customers: work is given to them. None, for all, while none has a role."""
    return rights_rows.holders(unit.session.connection, "answer.write")


def widest(given: list[tuple[str, str]]) -> dict[str, str]:
    """Of (action, scope) of several roles: the widest scope of each action. What nobody knows any more is left out."""
    found: dict[str, str] = {}
    for action, scope in given:
        if action in ACTIONS and scope in SCOPES:
            found[action] = min(found.get(action, scope), scope, key=SCOPES.index)
    return found


def _reaches(actor: Actor, scope: str, subject: Subject) -> bool:
    """Must say the same as `storage.crm.scope.within`."""
    if scope == "all":
        return True
    reaches = scope in SCOPES and bool(actor.address) and _takes_part(actor, subject)
    if scope in ("own", "group"):
        reaches = reaches or (actor.user_id is not None and subject.responsible_id == actor.user_id)
    if scope == "group":
        reaches = reaches or bool(actor.groups & subject.groups)
    return reaches


def _takes_part(actor: Actor, subject: Subject) -> bool:
    return actor.address == subject.customer_address or actor.address in subject.people
