"""What was sold for requests, and what was learnt from the work."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from crm.sale import reviewing, selling
from crm.sale.reviewing import NewReview
from crm.sale.selling import NewSale
from storage.crm.sale_rows import ReviewRow, SaleRow
from web_ui.call import Caller
from web_ui.shapes import Body, Id, Key, Moment

router = APIRouter(tags=["sales and reviews"])

Kind = Literal["product", "service"]
Mark = Annotated[int | None, Field(ge=1, le=5)]


class SaleShape(Body):
    """One thing that was sold."""

    kind: Kind
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    net_cents: Annotated[int, Field(ge=-(10**13), le=10**13, description="Without tax; negative takes back.")]
    quantity_thousandths: Annotated[int, Field(ge=-(10**13), le=10**13)] = 1000
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$", description="Empty: the configuration's.")] = ""
    sold_at: Annotated[Moment | None, Field(description="null: now.")] = None
    activity_id: Key | None = None


class SoldQuote(Body):
    """The customer took the quote."""

    kinds: Annotated[tuple[Kind, ...], Field(max_length=500, description="Of each line.")]
    sold_at: Annotated[Moment | None, Field(description="null: now.")] = None


class ReviewShape(Body):
    """Marks from 1 to 5, a text, or both."""

    effective: Annotated[Mark, Field(description="1: it did not help.")] = None
    efficient: Annotated[Mark, Field(description="1: far too costly.")] = None
    text: Annotated[str, Field(max_length=20_000)] = ""
    activity_id: Key | None = None


@router.get("/requests/{request_id}/sales")
def sales(call: Caller, request_id: Id) -> list[SaleRow]:
    """The oldest first."""
    with call.read() as unit:
        return selling.sales(unit, call.actor, request_id)


@router.post("/requests/{request_id}/sales", status_code=201)
def sell(call: Caller, request_id: Id, sent: SaleShape) -> list[SaleRow]:
    """Enter a sale; answers with all of the request. Send an Idempotency-Key."""
    new = NewSale(request_id, **sent.model_dump())
    return call.once(list[SaleRow], lambda unit: selling.sell(unit, call.settings, call.actor, new))


@router.post("/documents/{document_id}/sell", status_code=201)
def sell_quote(call: Caller, document_id: Id, sent: SoldQuote) -> list[SaleRow]:
    """A sale for each line of a quote; once."""
    return call.once(
        list[SaleRow], lambda unit: selling.sell_quote(unit, call.actor, document_id, sent.kinds, sent.sold_at)
    )


@router.get("/requests/{request_id}/reviews")
def reviews(call: Caller, request_id: Id) -> list[ReviewRow]:
    """The oldest first. They are internal."""
    with call.read() as unit:
        return reviewing.reviews(unit, call.actor, request_id)


@router.post("/requests/{request_id}/reviews", status_code=201)
def review(call: Caller, request_id: Id, sent: ReviewShape) -> ReviewRow:
    """Whether what was done helped, and was worth its cost."""
    new = NewReview(request_id, **sent.model_dump())
    return call.once(ReviewRow, lambda unit: reviewing.review(unit, call.actor, new))
