"""A person changes a request; `version` is the one that he looked at (`Stale` when it changed since)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.actor import Actor
from crm.errors import Invalid, Missing, Refused
from crm.request import catalogue, gate, indexing, references
from crm.request.gate import Row
from crm.request.history import note
from crm.request.model import Request
from crm.request.reading import request_of
from crm.request.weight import MOST, checked, weigh
from crm.rights import authorise
from storage.crm import ranks, request_parts, request_rows
from storage.unit_of_work import SqlUnitOfWork

FIELDS = (
    *("subject", "type_id", "customer_id", "customer_name", "customer_address"),
    *("priority", "effort", "weight", "objectives", "acceptance", "mailbox"),
)
_TEXTS = {"subject": 1000, "customer_name": 400, "customer_address": 320, "mailbox": 100}
_LONG_TEXTS = {"objectives": 100_000, "acceptance": 100_000}
_FOUND = {"subject", "customer_name", "customer_address", "objectives"}  # the search reads these
_IN_HISTORY = {"type_id": "type", "customer_id": "customer", "status_id": "status", "responsible_id": "responsible"}
_CLOSED = "This request is closed; reopen it first."


def change(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, values: Mapping[str, object]) -> Request:
    """Set some of `FIELDS`. A `customer_id` is a contact of the hub: name and address are taken from it if not told."""
    row = gate.taken(unit, actor, "request.change", request_id, version)
    if unknown := sorted(set(values) - set(FIELDS)):
        raise Invalid(f"A request has no {', '.join(unknown)} that can be changed here.")
    new = _texts(values) | _type_and_weight(unit, row, values) | _customer(unit, row, values)
    return write(unit, actor, row, new)


def assign(unit: SqlUnitOfWork, actor: Actor, request_id: int, version: int, user_id: int | None) -> Request:
    """Make a user responsible; None: nobody."""
    row = gate.taken(unit, actor, "request.assign", request_id, version)
    return write(unit, actor, row, {"responsible_id": references.user_id(unit, user_id)})


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
    row = gate.taken(unit, actor, "request.status", request_id, version)
    if not row["is_open"]:
        raise Refused(_CLOSED)
    new = _coming_along(unit, actor, row, responsible_id, customer_id)
    ask_for_what_is_missing({**row, **new})
    return write(unit, actor, row, new | status_values(unit, row, status_id))


def ask_for_what_is_missing(row: Row) -> None:
    """Raises `Missing`: who is responsible, and which customer it is for, are asked before a status is set."""
    asked = {"responsible": row["responsible_id"], "customer": row["customer_id"]}
    missing = [name for name, value in asked.items() if value is None]
    if missing:
        raise Missing(f"Say first: {' and '.join(missing)}.", missing)


def status_values(unit: SqlUnitOfWork, row: Row, status_id: int) -> dict[str, Any]:
    """The columns that a status goes with; at the end of its column of the board."""
    if status_id == row["status_id"]:
        return {}
    offered = [entry for entry in catalogue.all_statuses(unit) if not entry.archived]
    status = references.offered("status", offered, status_id)
    return {
        "status_id": status.id,
        "rank": ranks.last(unit.session.connection, status.id) + ranks.GAP,
        "completed_at": unit.session.now() if status.meaning == "completed" else None,
    }


def write(
    unit: SqlUnitOfWork, actor: Actor, row: Row, values: Mapping[str, Any], *, action: str = "changed", reason: str = ""
) -> Request:
    """Change what differs, with a line of history for each; nothing else. For services that have authorised it."""
    differing = {name: value for name, value in values.items() if row[name] != value}
    if not differing:
        return request_of(unit, row)
    connection = unit.session.connection
    request_rows.change(connection, row["id"], {**differing, "changed_at": unit.session.now()})
    after = request_rows.one(connection, row["id"])
    assert after is not None
    for name in differing:
        _note(unit, actor, row, after, name, action, reason)
    if "customer_address" in differing:
        _customer_takes_part(unit, row, after)
    if _FOUND & differing.keys():
        indexing.rebuild(unit, row["id"])
    return request_of(unit, after)


def _note(unit: SqlUnitOfWork, actor: Actor, row: Row, after: Row, name: str, action: str, reason: str) -> None:
    if name in ("rank", "completed_at", "customer_state"):
        return  # they go with something that has a line
    told = _IN_HISTORY.get(name, name)
    note(unit, row["id"], actor, action, field=told, before=_said(row, name), after=_said(after, name), reason=reason)


def _said(row: Row, name: str) -> str:
    names = {"type_id": "type_name", "status_id": "status_name", "responsible_id": "responsible"}
    if name == "customer_id":
        return f"{row['customer_name']} ({row[name]})" if row[name] is not None else ""
    value = row[names.get(name, name)]
    return "" if value is None else str(value)


def _customer_takes_part(unit: SqlUnitOfWork, before: Row, after: Row) -> None:
    """The new customer does; the old one stays, as he may have written the mails: a person may take him out."""
    connection = unit.session.connection
    for row, role in ((before, "copy"), (after, "customer")):
        if row["customer_address"]:
            request_parts.put_person(connection, row["id"], row["customer_address"], row["customer_name"], role)


def _coming_along(
    unit: SqlUnitOfWork, actor: Actor, row: Row, responsible_id: int | None, customer_id: int | None
) -> dict[str, Any]:
    new: dict[str, Any] = {}
    if responsible_id is not None:
        authorise(actor, "request.assign", gate.subject_of_row(unit, row))
        new["responsible_id"] = references.user_id(unit, responsible_id)
    if customer_id is not None:
        authorise(actor, "request.change", gate.subject_of_row(unit, row))
        new |= references.customer(unit, customer_id, row["customer_address"])
    return new


def _texts(values: Mapping[str, object]) -> dict[str, Any]:
    new: dict[str, Any] = {}
    for name, length in {**_TEXTS, **_LONG_TEXTS}.items():
        value = values.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > length:
            raise Invalid(f"The {name.replace('_', ' ')} is a text of at most {length:,} characters.")
        new[name] = value if name in _LONG_TEXTS else " ".join(value.split())
    if "customer_address" in new:
        new["customer_address"] = references.address(new["customer_address"])
    return new


def _type_and_weight(unit: SqlUnitOfWork, row: Row, values: Mapping[str, object]) -> dict[str, Any]:
    """The weight goes along with type, priority and effort, and keeps what was added to it by hand."""
    kinds = {entry.id: entry for entry in catalogue.all_types(unit)}
    new: dict[str, Any] = {"type_id": row["type_id"]}
    if values.get("type_id") is not None:
        offered = [entry for entry in kinds.values() if not entry.archived or entry.id == row["type_id"]]
        new["type_id"] = references.offered("type", offered, checked("type", values["type_id"], 1, 2**62)).id
    for name in ("priority", "effort"):
        new[name] = row[name] if values.get(name) is None else checked(name, values[name], 1, 5)
    before = weigh(kinds[row["type_id"]].weight, row["priority"], row["effort"])
    after = weigh(kinds[new["type_id"]].weight, new["priority"], new["effort"])
    new["weight"] = row["weight"] + after - before
    if values.get("weight") is not None:
        new["weight"] = checked("weight", values["weight"], -MOST, MOST)
    return new


def _customer(unit: SqlUnitOfWork, row: Row, values: Mapping[str, object]) -> dict[str, Any]:
    if values.get("customer_id") is None:
        return {}
    contact = checked("customer", values["customer_id"], 1, 2**62)
    found = references.customer(unit, contact, row["customer_address"])
    return {name: value for name, value in found.items() if values.get(name) is None or name == "customer_id"}
