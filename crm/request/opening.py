"""A request begins."""

from __future__ import annotations

from typing import Any

from crm.actor import INTAKE, Actor
from crm.errors import Invalid, Missing
from crm.request import catalogue, indexing, references
from crm.request.history import note
from crm.request.mending import what_holds
from crm.request.model import NewRequest, Person, Request
from crm.request.reading import request_of
from crm.request.tagging import fit_tag
from crm.request.weight import MOST, checked, weigh
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm import link_rows, numbering, ranks, request_parts, request_rows
from storage.unit_of_work import SqlUnitOfWork


def open_request(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewRequest) -> Request:
    """Number it, write it, note it. A person must name the customer (`Missing`); the intake need not know him.

    Raises `Invalid` for what cannot be used; a mail opens a request all the same, without it.
    """
    authorise(actor, "request.create")
    if actor == INTAKE:
        new = what_holds(unit, new)
    if not (actor.unlimited or new.customer_id or new.customer_address or new.customer_name):
        raise Missing("Say for which customer the request is.", ["customer"])
    if actor != INTAKE:
        references.address(new.customer_address)
    values = _values(unit, new)
    if new.spam:
        values |= {"is_open": False, "closed_at": unit.session.now(), "closed_by": actor.name}
    number = request_rows.add(unit.session.connection, {**values, "number": next_number(unit, settings)})
    _hang_on(unit, actor, number, new, values)
    note(unit, number, actor, "opened", after=new.subject)
    if new.spam:
        note(unit, number, actor, "closed", reason="spam")
    indexing.rebuild(unit, number)
    row = request_rows.one(unit.session.connection, number)
    assert row is not None
    return request_of(unit, row)


def next_number(unit: SqlUnitOfWork, settings: CrmSettings) -> str:
    """R-2026-000123: without holes, and from 1 each year (UTC), whatever stands before it."""
    year = unit.session.now().year
    number = numbering.next_number(unit.session.connection, f"request-{year}")
    return f"{settings.number_prefix}-{year}-{number:06d}"


def _values(unit: SqlUnitOfWork, new: NewRequest) -> dict[str, Any]:
    now = unit.session.now()
    kind, status = _type(unit, new), _status(unit, new)
    priority, effort = checked("priority", new.priority, 1, 5), checked("effort", new.effort, 1, 5)
    weight = weigh(kind.weight, priority, effort) if new.weight is None else checked("weight", new.weight, -MOST, MOST)
    return {
        "subject": new.subject,
        "type_id": kind.id,
        "status_id": status.id,
        "mailbox": new.mailbox,
        "priority": priority,
        "effort": effort,
        "weight": weight,
        "spam": new.spam,
        "is_open": True,
        "objectives": new.objectives,
        "acceptance": new.acceptance,
        "responsible_id": references.user_id(unit, new.responsible_id),
        **_customer(unit, new),
        "rank": ranks.last(unit.session.connection, status.id) + ranks.GAP,
        "created_at": now,
        "changed_at": now,
        "completed_at": now if status.meaning == "completed" else None,
    }


def _customer(unit: SqlUnitOfWork, new: NewRequest) -> dict[str, Any]:
    told = {"customer_name": new.customer_name, "customer_address": new.customer_address.strip().lower()}
    if new.customer_id is None:
        return {**told, "customer_id": None, "customer_state": "unknown"}
    state = new.customer_state if new.customer_state == "provisional" else "known"
    found = references.customer(unit, new.customer_id, told["customer_address"])
    return {**found, **{name: value for name, value in told.items() if value}, "customer_state": state}


def _type(unit: SqlUnitOfWork, new: NewRequest) -> catalogue.RequestType:
    offered = [entry for entry in catalogue.all_types(unit) if not entry.archived]
    if not offered:
        catalogue.seed(unit)
        offered = [entry for entry in catalogue.all_types(unit) if not entry.archived]
    if new.type_id is not None:
        return references.offered("type", offered, new.type_id)
    named = (entry for entry in offered if entry.name.casefold() == new.type_name.casefold())
    return next(named, offered[0])


def _status(unit: SqlUnitOfWork, new: NewRequest) -> catalogue.Status:
    offered = [entry for entry in catalogue.all_statuses(unit) if not entry.archived]
    if not offered:
        catalogue.seed(unit)
        offered = [entry for entry in catalogue.all_statuses(unit) if not entry.archived]
    if new.status_id is not None:
        return references.offered("status", offered, new.status_id)
    return next((entry for entry in offered if entry.meaning == "new"), offered[0])


def _hang_on(unit: SqlUnitOfWork, actor: Actor, number: int, new: NewRequest, values: dict[str, Any]) -> None:
    connection, now = unit.session.connection, unit.session.now()
    customer = Person(values["customer_address"], values["customer_name"], "customer")
    for person in (customer, *new.people):
        if person.address:
            request_parts.add_person(connection, number, person.address.lower(), person.name, person.role)
    for tag in new.tags:
        request_parts.add_tag(connection, number, fit_tag(tag))
    kinds = [(other, "possible") for other in new.possible]
    for other, kind in [*kinds, *([(new.continues, "continues")] if new.continues else [])]:
        if request_rows.where_is(connection, other) is None:
            raise Invalid("There is no such request to link to.")
        link_rows.add(connection, number, other, kind, now, actor.name)
