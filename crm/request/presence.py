"""Who looks at a request just now, or writes an answer to it: a lease of a minute, to be renewed."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import Viewer
from storage.unit_of_work import SqlUnitOfWork

LEASE_SECONDS = 60


def be_there(unit: SqlUnitOfWork, actor: Actor, request_id: int, doing: str = "viewing") -> tuple[Viewer, ...]:
    """Say so (viewing, answering), and hear who else is there. Programs, which are no user, only hear."""
    raise NotImplementedError


def leave(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> None:
    """Not there any more."""
    raise NotImplementedError


def viewers(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Viewer, ...]:
    """Everybody else who is there."""
    raise NotImplementedError
