"""One request, as it is now."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import Request
from crm.rights import Subject
from storage.unit_of_work import SqlUnitOfWork


def request(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> Request:
    """Of a merged one that into which it was merged. Raises `NotThere`."""
    raise NotImplementedError


def by_number(unit: SqlUnitOfWork, actor: Actor, number: str) -> Request:
    """The same by its number, upper or lower case; the number of a merged one finds where it went."""
    raise NotImplementedError


def subject_of(unit: SqlUnitOfWork, request_id: int) -> Subject:
    """What rights are asked about (`crm.rights.authorise`). Raises `NotThere`."""
    raise NotImplementedError


def current_id(unit: SqlUnitOfWork, request_id: int) -> int | None:
    """Where a request is now: its own id, that of the one into which it was merged, or None when there is none."""
    raise NotImplementedError
