"""Canned replies, with variables."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from crm.answer import canned
from crm.answer.canned import Filled
from crm.rights import authorise
from storage.crm.canned import Reply
from storage.unit_of_work import SqlUnitOfWork
from web_ui.audited import noted
from web_ui.call import Caller
from web_ui.shapes import Body, Done, Id, Order

router = APIRouter(tags=["canned replies"])


class ReplyShape(Body):
    """{{number}}, {{customer_name|Sir or Madam}} ... stand for what the request says (GET /reply-variables)."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    subject: Annotated[str, Field(max_length=900)] = ""
    body: Annotated[str, Field(min_length=1, max_length=100_000)]


@router.get("/replies")
def replies(call: Caller) -> list[Reply]:
    """In their order."""
    with call.read() as unit:
        return canned.replies(unit, call.actor)


@router.get("/reply-variables")
def variables(call: Caller) -> dict[str, str]:
    """What may stand in double braces, and what it stands for."""
    authorise(call.actor, "catalogue.read")
    return dict(canned.VARIABLES)


@router.get("/replies/{reply_id}")
def one_reply(call: Caller, reply_id: Id) -> Reply:
    """With its variables."""
    with call.read() as unit:
        return canned.reply(unit, call.actor, reply_id)


@router.get("/requests/{request_id}/replies/{reply_id}")
def filled(call: Caller, request_id: Id, reply_id: Id) -> Filled:
    """For one request."""
    with call.read() as unit:
        return canned.fill(unit, call.settings, call.actor, reply_id, request_id)


@router.post("/replies", status_code=201)
def add(call: Caller, sent: ReplyShape) -> Reply:
    """Another one, at the end."""

    def act(unit: SqlUnitOfWork) -> Reply:
        return canned.add(unit, call.actor, sent.name, sent.subject, sent.body)

    return call.once(Reply, noted(call, lambda made: f"reply {made.name}", "made", act))


@router.put("/replies/order")
def order(call: Caller, sent: Order) -> Done:
    """Say their order anew."""
    call.write(noted(call, "replies", "in another order", lambda unit: canned.order(unit, call.actor, sent.ids)))
    return Done()


@router.put("/replies/{reply_id}")
def change(call: Caller, reply_id: Id, sent: ReplyShape) -> Reply:
    """What it says now."""

    def act(unit: SqlUnitOfWork) -> Reply:
        return canned.change(unit, call.actor, reply_id, sent.name, sent.subject, sent.body)

    return call.write(noted(call, lambda made: f"reply {made.name}", "changed", act))


@router.delete("/replies/{reply_id}")
def remove(call: Caller, reply_id: Id) -> Done:
    """For good."""
    call.write(noted(call, f"reply {reply_id}", "removed", lambda unit: canned.remove(unit, call.actor, reply_id)))
    return Done()
