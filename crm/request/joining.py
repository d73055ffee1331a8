"""Requests that belong together, or do not: merge, split, link, and a hint at duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from crm.actor import Actor
from crm.request.model import Hint, Linked, Request
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def merge(unit: SqlUnitOfWork, actor: Actor, from_id: int, into_id: int, version: int) -> Request:
    """Everything of the first goes into the second (`version` is of this one); the old number finds the new request."""
    raise NotImplementedError


def split(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    request_id: int,
    version: int,
    message_ids: Sequence[int],
    *,
    subject: str = "",
) -> Request:
    """Some messages, not all, become a new request; gives that one."""
    raise NotImplementedError


def link(unit: SqlUnitOfWork, actor: Actor, request_id: int, other_id: int, kind: str = "related") -> None:
    """Kinds: related, possible, duplicate, continues. Twice is fine."""
    raise NotImplementedError


def unlink(unit: SqlUnitOfWork, actor: Actor, request_id: int, other_id: int, kind: str) -> None:
    """In either direction. What a merge or a split left stays (`Refused`)."""
    raise NotImplementedError


def links(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Linked, ...]:
    """Those that the actor may see."""
    raise NotImplementedError


def duplicates(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Hint, ...]:
    """Requests of the same customer that may be about the same; a person decides."""
    raise NotImplementedError
