"""Tickets, quotes and meetings made of requests. There is no way back: no route changes or removes one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from crm.document import making, reading, tickets
from crm.document.model import Document, Line, Made, NewMeeting, NewQuote, NewTicket
from web_ui.call import Caller
from web_ui.shapes import Asked, Body, Id, Key, Limit, Moment

router = APIRouter(tags=["documents"])

Title = Annotated[str, Field(max_length=1000, description="Empty: the request's subject.")]
Words = Annotated[str, Field(max_length=20_000)]
Cents = Annotated[int, Field(ge=-(10**13), le=10**13)]


class TicketShape(Body):
    """A piece of work with a status of its own."""

    title: Title = ""
    text: Words = ""
    status_id: Annotated[Key | None, Field(description="null: the first of the catalogue.")] = None


class LineShape(Body):
    """One line of a quote. Quantities are in thousandths, money in cents, rates in basis points (100 are 1 %)."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    quantity_thousandths: Annotated[int, Field(ge=-(10**13), le=10**13, description="1500 is one and a half.")] = 1000
    price_cents: Annotated[Cents, Field(description="Of one unit, without tax.")]
    unit: Annotated[str, Field(max_length=40)] = ""
    discount_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 0
    tax_basis_points: Annotated[int, Field(ge=0, le=100_000)] = 0


class QuoteShape(Body):
    """An offer. Its sums are made here."""

    title: Title = ""
    lines: Annotated[tuple[LineShape, ...], Field(min_length=1, max_length=500)]
    text: Words = ""
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$", description="Empty: the configuration's.")] = ""
    valid_until: Moment | None = None


class MeetingShape(Body):
    """An event of the shared agenda."""

    title: Title = ""
    starts_at: Moment
    ends_at: Annotated[Moment | None, Field(description="null: `minutes` later, else an hour.")] = None
    text: Words = ""
    zone: Annotated[str, Field(max_length=100, description="IANA: Europe/Rome.")] = "UTC"
    all_day: bool = False
    minutes: Annotated[int | None, Field(gt=0, le=366 * 24 * 60)] = None
    location: Annotated[str, Field(max_length=1000)] = ""
    assigned_id: Annotated[Key | None, Field(description="null: who is responsible.")] = None
    invite_customer: Annotated[bool, Field(description="Mail an invitation to the customer.")] = False


class TicketStatus(Body):
    """Another status."""

    status_id: Key
    seen_status_id: Annotated[Key | None, Field(description="What you saw: 409 when it is another by now.")] = None


class Which(Asked):
    """Which documents."""

    kind: Literal["", "ticket", "quote", "meeting"] = ""
    status_id: Key | None = None
    before: Annotated[Key | None, Field(description="The id of the last one you have.")] = None
    limit: Limit = 50


@router.get("/documents")
def listed(call: Caller, which: Annotated[Which, Query()]) -> list[Document]:
    """Of all requests that you may see, the newest first, without lines."""
    with call.read() as unit:
        return reading.listed(unit, call.actor, **which.model_dump())


@router.get("/documents/{document_id}")
def one_document(call: Caller, document_id: Id) -> Document:
    """As it was made."""
    with call.read() as unit:
        return reading.document(unit, call.actor, document_id)


@router.get("/requests/{request_id}/documents")
def of_request(call: Caller, request_id: Id) -> list[Document]:
    """The oldest first."""
    with call.read() as unit:
        return reading.documents(unit, call.actor, request_id)


@router.post("/requests/{request_id}/tickets", status_code=201)
def ticket(call: Caller, request_id: Id, sent: TicketShape) -> Made:
    """`ask_to_close`: ask whether the request is done with it. Send an Idempotency-Key."""
    new = NewTicket(request_id, **sent.model_dump())
    return call.once(Made, lambda unit: making.make_ticket(unit, call.settings, call.actor, new))


@router.post("/requests/{request_id}/quotes", status_code=201)
def quote(call: Caller, request_id: Id, sent: QuoteShape) -> Made:
    """`ask_to_close`: ask whether the request is done with it. Send an Idempotency-Key."""
    lines = tuple(Line(**line.model_dump()) for line in sent.lines)
    new = NewQuote(request_id, lines=lines, **sent.model_dump(exclude={"lines"}))
    return call.once(Made, lambda unit: making.make_quote(unit, call.settings, call.actor, new))


@router.post("/requests/{request_id}/meetings", status_code=201)
def meeting(call: Caller, request_id: Id, sent: MeetingShape) -> Made:
    """An event in the shared agenda with it. Send an Idempotency-Key."""
    new = NewMeeting(request_id, **sent.model_dump())
    return call.once(Made, lambda unit: making.make_meeting(unit, call.settings, call.actor, new))


@router.post("/documents/{document_id}/status")
def set_status(call: Caller, document_id: Id, sent: TicketStatus) -> Document:
    """Of a ticket: the only thing of a document that changes."""
    seen = sent.seen_status_id
    return call.write(
        lambda unit: tickets.set_status(unit, call.actor, document_id, sent.status_id, seen_status_id=seen)
    )
