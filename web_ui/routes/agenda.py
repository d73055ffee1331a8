"""The agenda: the shared one and each user's over each other, and when people have time."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from crm.agenda import free_busy, overlay
from crm.agenda.free_busy import Busy
from crm.agenda.overlay import Agenda
from web_ui.call import Caller
from web_ui.shapes import Asked, Key, Moment

router = APIRouter(tags=["agenda"])

Users = Annotated[tuple[Key, ...], Field(max_length=100, description="Users; repeat it for several.")]
Zone = Annotated[str, Field(max_length=100, description="IANA, of whom it is shown to: days begin there.")]


class Range(Asked):
    """From when until when; at most 400 days."""

    start: Moment
    end: Moment
    user_id: Users = ()
    zone: Zone = "UTC"


class Shown(Range):
    """What is shown."""

    shared: Annotated[bool, Field(description="The company's calendars, too.")] = True
    kind: Annotated[tuple[Literal["event", "task"], ...], Field(max_length=2)] = ("event", "task")
    limit: Annotated[int, Field(gt=0, le=5000)] = 2000


class BusyTimes(BaseModel):
    """Of one user."""

    user_id: int
    busy: list[Busy]


@router.get("/agenda")
def agenda(call: Caller, wanted: Annotated[Shown, Query()]) -> Agenda:
    """Single occurrences, by start. What is private to others has no words, only its time."""
    options = {"users": wanted.user_id, "kinds": wanted.kind} | wanted.model_dump(include={"shared", "zone", "limit"})
    with call.read() as unit:
        return overlay.overlay(unit, call.actor, wanted.start, wanted.end, **options)


@router.get("/free-busy")
def times(call: Caller, wanted: Annotated[Range, Query()]) -> list[BusyTimes]:
    """When these users are busy: nothing but times."""
    with call.read() as unit:
        found = free_busy.free_busy(
            unit, call.settings, call.actor, wanted.user_id, wanted.start, wanted.end, zone=wanted.zone
        )
    return [BusyTimes(user_id=user, busy=list(busy)) for user, busy in found.items()]
