"""Mails: their text, their page for a frame, their attachments, and the mail as it came."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response

from crm.message import reading
from crm.message.model import Message
from web_ui.call import Caller
from web_ui.downloads import download
from web_ui.errors import SAFE
from web_ui.shapes import Asked, Id, Key, Limit, Number

router = APIRouter(tags=["messages"])


class Older(Asked):
    """Which page."""

    before: Annotated[Key | None, Field(description="The id of the last one you have.")] = None
    limit: Limit = 50


class Pictures(Asked):
    """What is shown."""

    images: Annotated[bool, Field(description="Pictures from elsewhere, too: its sender learns that you read it.")] = (
        False
    )
    quoted: Annotated[str, Field(max_length=100, description="What stands over folded quoted text.")] = "Quoted text"


class PageShape(BaseModel):
    """For an `iframe` with `sandbox`."""

    html: str = Field(description="A whole document without scripts.")
    policy: str = Field(description="Its Content-Security-Policy.")
    remote_images: int = Field(description="Pictures from elsewhere: left out, or shown with images=true.")


@router.get("/requests/{request_id}/messages")
def messages(call: Caller, request_id: Id, wanted: Annotated[Older, Query()]) -> list[Message]:
    """The newest first. Who only takes part gets those that he stands in."""
    with call.read() as unit:
        return reading.messages(unit, call.actor, request_id, before=wanted.before, limit=wanted.limit)


@router.get("/unplaced-messages")
def unplaced(call: Caller, wanted: Annotated[Older, Query()]) -> list[Message]:
    """Mails that became no request, the newest first."""
    with call.read() as unit:
        return reading.unplaced(unit, call.actor, before=wanted.before, limit=wanted.limit)


@router.get("/messages/{message_id}")
def message(call: Caller, message_id: Id) -> Message:
    """One mail."""
    with call.read() as unit:
        return reading.message(unit, call.actor, message_id)


@router.get("/messages/{message_id}/page")
def page(call: Caller, message_id: Id, wanted: Annotated[Pictures, Query()]) -> PageShape:
    """Its text as a document, cleaned, to be shown in a frame."""
    with call.read() as unit:
        found = reading.page(unit, call.settings, call.actor, message_id, images=wanted.images, quoted=wanted.quoted)
    return PageShape(html=found.html, policy=found.policy, remote_images=found.remote_images)


@router.get("/messages/{message_id}/page.html", response_class=HTMLResponse)
def page_html(call: Caller, message_id: Id, wanted: Annotated[Pictures, Query()]) -> Response:
    """The same document itself, under its own policy."""
    with call.read() as unit:
        found = reading.page(unit, call.settings, call.actor, message_id, images=wanted.images, quoted=wanted.quoted)
    return HTMLResponse(found.html, headers=SAFE | {"content-security-policy": found.policy})


@router.get("/messages/{message_id}/attachments/{number}", response_class=Response)
def attachment(call: Caller, message_id: Id, number: Number) -> Response:
    """A download, whatever its type."""
    with call.read() as unit:
        found = reading.attachment(unit, call.actor, message_id, number)
    return download(found.content, found.file.name, found.file.media_type)


@router.get("/messages/{message_id}/raw", response_class=Response)
def raw(call: Caller, message_id: Id) -> Response:
    """The mail as it came, octet for octet, as a download."""
    with call.read() as unit:
        found = reading.raw(unit, call.actor, message_id)
    return download(found, f"message-{message_id}.eml")
