"""The board: a column for each status, in it the open requests in the order people put them."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import OPEN, CardPage, Column, Filter, Request
from storage.unit_of_work import SqlUnitOfWork


def board(unit: SqlUnitOfWork, actor: Actor, wanted: Filter = OPEN, *, limit: int = 50) -> tuple[Column, ...]:
    """All columns with their first cards. Archived statuses have a column as long as an open request is in it."""
    raise NotImplementedError


def column(
    unit: SqlUnitOfWork, actor: Actor, status_id: int, after: str, wanted: Filter = OPEN, *, limit: int = 50
) -> CardPage:
    """More cards of a column."""
    raise NotImplementedError


def move(
    unit: SqlUnitOfWork,
    actor: Actor,
    request_id: int,
    version: int,
    status_id: int,
    *,
    after_id: int | None = None,
    before_id: int | None = None,
    responsible_id: int | None = None,
    customer_id: int | None = None,
) -> Request:
    """Put a card below one and above another; with none of them at the end of the column. Another column is a change
    of status, with all that `changing.set_status` asks; within its column nothing but the order changes.
    """
    raise NotImplementedError
