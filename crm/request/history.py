"""What became of a request, line by line."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import Happening
from storage.unit_of_work import SqlUnitOfWork


def note(
    unit: SqlUnitOfWork,
    request_id: int,
    actor: Actor,
    action: str,
    *,
    field: str = "",
    before: str = "",
    after: str = "",
    reason: str = "",
) -> None:
    """Add a line. The caller has authorised what he notes."""
    raise NotImplementedError


def history(
    unit: SqlUnitOfWork, actor: Actor, request_id: int, *, before_id: int | None = None, limit: int = 100
) -> tuple[Happening, ...]:
    """The newest lines first, with those of requests that were merged into it; then those before a line's id."""
    raise NotImplementedError
