"""Lists of requests, how many there are, the search, and the board."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from crm.request import board as boards
from crm.request import listing
from crm.request.model import CardPage, Column, Counts, Filter, Request
from web_ui.call import Caller
from web_ui.shapes import Address, After, Asked, Body, Id, Key, Limit, Moment, Version

router = APIRouter(tags=["lists and board"])

Several = Annotated[tuple[Key, ...], Field(max_length=50, description="Any of these; repeat it for several.")]


class Wanted(Asked):
    """Which requests: open ones that are no spam, unless it says otherwise."""

    open: Annotated[Literal["true", "false", "all"], Field(description="all: closed ones too.")] = "true"
    spam: Annotated[bool, Field(description="Nothing but spam.")] = False
    type_id: Several = ()
    status_id: Several = ()
    responsible_id: Several = ()
    unassigned: Annotated[bool, Field(description="Nobody is responsible, or one of responsible_id.")] = False
    group_id: Annotated[Key | None, Field(description="Somebody of this group is responsible.")] = None
    customer_id: Annotated[Key | None, Field(description="A contact of the hub.")] = None
    customer_address: Address = ""
    tag: Annotated[str, Field(max_length=100)] = ""
    mailbox: Annotated[str, Field(max_length=100)] = ""
    created_from: Annotated[Moment | None, Field(description="Included.")] = None
    created_before: Annotated[Moment | None, Field(description="Not included.")] = None
    changed_from: Annotated[Moment | None, Field(description="Included.")] = None
    changed_before: Annotated[Moment | None, Field(description="Not included.")] = None
    weight_from: Annotated[int | None, Field(ge=-(2**31), lt=2**31)] = None
    text: Annotated[str, Field(max_length=300, description="Words; each begins a word that is found.")] = ""

    def filter(self) -> Filter:
        """As the service takes it."""
        same = self.model_dump(include=set(Filter.__dataclass_fields__))
        return Filter(
            **same
            | {
                "is_open": {"true": True, "false": False, "all": None}[self.open],
                "type_ids": self.type_id,
                "status_ids": self.status_id,
                "responsible_ids": self.responsible_id,
                "customer_address": self.customer_address.lower(),
            }
        )


class WantedPage(Wanted):
    """A page of them."""

    order: Annotated[Literal["changed", "created", "weight"], Field(description="Newest or heaviest first.")] = (
        "changed"
    )
    after: After = ""
    limit: Limit = 50


class WantedBoard(Wanted):
    """The board of them."""

    limit: Annotated[int, Field(gt=0, le=200, description="Cards of each column.")] = 50


class WantedColumn(WantedBoard):
    """More of a column."""

    after: After = ""


class Search(Asked):
    """What is looked for."""

    q: Annotated[str, Field(min_length=1, max_length=300, description="Words, or a number.")]
    after: After = ""
    limit: Limit = 50


class Move(Body):
    """Where a card goes; with neither neighbour to the end of the column."""

    version: Version = None
    status_id: Annotated[Key, Field(description="The column.")]
    after_id: Annotated[Key | None, Field(description="The request above it.")] = None
    before_id: Annotated[Key | None, Field(description="The request below it.")] = None
    responsible_id: Annotated[Key | None, Field(description="Asked for before any change of status.")] = None
    customer_id: Annotated[Key | None, Field(description="Asked for before any change of status.")] = None


@router.get("/requests")
def list_requests(call: Caller, wanted: Annotated[WantedPage, Query()]) -> CardPage:
    """Those that you may see, page by page."""
    page = {"order": wanted.order, "after": wanted.after}
    with call.read() as unit:
        return listing.page(unit, call.actor, wanted.filter(), **page, limit=wanted.limit)


@router.get("/requests/counts")
def counts(call: Caller, wanted: Annotated[Wanted, Query()]) -> Counts:
    """How many, by status, type and responsible (0: nobody)."""
    with call.read() as unit:
        return listing.counts(unit, call.actor, wanted.filter())


@router.get("/search")
def search(call: Caller, wanted: Annotated[Search, Query()]) -> CardPage:
    """Open and closed requests by words of subject, text and customer, or by number; the newest first."""
    with call.read() as unit:
        return listing.find(unit, call.actor, wanted.q, after=wanted.after, limit=wanted.limit)


@router.get("/board")
def board(call: Caller, wanted: Annotated[WantedBoard, Query()]) -> list[Column]:
    """A column for each status, with the first of its cards."""
    with call.read() as unit:
        return list(boards.board(unit, call.actor, wanted.filter(), limit=wanted.limit))


@router.get("/board/{status_id}")
def column(call: Caller, status_id: Id, wanted: Annotated[WantedColumn, Query()]) -> CardPage:
    """More cards of a column."""
    with call.read() as unit:
        return boards.column(unit, call.actor, status_id, wanted.after, wanted.filter(), limit=wanted.limit)


@router.post("/requests/{request_id}/move")
def move(call: Caller, request_id: Id, sent: Move) -> Request:
    """Put a card elsewhere on the board. Another column is another status."""
    version, rest = call.version(sent.version), sent.model_dump(exclude={"version"})
    return call.write(lambda unit: boards.move(unit, call.actor, request_id, version, **rest))
