"""Types of requests, and statuses of requests and tickets: as many as an admin wants, in his order."""

from __future__ import annotations

from dataclasses import dataclass

from crm.actor import Actor
from storage.unit_of_work import SqlUnitOfWork

MEANINGS = ("new", "open", "waiting", "completed")  # what the program does by; completed: may be closed


@dataclass(frozen=True, slots=True)
class RequestType:
    """What kind of request."""

    id: int
    name: str
    position: int
    weight: int  # what it adds to a request's weight
    archived: bool  # kept for those that have it, not offered any more


@dataclass(frozen=True, slots=True)
class Status:
    """A column of the board."""

    id: int
    name: str
    position: int
    meaning: str
    color: str
    archived: bool


def seed(unit: SqlUnitOfWork) -> None:
    """Put the usual types and statuses into a catalogue that has none. Twice is fine."""
    raise NotImplementedError


def types(unit: SqlUnitOfWork, actor: Actor, *, archived: bool = False) -> tuple[RequestType, ...]:
    """In their order."""
    raise NotImplementedError


def statuses(unit: SqlUnitOfWork, actor: Actor, *, archived: bool = False) -> tuple[Status, ...]:
    """In their order."""
    raise NotImplementedError


def add_type(unit: SqlUnitOfWork, actor: Actor, name: str, *, weight: int = 0) -> RequestType:
    """At the end. Raises `Invalid` for a name that is taken or empty."""
    raise NotImplementedError


def add_status(unit: SqlUnitOfWork, actor: Actor, name: str, *, meaning: str = "open", color: str = "") -> Status:
    """At the end. `color`: #rrggbb or ""."""
    raise NotImplementedError


def change_type(
    unit: SqlUnitOfWork,
    actor: Actor,
    type_id: int,
    *,
    name: str | None = None,
    weight: int | None = None,
    archived: bool | None = None,
) -> RequestType:
    """What is None stays. The last one in use cannot be archived (`Refused`)."""
    raise NotImplementedError


def change_status(
    unit: SqlUnitOfWork,
    actor: Actor,
    status_id: int,
    *,
    name: str | None = None,
    meaning: str | None = None,
    color: str | None = None,
    archived: bool | None = None,
) -> Status:
    """What is None stays. The last one in use cannot be archived (`Refused`)."""
    raise NotImplementedError


def order_types(unit: SqlUnitOfWork, actor: Actor, ids: tuple[int, ...]) -> None:
    """All of them, in their new order."""
    raise NotImplementedError


def order_statuses(unit: SqlUnitOfWork, actor: Actor, ids: tuple[int, ...]) -> None:
    """All of them, in their new order."""
    raise NotImplementedError


def remove_type(unit: SqlUnitOfWork, actor: Actor, type_id: int) -> None:
    """Raises `Refused` when a request has it: archive it then."""
    raise NotImplementedError


def remove_status(unit: SqlUnitOfWork, actor: Actor, status_id: int) -> None:
    """Raises `Refused` when a request or a ticket has it: archive it then."""
    raise NotImplementedError
