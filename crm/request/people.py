"""Who takes part in a request, its tags, and internal notes."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import Note, Person
from storage.unit_of_work import SqlUnitOfWork


def add_person(unit: SqlUnitOfWork, actor: Actor, request_id: int, person: Person) -> None:
    """Twice is fine; a new name or role replaces the old one."""
    raise NotImplementedError


def remove_person(unit: SqlUnitOfWork, actor: Actor, request_id: int, address: str) -> None:
    """He sees it no more. The customer cannot be removed (`Refused`)."""
    raise NotImplementedError


def add_tag(unit: SqlUnitOfWork, actor: Actor, request_id: int, tag: str) -> None:
    """Twice is fine."""
    raise NotImplementedError


def remove_tag(unit: SqlUnitOfWork, actor: Actor, request_id: int, tag: str) -> None:
    """One that is not there is fine."""
    raise NotImplementedError


def tags(unit: SqlUnitOfWork, actor: Actor, *, begin: str = "", limit: int = 50) -> tuple[tuple[str, int], ...]:
    """Tags in use and how often, the most used first."""
    raise NotImplementedError


def add_note(unit: SqlUnitOfWork, actor: Actor, request_id: int, text: str) -> Note:
    """An internal note."""
    raise NotImplementedError


def notes(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Note, ...]:
    """The oldest first."""
    raise NotImplementedError
