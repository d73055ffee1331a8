"""What was sold. A sale is entered and stays; one that was wrong is taken back by another one with a minus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm.actor import OUTBOX, Actor
from crm.document.model import QUOTE
from crm.document.reading import document
from crm.errors import Invalid, Refused
from crm.request.history import note
from crm.request.model import Request
from crm.request.reading import request, subject_of
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm import document_rows, sale_rows
from storage.crm.sale_rows import SaleRow
from storage.unit_of_work import SqlUnitOfWork

KINDS = ("product", "service")
_LARGEST = 10**13


@dataclass(frozen=True, slots=True)
class NewSale:
    """One thing that was sold."""

    request_id: int
    kind: str  # product, service
    text: str
    net_cents: int  # without tax; negative takes a sale back
    quantity_thousandths: int = 1000
    currency: str = ""  # "": the configuration's
    sold_at: datetime | None = None  # aware; None: now
    activity_id: int | None = None


def sell(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewSale) -> list[SaleRow]:
    """Enter a sale; gives all of the request. Raises `Invalid`."""
    authorise(actor, "sale.create", subject_of(unit, new.request_id))
    found = request(unit, OUTBOX, new.request_id)
    _check(new)
    row = _row(unit, actor, found, new.sold_at)
    row |= {
        "kind": new.kind,
        "text": new.text.strip(),
        "quantity_thousandths": new.quantity_thousandths,
        "net_cents": new.net_cents,
        "currency": new.currency or settings.currency,
        "activity_id": _activity(unit, found, new.activity_id),
    }
    sale_rows.add_sales(unit.session.connection, [row])
    note(unit, found.id, actor, "sold", field=new.kind, after=f"{new.net_cents} cents", reason=new.text.strip()[:900])
    return sales(unit, OUTBOX, found.id)


def sell_quote(
    unit: SqlUnitOfWork, actor: Actor, document_id: int, kinds: tuple[str, ...], sold_at: datetime | None = None
) -> list[SaleRow]:
    """The customer took the quote: a sale for each line, `kinds` says what each is. Raises `Refused` a second time."""
    found_document = document(unit, actor, document_id)
    authorise(actor, "sale.create", subject_of(unit, found_document.request_id))
    found = request(unit, OUTBOX, found_document.request_id)
    document_rows.lock(unit.session.connection, document_id)
    if found_document.kind != QUOTE or sale_rows.is_sold(unit.session.connection, document_id):
        raise Refused(f"{found_document.number} is no quote that is still to be sold.")
    if len(kinds) != len(found_document.lines) or set(kinds) - set(KINDS):
        raise Invalid(f"Say of each of the {len(found_document.lines)} lines whether it is a product or a service.")
    rows = [
        _row(unit, actor, found, sold_at)
        | {
            "document_id": document_id,
            "kind": kind,
            "text": line.text,
            "quantity_thousandths": line.quantity_thousandths,
            "net_cents": line.net_cents,
            "currency": found_document.currency,
        }
        for line, kind in zip(found_document.lines, kinds, strict=True)
    ]
    sale_rows.add_sales(unit.session.connection, rows)
    note(unit, found.id, actor, "sold", field="quote", after=found_document.number)
    return sales(unit, OUTBOX, found.id)


def sales(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> list[SaleRow]:
    """Of a request and those that were merged into it, the oldest first."""
    authorise(actor, "sale.read", subject_of(unit, request_id))
    found = request(unit, OUTBOX, request_id)
    return sale_rows.sales_of(unit.session.connection, document_rows.with_merged(unit.session.connection, found.id))


def _check(new: NewSale) -> None:
    if new.kind not in KINDS:
        raise Invalid(f"What is sold is one of {', '.join(KINDS)}.")
    if not new.text.strip() or len(new.text) > 1000:
        raise Invalid("A sale needs a text of at most 1,000 characters.")
    if max(abs(new.net_cents), abs(new.quantity_thousandths)) > _LARGEST:
        raise Invalid("Price or quantity is too large.")
    if new.currency and not (len(new.currency) == 3 and new.currency.isascii() and new.currency.isupper()):
        raise Invalid(f"{new.currency[:20]!r} is no currency; write three letters such as EUR.")


def _row(unit: SqlUnitOfWork, actor: Actor, found: Request, sold_at: datetime | None) -> dict[str, Any]:
    now = unit.session.now()
    if sold_at is not None and (sold_at.tzinfo is None or sold_at.astimezone(UTC) > now):
        raise Invalid("When it was sold must be a time with its zone, and not in the future.")
    return {
        "request_id": found.id,
        "sold_at": sold_at or now,
        "customer_id": found.customer_id,
        "customer_name": found.customer_name or found.customer_address,
        "user_id": actor.user_id,
        "created_at": now,
        "created_by": actor.name,
    }


def _activity(unit: SqlUnitOfWork, found: Request, activity_id: int | None) -> int | None:
    if activity_id is not None and sale_rows.request_of_activity(unit.session.connection, activity_id) != found.id:
        raise Invalid("The activity is not one of this request.")
    return activity_id
