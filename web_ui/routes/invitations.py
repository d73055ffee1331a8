"""Invitations that came by mail. Nothing is accepted by itself."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from crm.invitation import answering, reading
from crm.invitation.model import Invitation
from storage.unit_of_work import SqlUnitOfWork
from web_ui.call import Caller
from web_ui.shapes import Body, Id

router = APIRouter(tags=["invitations"])


class Answer(Body):
    """A mail with it goes to the organiser."""

    answer: Literal["accepted", "declined", "tentative"]
    comment: Annotated[str, Field(max_length=2000)] = ""


@router.get("/requests/{request_id}/invitations")
def invitations(call: Caller, request_id: Id) -> list[Invitation]:
    """In the order in which they came."""
    with call.read() as unit:
        return list(reading.invitations_of(unit, call.actor, request_id))


@router.get("/invitations/{invitation_id}")
def invitation(call: Caller, invitation_id: Id) -> Invitation:
    """One."""
    with call.read() as unit:
        return reading.invitation(unit, call.actor, invitation_id)


@router.post("/invitations/{invitation_id}/answer")
def answer(call: Caller, invitation_id: Id, sent: Answer) -> Invitation:
    """Accept, decline, or say perhaps. Send an Idempotency-Key."""

    def work(unit: SqlUnitOfWork) -> Invitation:
        return answering.answer(unit, call.settings, call.actor, invitation_id, sent.answer, sent.comment)

    return call.once(Invitation, work)
