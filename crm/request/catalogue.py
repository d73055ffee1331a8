"""Types of requests, and statuses of requests and tickets: as many as an admin wants, in his order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.actor import Actor
from crm.errors import Invalid, NotThere, Refused
from crm.request.weight import MOST, checked
from crm.rights import authorise
from storage.crm import catalogue as rows
from storage.unit_of_work import SqlUnitOfWork

MEANINGS = ("new", "open", "waiting", "completed")  # what the program does by; completed: may be closed

_TYPES = ("Commercial", "Support", "Reminder", "Meeting", "Other")
_STATUSES = (
    ("New", "new", "#5b7fb5"),
    ("In progress", "open", "#3c8d5a"),
    ("Waiting for the customer", "waiting", "#b58b3c"),
    ("Completed", "completed", "#7a7a7a"),
)
_COLOR = re.compile(r"(#[0-9a-f]{6})?")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class RequestType:
    """What kind of request."""

    id: int
    name: str
    position: int
    weight: int  # what it adds to a request's weight
    archived: bool  # kept for those that have it, not offered any more


@dataclass(frozen=True, slots=True)
class Status:
    """A column of the board."""

    id: int
    name: str
    position: int
    meaning: str
    color: str
    archived: bool


def seed(unit: SqlUnitOfWork) -> None:
    """Put the usual types and statuses into a catalogue that has none. Twice is fine."""
    connection = unit.session.connection
    if rows.is_empty(connection, "type"):
        rows.add_first(connection, "type", [{"name": name} for name in _TYPES])
    if rows.is_empty(connection, "status"):
        first = [{"name": name, "meaning": meaning, "color": color} for name, meaning, color in _STATUSES]
        rows.add_first(connection, "status", first)


def types(unit: SqlUnitOfWork, actor: Actor, *, archived: bool = False) -> tuple[RequestType, ...]:
    """In their order."""
    authorise(actor, "catalogue.read")
    return tuple(entry for entry in all_types(unit) if archived or not entry.archived)


def statuses(unit: SqlUnitOfWork, actor: Actor, *, archived: bool = False) -> tuple[Status, ...]:
    """In their order."""
    authorise(actor, "catalogue.read")
    return tuple(entry for entry in all_statuses(unit) if archived or not entry.archived)


def all_types(unit: SqlUnitOfWork) -> tuple[RequestType, ...]:
    """For the hub itself."""
    return tuple(RequestType(**row) for row in rows.entries(unit.session.connection, "type"))


def all_statuses(unit: SqlUnitOfWork) -> tuple[Status, ...]:
    """For the hub itself."""
    return tuple(Status(**row) for row in rows.entries(unit.session.connection, "status"))


def add_type(unit: SqlUnitOfWork, actor: Actor, name: str, *, weight: int = 0) -> RequestType:
    """At the end. Raises `Invalid` for a name that is taken or empty."""
    authorise(actor, "catalogue.edit")
    values = {"name": _free_name(all_types(unit), name), "weight": _weight(weight)}
    return _type(unit, rows.add(unit.session.connection, "type", values))


def add_status(unit: SqlUnitOfWork, actor: Actor, name: str, *, meaning: str = "open", color: str = "") -> Status:
    """At the end. `color`: #rrggbb or ""."""
    authorise(actor, "catalogue.edit")
    values = {"name": _free_name(all_statuses(unit), name), "meaning": _meaning(meaning), "color": _color(color)}
    return _status(unit, rows.add(unit.session.connection, "status", values))


def change_type(
    unit: SqlUnitOfWork,
    actor: Actor,
    type_id: int,
    *,
    name: str | None = None,
    weight: int | None = None,
    archived: bool | None = None,
) -> RequestType:
    """What is None stays. The last one in use cannot be archived (`Refused`)."""
    authorise(actor, "catalogue.edit")
    _type(unit, type_id)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _free_name(all_types(unit), name, type_id)
    if weight is not None:
        values["weight"] = _weight(weight)
    _set(unit, "type", type_id, values, archived)
    return _type(unit, type_id)


