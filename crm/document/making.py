"""A request becomes a ticket, a quote or a meeting: one transaction, and there is no way back.

There is no function that changes or deletes a document. Whether the request is done with it is asked (`Made`) and never
assumed: completed is not closed, and closing is an action of its own (`crm.request.closing`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crm.activity.model import NewActivity
from crm.activity.planning import plan
from crm.actor import OUTBOX, Actor
from crm.answer.canned import mailbox_for
from crm.document.model import MEETING, QUOTE, TICKET, Made, NewMeeting, NewQuote, NewTicket
from crm.document.reading import document
from crm.document.sums import sums
from crm.errors import Invalid, Missing, Refused
from crm.invitation.outgoing import invite
from crm.mail.model import Party
from crm.request.catalogue import statuses
from crm.request.changing import ask_for_what_is_missing
from crm.request.history import note
from crm.request.model import Request
from crm.request.reading import request, subject_of
from crm.request.references import still_able
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm import document_rows
from storage.crm.numbering import next_number
from storage.unit_of_work import SqlUnitOfWork

LETTERS = {TICKET: "T", QUOTE: "Q", MEETING: "M"}


def make_ticket(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewTicket) -> Made:
    """Raises `Missing` (responsible, customer), `Invalid`, `Refused` for a closed request."""
    del settings
    found = _ready(unit, actor, new.request_id)
    row = _row(unit, actor, found, TICKET, new.title, new.text)
    row["status_id"] = _status(unit, new.status_id)
    return _made(unit, actor, found, document_rows.add(unit.session.connection, row))


def make_quote(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewQuote) -> Made:
    """The sums are made here, from the lines. Raises as `make_ticket`."""
    found = _ready(unit, actor, new.request_id)
    total = sums(new.lines)
    row = _row(unit, actor, found, QUOTE, new.title, new.text)
    row["currency"] = _currency(new.currency or settings.currency)
    row |= {"net_cents": total.net_cents, "tax_cents": total.tax_cents, "total_cents": total.total_cents}
    row["valid_until"] = _utc(new.valid_until, "The end of its validity")
    lines: list[dict[str, Any]] = [
        {
            "position": position,
            "text": line.text.strip(),
            "quantity_thousandths": line.quantity_thousandths,
            "unit": line.unit.strip(),
            "price_cents": line.price_cents,
            "discount_basis_points": line.discount_basis_points,
            "tax_basis_points": line.tax_basis_points,
            "net_cents": cents,
        }
        for position, (line, cents) in enumerate(zip(new.lines, total.lines, strict=True), 1)
    ]
    return _made(unit, actor, found, document_rows.add(unit.session.connection, row, lines))


def make_meeting(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewMeeting) -> Made:
    """An event of the shared agenda with it; the customer is mailed only if `invite_customer` says so."""
    found = _ready(unit, actor, new.request_id)
    row = _row(unit, actor, found, MEETING, new.title, new.text)
    activity = plan(unit, settings, actor, _activity(unit, settings, found, new))
    row["activity_id"] = activity.id
    number = document_rows.add(unit.session.connection, row)
    mail = invite(unit, settings, actor, activity.id, new.text) if new.invite_customer else None
    return _made(unit, actor, found, number, mail)


def _ready(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> Request:
    """Documents say who does the work and for whom."""
    authorise(actor, "document.create", subject_of(unit, request_id))
    found = request(unit, actor, request_id)
    if not found.is_open:
        raise Refused(f"{found.number} is closed; open it again before you make a document of it.")
    ask_for_what_is_missing({"responsible_id": found.responsible_id, "customer_id": found.customer_id})
    return found


def _row(unit: SqlUnitOfWork, actor: Actor, found: Request, kind: str, title: str, text: str) -> dict[str, Any]:
    title = " ".join((title.strip() or found.subject).split())
    if not title or len(title) > 1000:
        raise Invalid("A document needs a title of at most 1,000 characters.")
    if len(text) > 1_000_000:
        raise Invalid("The text of a document has at most a million characters.")
    now = unit.session.now()
    last = next_number(unit.session.connection, f"{kind} {now.year}")
    return {
        "kind": kind,
        "number": f"{LETTERS[kind]}-{now.year}-{last:06d}",
        "request_id": found.id,
        "title": title,
        "text": text,
        "created_at": now,
        "created_by": actor.name,
    }


def _made(unit: SqlUnitOfWork, actor: Actor, found: Request, number: int, mail: int | None = None) -> Made:
    made = document(unit, actor, number)
    note(unit, found.id, actor, "document", field=made.kind, after=made.number, reason=made.title[:900])
    return Made(made, ask_to_close=True, invitation_id=mail)


def _status(unit: SqlUnitOfWork, status_id: int | None) -> int:
    """One that is offered. The catalogue is read by the program: making a ticket needs no right to see it."""
    offered = [status.id for status in statuses(unit, OUTBOX)]
    if status_id is None and offered:
        return offered[0]
    if status_id is None or status_id not in offered:
        raise Invalid("There is no such status; choose one of the catalogue that is not archived.")
    return status_id


def _activity(unit: SqlUnitOfWork, settings: CrmSettings, found: Request, new: NewMeeting) -> NewActivity:
    guests: tuple[Party, ...] = ()
    organizer = ""
    if new.invite_customer:
        box = mailbox_for(settings, found)
        if not found.customer_address or box is None:
            raise Missing("To invite the customer, his mail address and a mailbox are needed.", ["customer_address"])
        guests, organizer = (Party(found.customer_address, found.customer_name),), box.address
    return NewActivity(
        kind="meeting",
        title=new.title.strip() or found.subject,
        request_id=found.id,
        text=new.text,
        assigned_id=still_able(unit, found.responsible_id) if new.assigned_id is None else new.assigned_id,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        zone=new.zone,
        all_day=new.all_day,
        minutes_planned=new.minutes,
        location=new.location,
        organizer=organizer,
        guests=guests,
    )


def _currency(code: str) -> str:
    if len(code) != 3 or not code.isascii() or not code.isupper() or not code.isalpha():
        raise Invalid(f"{code[:20]!r} is no currency; write three letters such as EUR.")
    return code


def _utc(at: datetime | None, what: str) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise Invalid(f"{what} needs a time with its zone.")
    return None if at is None else at.astimezone(UTC)
