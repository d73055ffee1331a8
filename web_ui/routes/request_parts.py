"""What belongs to a request: who takes part, tags, notes, other requests, who looks at it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from crm.request import duplicates as alike
from crm.request import joining, people, presence
from crm.request.model import Hint, Linked, Note, Request, Viewer
from storage.unit_of_work import SqlUnitOfWork
from web_ui.call import Caller
from web_ui.routes.requests import PersonShape
from web_ui.shapes import Asked, Body, Done, Id, Key, Limit, Text, Version, Word

router = APIRouter(tags=["what belongs to a request"])

TagName = Annotated[Word, Path(max_length=100)]
LinkKind = Literal["related", "possible", "duplicate", "continues"]


class NewNote(Body):
    """Internal: no customer sees it."""

    text: Annotated[Text, Field(min_length=1)]


class Merge(Body):
    """Everything of the request goes into this other one."""

    into_id: Annotated[Key, Field(description="The request that stays.")]
    version: Annotated[Version, Field(description="Of the request that stays.")] = None


class Split(Body):
    """Some messages become a new request."""

    version: Version = None
    message_ids: Annotated[tuple[Key, ...], Field(min_length=1, max_length=200)]
    subject: Annotated[str, Field(max_length=1000, description="Empty: that of the first message.")] = ""


class Link(Body):
    """Another request that it has to do with."""

    other_id: Key
    kind: LinkKind = "related"


class Doing(Body):
    """Said again every half minute, as it lasts a minute."""

    doing: Literal["viewing", "answering"] = "viewing"


class Tags(Asked):
    """Which tags."""

    begin: Annotated[str, Field(max_length=100, description="Those that begin so.")] = ""
    limit: Limit = 50


class Tag(BaseModel):
    """A tag that is in use."""

    tag: str
    count: int = Field(description="How many requests have it.")


@router.put("/requests/{request_id}/people")
def add_person(call: Caller, request_id: Id, sent: PersonShape) -> Done:
    """He takes part from now on; a new name or role replaces the old one."""
    call.write(lambda unit: people.add_person(unit, call.actor, request_id, sent.person()))
    return Done()


@router.delete("/requests/{request_id}/people/{address}")
def remove_person(call: Caller, request_id: Id, address: Word) -> Done:
    """He does not see it any more. The customer cannot be removed."""
    call.write(lambda unit: people.remove_person(unit, call.actor, request_id, address.lower()))
    return Done()


@router.put("/requests/{request_id}/tags/{tag}")
def add_tag(call: Caller, request_id: Id, tag: TagName) -> Done:
    """Twice is fine."""
    call.write(lambda unit: people.add_tag(unit, call.actor, request_id, tag))
    return Done()


@router.delete("/requests/{request_id}/tags/{tag}")
def remove_tag(call: Caller, request_id: Id, tag: TagName) -> Done:
    """One that is not there is fine."""
    call.write(lambda unit: people.remove_tag(unit, call.actor, request_id, tag))
    return Done()


@router.get("/tags")
def tags(call: Caller, wanted: Annotated[Tags, Query()]) -> list[Tag]:
    """Those in use, the most used first."""
    with call.read() as unit:
        found = people.tags(unit, call.actor, begin=wanted.begin, limit=wanted.limit)
    return [Tag(tag=tag, count=count) for tag, count in found]


@router.get("/requests/{request_id}/notes")
def notes(call: Caller, request_id: Id) -> list[Note]:
    """Internal ones, the oldest first."""
    with call.read() as unit:
        return list(people.notes(unit, call.actor, request_id))


@router.post("/requests/{request_id}/notes", status_code=201)
def add_note(call: Caller, request_id: Id, sent: NewNote) -> Note:
    """Write an internal note."""
    return call.once(Note, lambda unit: people.add_note(unit, call.actor, request_id, sent.text))


@router.post("/requests/{request_id}/merge")
def merge(call: Caller, request_id: Id, sent: Merge) -> Request:
    """Its old number still finds the one that stays."""
    version = call.version(sent.version)
    return call.write(lambda unit: joining.merge(unit, call.actor, request_id, sent.into_id, version))


@router.post("/requests/{request_id}/split", status_code=201)
def split(call: Caller, request_id: Id, sent: Split) -> Request:
    """Answers with the new request."""
    version, ids = call.version(sent.version), sent.message_ids

    def work(unit: SqlUnitOfWork) -> Request:
        return joining.split(unit, call.settings, call.actor, request_id, version, ids, subject=sent.subject)

    return call.once(Request, work)


@router.get("/requests/{request_id}/links")
def links(call: Caller, request_id: Id) -> list[Linked]:
    """Other requests that it has to do with, as far as you may see them."""
    with call.read() as unit:
        return list(joining.links(unit, call.actor, request_id))


@router.put("/requests/{request_id}/links")
def link(call: Caller, request_id: Id, sent: Link) -> Done:
    """Twice is fine."""
    call.write(lambda unit: joining.link(unit, call.actor, request_id, sent.other_id, sent.kind))
    return Done()


@router.delete("/requests/{request_id}/links/{other_id}/{kind}")
def unlink(call: Caller, request_id: Id, other_id: Id, kind: Word) -> Done:
    """What a merge or a split left stays."""
    call.write(lambda unit: joining.unlink(unit, call.actor, request_id, other_id, kind))
    return Done()


@router.get("/requests/{request_id}/duplicates")
def duplicates(call: Caller, request_id: Id) -> list[Hint]:
    """Requests of the same customer that may be about the same; you decide."""
    with call.read() as unit:
        return list(alike.duplicates(unit, call.actor, request_id))


@router.get("/requests/{request_id}/viewers")
def viewers(call: Caller, request_id: Id) -> list[Viewer]:
    """Who else looks at it just now, or writes an answer."""
    with call.read() as unit:
        return list(presence.viewers(unit, call.actor, request_id))


@router.put("/requests/{request_id}/viewers/me")
def be_there(call: Caller, request_id: Id, sent: Doing) -> list[Viewer]:
    """Say that you look at it, and hear who else does."""
    return call.write(lambda unit: list(presence.be_there(unit, call.actor, request_id, sent.doing)))


@router.delete("/requests/{request_id}/viewers/me")
def leave(call: Caller, request_id: Id) -> Done:
    """You do not look at it any more."""
    call.write(lambda unit: presence.leave(unit, call.actor, request_id))
    return Done()
