"""The status of a ticket: the only thing of a document that changes."""

from __future__ import annotations

from crm.actor import OUTBOX, Actor
from crm.document.model import TICKET, Document
from crm.document.reading import NOTHING_THERE, document
from crm.errors import Invalid, NotThere, Refused, Stale
from crm.request.catalogue import statuses
from crm.request.changing import ask_for_what_is_missing
from crm.request.history import note
from crm.request.reading import request, subject_of
from crm.rights import authorise
from storage.crm import document_rows
from storage.unit_of_work import SqlUnitOfWork


def set_status(
    unit: SqlUnitOfWork, actor: Actor, document_id: int, status_id: int, *, seen_status_id: int | None = None
) -> Document:
    """Of a ticket. `seen_status_id`: what the actor saw; raises `Stale` when it is another one by now.

    Raises `Missing` where the request's own status could not be set: nobody is responsible, or no customer is known.
    """
    connection = unit.session.connection
    row = document_rows.document(connection, document_id)
    if row is None:
        raise NotThere(NOTHING_THERE)
    authorise(actor, "document.status", subject_of(unit, row.request_id))
    if row.kind != TICKET:
        raise Refused("Only tickets have a status.")
    found = request(unit, OUTBOX, row.request_id)
    ask_for_what_is_missing({"responsible_id": found.responsible_id, "customer_id": found.customer_id})
    names = {status.id: status.name for status in statuses(unit, OUTBOX)}
    if status_id not in names:
        raise Invalid("There is no such status; choose one of the catalogue that is not archived.")
    expected = row.status_id if seen_status_id is None else seen_status_id
    if not document_rows.set_ticket_status(connection, row.id, expected, status_id):
        raise Stale(f"Somebody else has changed the status of {row.number}; look again.")
    note(unit, found.id, actor, "ticket", field=row.number, before=row.status_name, after=names[status_id])
    return document(unit, actor, document_id)
