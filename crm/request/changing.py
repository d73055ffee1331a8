"""A person changes a request; `version` is the one that he looked at (`Stale` when it changed since)."""

from __future__ import annotations

from collections.abc import Mapping

from crm.actor import Actor
from crm.request.model import Request
from storage.unit_of_work import SqlUnitOfWork

FIELDS = (
    *("subject", "type_id", "customer_id", "customer_name", "customer_address"),
    *("priority", "effort", "weight", "objectives", "acceptance", "mailbox", "spam"),
)


def change(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, values: Mapping[str, object]) -> Request:
    """Set some of `FIELDS`. A `customer_id` is a contact of the hub: name and address are taken from it if not told."""
    raise NotImplementedError


def assign(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, user_id: int | None) -> Request:
    """Make a user responsible; None: nobody."""
    raise NotImplementedError


def set_status(
    unit: SqlUnitOfWork,
    actor: Actor,
    request_id: int,
    version: int,
    status_id: int,
    *,
    responsible_id: int | None = None,
    customer_id: int | None = None,
) -> Request:
    """Raises `Missing` with "responsible" and "customer" as long as there are none; they may come along.

    A request with the status Completed is open still. A closed one is refused: reopen it first.
    """
    raise NotImplementedError
