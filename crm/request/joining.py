"""Requests that belong together, or do not: merge, split, link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm.actor import Actor
from crm.errors import Invalid, Missing, NotThere, Refused
from crm.request import gate, indexing, references, shown
from crm.request.gate import Row
from crm.request.history import note
from crm.request.model import Linked, NewRequest, Request
from crm.request.opening import open_request
from crm.request.reading import current_id, request_of
from crm.rights import NOTHING_THERE, authorise
from crm.settings import CrmSettings
from storage.crm import link_rows, request_moves, request_rows
from storage.unit_of_work import SqlUnitOfWork

KINDS = ("related", "possible", "duplicate", "continues")
_KEPT = ("merged", "split")


def merge(unit: SqlUnitOfWork, actor: Actor, from_id: int, into_id: int, version: int) -> Request:
    """Everything of the first goes into the second (`version` is of this one); the old number finds the new request."""
    _lock_in_order(unit, from_id, into_id)
    target = gate.taken(unit, actor, "request.merge", into_id, version)
    source = gate.taken(unit, actor, "request.merge", from_id)
    if source["id"] == target["id"]:
        raise Refused("These are the same request already.")
    if source["is_open"] and not target["is_open"]:
        raise Refused(f"{target['number']} is closed; reopen it first.")
    connection = unit.session.connection
    request_moves.merge(connection, source["id"], target["id"])
    link_rows.add(connection, source["id"], target["id"], "merged", unit.session.now(), actor.name)
    _end(unit, actor, source, target)
    _grow(unit, actor, source, target)
    return request_of(unit, gate.taken(unit, actor, "request.merge", target["id"]))


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
    row = gate.taken(unit, actor, "request.merge", request_id, version)
    authorise(actor, "request.create")
    moved = _chosen(unit, row, message_ids)
    connection, now = unit.session.connection, unit.session.now()
    new = open_request(unit, settings, actor, _new_of(unit, row, moved, subject))
    request_moves.move_messages(connection, [line["id"] for line in moved], new.id)
    link_rows.add(connection, row["id"], new.id, "split", now, actor.name)
    for number in (row["id"], new.id):
        values = request_moves.times_of_mails(connection, number)
        request_rows.change(connection, number, {**values, "changed_at": now}, new_version=number == row["id"])
        indexing.rebuild(unit, number)
    note(unit, row["id"], actor, "split", after=new.number)
    note(unit, new.id, actor, "split", before=row["number"])
    return request_of(unit, gate.seen(unit, actor, "request.read", new.id))


def link(unit: SqlUnitOfWork, actor: Actor, request_id: int, other_id: int, kind: str = "related") -> None:
    """Kinds: related, possible, duplicate, continues. Twice is fine."""
    row = gate.taken(unit, actor, "request.merge", request_id)
    other = gate.seen(unit, actor, "request.read", other_id)
    if kind not in KINDS:
        raise Invalid(f"Requests are linked as one of: {', '.join(KINDS)}.")
    if other["id"] == row["id"]:
        raise Invalid("A request cannot be linked to itself.")
    if link_rows.add(unit.session.connection, row["id"], other["id"], kind, unit.session.now(), actor.name):
        note(unit, row["id"], actor, "linked", field=kind, after=other["number"])


def unlink(unit: SqlUnitOfWork, actor: Actor, request_id: int, other_id: int, kind: str) -> None:
    """In either direction. What a merge or a split left stays (`Refused`)."""
    row = gate.taken(unit, actor, "request.merge", request_id)
    if kind in _KEPT:
        raise Refused("This says where the request comes from, and stays.")
    other = gate.seen(unit, actor, "request.read", other_id)
    if link_rows.remove(unit.session.connection, row["id"], other["id"], kind):
        note(unit, row["id"], actor, "linked", field=kind, before=other["number"])


def links(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Linked, ...]:
    """Those that the actor may see."""
    return links_of(unit, actor, gate.seen(unit, actor, "request.read", request_id)["id"])


def links_of(unit: SqlUnitOfWork, actor: Actor, number: int) -> tuple[Linked, ...]:
    """For services that have authorised it."""
    rows = link_rows.links(unit.session.connection, number, shown.mine(actor))
    return tuple(_linked(number, row) for row in rows)


def _linked(number: int, row: Mapping[Any, Any]) -> Linked:
    told = {name: row[name] for name in ("id", "number", "subject", "is_open", "kind")}
    return Linked(**told, outward=row["request_id"] == number)


def _lock_in_order(unit: SqlUnitOfWork, *numbers: int) -> None:
    """The least first: two people who merge the same two in opposite directions wait, and do not block each other."""
    found = [current_id(unit, number) for number in numbers]
    for number in sorted(number for number in found if number is not None):
        request_rows.lock(unit.session.connection, number)
    if None in found:
        raise NotThere(NOTHING_THERE)


def _end(unit: SqlUnitOfWork, actor: Actor, source: Row, target: Row) -> None:
    now = unit.session.now()
    closed = {} if not source["is_open"] else {"is_open": False, "closed_at": now, "closed_by": actor.name}
    values = {**closed, "merged_into_id": target["id"], "changed_at": now}
    request_rows.change(unit.session.connection, source["id"], values)
    note(unit, source["id"], actor, "merged", after=target["number"])


def _grow(unit: SqlUnitOfWork, actor: Actor, source: Row, target: Row) -> None:
    latest = [row["last_message_at"] for row in (source, target) if row["last_message_at"]]
    first = [row["first_answer_at"] for row in (source, target) if row["first_answer_at"]]
    values = {
        "last_message_at": max(latest, default=None),
        "first_answer_at": min(first, default=None),
        "changed_at": unit.session.now(),
    }
    request_rows.change(unit.session.connection, target["id"], values)
    note(unit, target["id"], actor, "merged", before=source["number"])
    indexing.rebuild(unit, target["id"])


def _chosen(unit: SqlUnitOfWork, row: Row, message_ids: Sequence[int]) -> list[Mapping[Any, Any]]:
    lines = request_moves.messages_of(unit.session.connection, row["id"])
    moved = [line for line in lines if line["id"] in set(message_ids)]
    if not message_ids:
        raise Missing("Choose the messages that are about something else.", ["message_ids"])
    if len(moved) != len(set(message_ids)):
        raise Invalid("Not all of these messages are of this request.")
    if len(moved) == len(lines):
        raise Refused("One message at least stays; otherwise the request itself would be empty.")
    return list(moved)


def _new_of(unit: SqlUnitOfWork, row: Row, moved: Sequence[Mapping[Any, Any]], subject: str) -> NewRequest:
    told = {name: row[name] for name in ("type_name", "priority", "effort", "mailbox")}
    customer = {name: row[name] for name in ("customer_id", "customer_state", "customer_name", "customer_address")}
    first = next((line for line in moved if line["direction"] == "in" and line["from_address"]), None)
    if first is not None and first["from_address"] != row["customer_address"]:
        contact = request_moves.contact_at(unit.session.connection, first["from_address"])
        told_by_mail = {"customer_name": first["from_name"], "customer_address": first["from_address"]}
        customer = {"customer_id": contact, "customer_state": "unknown", **told_by_mail}
    if not references.is_customer(unit, customer["customer_id"]):
        customer |= {"customer_id": None, "customer_state": "unknown"}  # the contact was deleted meanwhile
    subject = subject.strip() or moved[0]["subject"] or row["subject"]
    return NewRequest(
        subject=subject, responsible_id=references.still_able(unit, row["responsible_id"]), **told, **customer
    )
