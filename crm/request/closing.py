"""Closing and reopening: actions of their own, apart from the status, with a reason."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import Request
from storage.unit_of_work import SqlUnitOfWork


def close(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, reason: str) -> Request:
    """Raises `Missing` without a reason, a customer or a responsible; spam needs a reason only."""
    raise NotImplementedError


def reopen(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, reason: str) -> Request:
    """Its status becomes the first that means open."""
    raise NotImplementedError