def change_status(
    unit: SqlUnitOfWork,
    actor: Actor,
    status_id: int,
    *,
    name: str | None = None,
    meaning: str | None = None,
    color: str | None = None,
    archived: bool | None = None,
) -> Status:
    """What is None stays. The last one in use cannot be archived (`Refused`)."""
    authorise(actor, "catalogue.edit")
    _status(unit, status_id)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _free_name(all_statuses(unit), name, status_id)
    if meaning is not None:
        values["meaning"] = _meaning(meaning)
    if color is not None:
        values["color"] = _color(color)
    _set(unit, "status", status_id, values, archived)
    return _status(unit, status_id)


def order_types(unit: SqlUnitOfWork, actor: Actor, ids: tuple[int, ...]) -> None:
    """All of them, in their new order."""
    authorise(actor, "catalogue.edit")
    _order(unit, "type", ids, {entry.id for entry in all_types(unit)})


def order_statuses(unit: SqlUnitOfWork, actor: Actor, ids: tuple[int, ...]) -> None:
    """All of them, in their new order."""
    authorise(actor, "catalogue.edit")
    _order(unit, "status", ids, {entry.id for entry in all_statuses(unit)})


def remove_type(unit: SqlUnitOfWork, actor: Actor, type_id: int) -> None:
    """Raises `Refused` when a request has it: archive it then."""
    authorise(actor, "catalogue.edit")
    _remove(unit, "type", type_id, _type(unit, type_id).name)


def remove_status(unit: SqlUnitOfWork, actor: Actor, status_id: int) -> None:
    """Raises `Refused` when a request or a ticket has it: archive it then."""
    authorise(actor, "catalogue.edit")
    _remove(unit, "status", status_id, _status(unit, status_id).name)


def _type(unit: SqlUnitOfWork, type_id: int) -> RequestType:
    for entry in all_types(unit):
        if entry.id == type_id:
            return entry
    raise NotThere("There is no such type.")


def _status(unit: SqlUnitOfWork, status_id: int) -> Status:
    for entry in all_statuses(unit):
        if entry.id == status_id:
            return entry
    raise NotThere("There is no such status.")


def _set(unit: SqlUnitOfWork, kind: str, number: int, values: Mapping[str, Any], archived: bool | None) -> None:
    if archived:
        _forbid_last(unit, kind, number)
    if archived is not None:
        values = {**values, "archived": archived}
    if values:
        rows.change(unit.session.connection, kind, number, values)


def _remove(unit: SqlUnitOfWork, kind: str, number: int, name: str) -> None:
    _forbid_last(unit, kind, number)
    if rows.in_use(unit.session.connection, kind, number):
        raise Refused(f"{name} is in use: archive it, then it is offered no more and stays where it is.")
    rows.remove(unit.session.connection, kind, number)


def _forbid_last(unit: SqlUnitOfWork, kind: str, number: int) -> None:
    offered = [row["id"] for row in rows.entries(unit.session.connection, kind) if not row["archived"]]
    if offered == [number]:
        raise Refused(f"This is the last {kind} that is offered: add another one first.")


def _order(unit: SqlUnitOfWork, kind: str, ids: tuple[int, ...], all_ids: set[int]) -> None:
    if len(ids) != len(all_ids) or set(ids) != all_ids:
        raise Invalid("Name every one of them once, the archived ones too.")
    rows.put_in_order(unit.session.connection, kind, ids)


def _free_name(entries: tuple[RequestType, ...] | tuple[Status, ...], name: str, but: int | None = None) -> str:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > _LONGEST or not wanted.isprintable():
        raise Invalid(f"A name has 1 to {_LONGEST} characters.")
    if any(entry.name.casefold() == wanted.casefold() and entry.id != but for entry in entries):
        raise Invalid(f"There is a {wanted} already.")
    return wanted


def _weight(weight: int) -> int:
    return checked("weight", weight, -MOST, MOST)


def _meaning(meaning: str) -> str:
    if meaning not in MEANINGS:
        raise Invalid(f"A status means one of: {', '.join(MEANINGS)}.")
    return meaning


def _color(color: str) -> str:
    if not _COLOR.fullmatch(color.lower()):
        raise Invalid("A color is written like #3c8d5a.")
    return color.lower()
