"""Types of requests, and statuses of requests and tickets."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from crm.request import catalogue
from crm.request.catalogue import RequestType, Status
from storage.unit_of_work import SqlUnitOfWork
from web_ui.audited import noted
from web_ui.call import Caller
from web_ui.shapes import Asked, Body, Done, Id, Order

router = APIRouter(tags=["catalogue"])

Name = Annotated[str, Field(min_length=1, max_length=100)]
Meaning = Literal["new", "open", "waiting", "completed"]
Color = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6})?$", description="#rrggbb, or empty.")]
Weight = Annotated[int, Field(ge=-1000, le=1000, description="What it adds to a request's weight.")]


class Which(Asked):
    """Which entries."""

    archived: Annotated[bool, Field(description="Those that are not offered any more, too.")] = False


class NewType(Body):
    """Comes to the end."""

    name: Name
    weight: Weight = 0


class TypeChange(Body):
    """What is null or left out stays."""

    name: Name | None = None
    weight: Weight | None = None
    archived: Annotated[bool | None, Field(description="Kept for those that have it, not offered any more.")] = None


class NewStatus(Body):
    """Comes to the end."""

    name: Name
    meaning: Annotated[Meaning, Field(description="What the program does by; completed: may be closed.")] = "open"
    color: Color = ""


class StatusChange(Body):
    """What is null or left out stays."""

    name: Name | None = None
    meaning: Meaning | None = None
    color: Color | None = None
    archived: bool | None = None


@router.get("/types")
def types(call: Caller, which: Annotated[Which, Query()]) -> list[RequestType]:
    """In their order."""
    with call.read() as unit:
        return list(catalogue.types(unit, call.actor, archived=which.archived))


@router.post("/types", status_code=201)
def add_type(call: Caller, sent: NewType) -> RequestType:
    """Another type."""

    def act(unit: SqlUnitOfWork) -> RequestType:
        return catalogue.add_type(unit, call.actor, sent.name, weight=sent.weight)

    return call.once(RequestType, noted(call, lambda made: f"type {made.name}", "made", act))


@router.put("/types/order")
def order_types(call: Caller, sent: Order) -> Done:
    """Say their order anew."""
    call.write(noted(call, "types", "in another order", lambda unit: catalogue.order_types(unit, call.actor, sent.ids)))
    return Done()


@router.patch("/types/{type_id}")
def change_type(call: Caller, type_id: Id, sent: TypeChange) -> RequestType:
    """Rename it, weigh it, archive it."""

    def act(unit: SqlUnitOfWork) -> RequestType:
        return catalogue.change_type(unit, call.actor, type_id, **sent.model_dump())

    return call.write(noted(call, lambda made: f"type {made.name}", str(sent.model_dump(exclude_unset=True)), act))


@router.delete("/types/{type_id}")
def remove_type(call: Caller, type_id: Id) -> Done:
    """One that no request has."""
    call.write(noted(call, f"type {type_id}", "removed", lambda unit: catalogue.remove_type(unit, call.actor, type_id)))
    return Done()


@router.get("/statuses")
def statuses(call: Caller, which: Annotated[Which, Query()]) -> list[Status]:
    """In their order."""
    with call.read() as unit:
        return list(catalogue.statuses(unit, call.actor, archived=which.archived))


@router.post("/statuses", status_code=201)
def add_status(call: Caller, sent: NewStatus) -> Status:
    """Another status."""

    def act(unit: SqlUnitOfWork) -> Status:
        return catalogue.add_status(unit, call.actor, sent.name, meaning=sent.meaning, color=sent.color)

    return call.once(Status, noted(call, lambda made: f"status {made.name}", "made", act))


@router.put("/statuses/order")
def order_statuses(call: Caller, sent: Order) -> Done:
    """Say their order anew: that of the board's columns."""
    call.write(
        noted(call, "statuses", "in another order", lambda unit: catalogue.order_statuses(unit, call.actor, sent.ids))
    )
    return Done()


@router.patch("/statuses/{status_id}")
def change_status(call: Caller, status_id: Id, sent: StatusChange) -> Status:
    """Rename it, colour it, archive it."""

    def act(unit: SqlUnitOfWork) -> Status:
        return catalogue.change_status(unit, call.actor, status_id, **sent.model_dump())

    return call.write(noted(call, lambda made: f"status {made.name}", str(sent.model_dump(exclude_unset=True)), act))


@router.delete("/statuses/{status_id}")
def remove_status(call: Caller, status_id: Id) -> Done:
    """One that no request and no ticket has."""
    call.write(
        noted(call, f"status {status_id}", "removed", lambda unit: catalogue.remove_status(unit, call.actor, status_id))
    )
    return Done()
