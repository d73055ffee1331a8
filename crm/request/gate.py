"""The way to one request: who may do this to it, where it is now, and that nobody changes it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from crm.actor import Actor
from crm.errors import NotThere, Stale
from crm.request.bounds import is_id
from crm.rights import NOTHING_THERE, Subject, authorise
from storage.crm import request_parts, request_rows
from storage.unit_of_work import SqlUnitOfWork

Row: TypeAlias = Mapping[str, Any]
"""All columns of a request, with type_name, status_name, meaning and responsible."""


def seen(unit: SqlUnitOfWork, actor: Actor, action: str, request_id: int) -> Row:
    """To read; of a merged request that into which it was merged. Raises `NotThere`, `Forbidden`."""
    row = _row(unit, request_id)
    authorise(actor, action, subject_of_row(unit, row))
    return row


def taken(unit: SqlUnitOfWork, actor: Actor, action: str, request_id: int, version: int | None = None) -> Row:
    """To change: nobody else does until the end of the transaction. Raises `Stale` for another version."""
    if is_id(request_id):
        request_rows.lock(unit.session.connection, request_id)
    row = seen(unit, actor, action, request_id)
    if version is not None and row["version"] != version:
        raise Stale("This request was changed meanwhile; look at it again.", row["version"])
    return row


def subject_of_row(unit: SqlUnitOfWork, row: Row) -> Subject:
    """What rights ask about."""
    connection, responsible = unit.session.connection, row["responsible_id"]
    return Subject(
        responsible_id=responsible,
        people=frozenset(person["address"] for person in request_parts.people(connection, row["id"])),
        customer_address=row["customer_address"],
        groups=frozenset() if responsible is None else request_rows.groups_of(connection, responsible),
    )


def _row(unit: SqlUnitOfWork, request_id: int) -> Row:
    row = request_rows.one(unit.session.connection, request_id) if is_id(request_id) else None
    if row is None:
        raise NotThere(NOTHING_THERE)
    return row if row["merged_into_id"] is None else _row(unit, row["merged_into_id"])
