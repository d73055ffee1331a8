"""Closing and reopening: actions of their own, apart from the status, with a reason."""

from __future__ import annotations

from typing import Any

from crm.actor import Actor
from crm.errors import Missing, Refused
from crm.request import catalogue, gate
from crm.request.changing import ask_for_what_is_missing, status_values
from crm.request.gate import Row
from crm.request.history import note
from crm.request.model import Request
from crm.request.reading import request_of
from storage.crm import ranks, request_rows
from storage.unit_of_work import SqlUnitOfWork


def close(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, reason: str) -> Request:
    """Raises `Missing` without a reason, a customer or a responsible."""
    row = gate.taken(unit, actor, "request.close", request_id, version)
    if not row["is_open"]:
        raise Refused("This request is closed already.")
    ask_for_what_is_missing(row)
    return _close(unit, actor, row, _given(reason, "closed"))


def reopen(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, reason: str) -> Request:
    """Its status becomes the first that means open."""
    row = gate.taken(unit, actor, "request.reopen", request_id, version)
    if row["is_open"]:
        raise Refused("This request is open.")
    return open_again(unit, actor, row, _given(reason, "opened again"))


def mark_spam(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, *, spam: bool) -> Request:
    """Spam is closed, and in no list but its own; nothing else is asked. What was no spam is opened again.

    A right of its own: junk that came has nobody who is responsible for it.
    """
    row = gate.taken(unit, actor, "request.spam", request_id, version)
    if row["spam"] == spam:
        return request_of(unit, row)
    note(unit, row["id"], actor, "changed", field="spam", before=_yes(not spam), after=_yes(spam))
    if spam == row["is_open"]:
        change = _close if spam else open_again
        return change(unit, actor, row, "spam" if spam else "no spam", spam=spam)
    return _written(unit, row, {"spam": spam})


def open_again(unit: SqlUnitOfWork, actor: Actor, row: Row, reason: str, **more: Any) -> Request:
    """For a row that was taken and is closed: by a person, or by a mail that came."""
    note(unit, row["id"], actor, "reopened", reason=reason)
    values = {"is_open": True, "closed_at": None, "closed_by": "", "reopened": row["reopened"] + 1}
    rank = ranks.last(unit.session.connection, row["status_id"]) + ranks.GAP
    return _written(unit, row, {**values, "rank": rank, **back_to_open(unit, actor, row), **more})


def back_to_open(unit: SqlUnitOfWork, actor: Actor, row: Row) -> dict[str, Any]:
    """The columns of the first status that means open, unless it has such a one or a new one; notes it."""
    if row["meaning"] in ("new", "open"):
        return {}
    offered = (entry for entry in catalogue.all_statuses(unit) if not entry.archived and entry.meaning == "open")
    status = next(offered, None)
    if status is None:
        return {}
    note(unit, row["id"], actor, "changed", field="status", before=row["status_name"], after=status.name)
    return status_values(unit, row, status.id)


def _close(unit: SqlUnitOfWork, actor: Actor, row: Row, reason: str, **more: Any) -> Request:
    note(unit, row["id"], actor, "closed", before=row["status_name"], reason=reason)
    values = {"is_open": False, "closed_at": unit.session.now(), "closed_by": actor.name}
    return _written(unit, row, {**values, **more})


def _written(unit: SqlUnitOfWork, row: Row, values: dict[str, Any]) -> Request:
    connection = unit.session.connection
    request_rows.change(connection, row["id"], {**values, "changed_at": unit.session.now()})
    after = request_rows.one(connection, row["id"])
    assert after is not None
    return request_of(unit, after)


def _given(reason: str, what: str) -> str:
    if not reason.strip():
        raise Missing(f"Say why it is {what}.", ["reason"])
    return reason.strip()


def _yes(told: bool) -> str:
    return "yes" if told else "no"
