"""Who looks at a request just now, or writes an answer to it: a lease of a minute, to be renewed."""

from __future__ import annotations

from datetime import timedelta

from crm.actor import Actor
from crm.errors import Invalid
from crm.request import gate
from crm.request.model import Viewer
from storage.crm import request_parts
from storage.unit_of_work import SqlUnitOfWork

LEASE_SECONDS = 60
DOING = ("viewing", "answering")


def be_there(unit: SqlUnitOfWork, actor: Actor, request_id: int, doing: str = "viewing") -> tuple[Viewer, ...]:
    """Say so (viewing, answering), and hear who else is there. Programs, which are no user, only hear."""
    row = gate.seen(unit, actor, "request.internal", request_id)
    if doing not in DOING:
        raise Invalid(f"One is {' or '.join(DOING)}.")
    connection, now = unit.session.connection, unit.session.now()
    request_parts.leave(connection, row["id"], None, now)
    if actor.user_id is not None:
        request_parts.be_there(connection, row["id"], actor.user_id, doing, now + timedelta(seconds=LEASE_SECONDS))
    return others(unit, actor, row["id"])


def leave(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> None:
    """Not there any more."""
    row = gate.seen(unit, actor, "request.internal", request_id)
    request_parts.leave(unit.session.connection, row["id"], actor.user_id, unit.session.now())


def viewers(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Viewer, ...]:
    """Everybody else who is there."""
    return others(unit, actor, gate.seen(unit, actor, "request.internal", request_id)["id"])


def others(unit: SqlUnitOfWork, actor: Actor, number: int) -> tuple[Viewer, ...]:
    """For services that have authorised it."""
    there = (Viewer(**row) for row in request_parts.viewers(unit.session.connection, number, unit.session.now()))
    return tuple(viewer for viewer in there if viewer.user_id != actor.user_id)
