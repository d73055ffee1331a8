"""Activities: events and tasks of the shared agenda that are about requests."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from crm.activity import finishing, planning, reading
from crm.activity.model import Activity, Change, NewActivity
from crm.activity.reading import Wanted
from crm.invitation import outgoing
from crm.mail.model import Party
from web_ui.call import Caller
from web_ui.routes.answers import Sent
from web_ui.shapes import Address, Asked, Body, Id, Key, Limit, Moment, Version

router = APIRouter(tags=["activities"])

Kind = Literal["service", "product", "memo", "call", "visit", "meeting"]
Minutes = Annotated[int | None, Field(ge=0, le=366 * 24 * 60)]
Zone = Annotated[str, Field(max_length=100, description="IANA: Europe/Rome.")]
Words = Annotated[str, Field(max_length=20_000)]


class Guest(Body):
    """Who stands in the event; nobody is mailed before he is invited."""

    address: Annotated[Address, Field(min_length=3)]
    name: Annotated[str, Field(max_length=200)] = ""


class NewActivityShape(Body):
    """With a time it becomes an event, without one a task."""

    kind: Kind
    title: Annotated[str, Field(min_length=1, max_length=1000)]
    request_id: Annotated[Key | None, Field(description="null: about none.")] = None
    text: Words = ""
    assigned_id: Annotated[Key | None, Field(description="Who does it.")] = None
    starts_at: Moment | None = None
    ends_at: Annotated[Moment | None, Field(description="null: minutes_planned later, else an hour.")] = None
    zone: Zone = "UTC"
    all_day: Annotated[bool, Field(description="From the first day to the day after the last, in `zone`.")] = False
    minutes_planned: Minutes = None
    location: Annotated[str, Field(max_length=1000)] = ""
    organizer: Annotated[Address, Field(description="Of the mailbox that invites; only with guests.")] = ""
    guests: Annotated[tuple[Guest, ...], Field(max_length=100)] = ()

    def activity(self) -> NewActivity:
        """As the service takes it."""
        guests = tuple(Party(guest.address.strip().lower(), guest.name) for guest in self.guests)
        return NewActivity(**self.model_dump(exclude={"guests"}), guests=guests)


class ActivityChange(Body):
    """What is left out stays as it is."""

    version: Version = None
    kind: Kind = "memo"
    title: Annotated[str, Field(min_length=1, max_length=1000)] = "-"
    text: Words = ""
    assigned_id: Key | None = None
    starts_at: Annotated[Moment | None, Field(description="null: it becomes a task.")] = None
    ends_at: Moment | None = None
    zone: Zone = "UTC"
    all_day: bool = False
    minutes_planned: Minutes = None
    location: Annotated[str, Field(max_length=1000)] = ""


class Finished(Body):
    """It was done."""

    version: Version = None
    result: Words = ""
    minutes: Annotated[Minutes, Field(description="How long it took.")] = None
    at: Annotated[Moment | None, Field(description="null: now.")] = None


class Cancelled(Body):
    """It will not be done."""

    version: Version = None
    reason: Annotated[str, Field(max_length=1000)] = ""


class Again(Body):
    """It is planned once more."""

    version: Version = None


class Invite(Body):
    """A mail to the guests."""

    text: Words = ""


class Which(Asked):
    """Which activities."""

    request_id: Key | None = None
    state: Annotated[tuple[Literal["planned", "done", "cancelled"], ...], Field(max_length=3)] = ()
    kind: Annotated[tuple[Kind, ...], Field(max_length=6)] = ()
    assigned_id: Key | None = None
    since: Annotated[Moment | None, Field(description="Starts then or later; tasks are left out.")] = None
    until: Annotated[Moment | None, Field(description="Starts before.")] = None
    after_id: Annotated[int, Field(ge=0, lt=2**62, description="The id of the last one you have.")] = 0
    limit: Limit = 100


@router.get("/activities")
def activities(call: Caller, which: Annotated[Which, Query()]) -> list[Activity]:
    """Those that you may see, in the order of their ids."""
    about = which.model_dump(include={"request_id", "assigned_id", "since", "until"})
    wanted = Wanted(**about, states=which.state, kinds=which.kind)
    with call.read() as unit:
        return list(reading.activities(unit, call.actor, wanted, after_id=which.after_id, limit=which.limit))


@router.get("/activities/{activity_id}")
def activity(call: Caller, activity_id: Id) -> Activity:
    """One."""
    with call.read() as unit:
        return reading.activity(unit, call.actor, activity_id)


@router.post("/activities", status_code=201)
def plan(call: Caller, sent: NewActivityShape) -> Activity:
    """It stands in the shared agenda at once, and reaches every phone. Send an Idempotency-Key."""
    new = sent.activity()
    return call.once(Activity, lambda unit: planning.plan(unit, call.settings, call.actor, new))


@router.patch("/activities/{activity_id}")
def change(call: Caller, activity_id: Id, sent: ActivityChange) -> Activity:
    """Another time, another title ... A new start alone takes the end along."""
    version = call.version(sent.version)
    wanted = Change.of(**sent.model_dump(exclude_unset=True, exclude={"version"}))
    return call.write(lambda unit: planning.change(unit, call.settings, call.actor, activity_id, version, wanted))


@router.post("/activities/{activity_id}/done")
def done(call: Caller, activity_id: Id, sent: Finished) -> Activity:
    """Its task is completed in the agenda."""
    version, rest = call.version(sent.version), sent.model_dump(exclude={"version"})
    return call.write(lambda unit: finishing.done(unit, call.settings, call.actor, activity_id, version, **rest))


@router.post("/activities/{activity_id}/cancel")
def cancel(call: Caller, activity_id: Id, sent: Cancelled) -> Activity:
    """Out of the agenda; kept here with who and why."""
    version = call.version(sent.version)
    return call.write(lambda unit: finishing.cancel(unit, call.settings, call.actor, activity_id, version, sent.reason))


@router.post("/activities/{activity_id}/plan-again")
def plan_again(call: Caller, activity_id: Id, sent: Again) -> Activity:
    """A done or cancelled one is planned once more."""
    version = call.version(sent.version)
    return call.write(lambda unit: finishing.plan_again(unit, call.settings, call.actor, activity_id, version))


@router.post("/activities/{activity_id}/invite", status_code=202)
def invite(call: Caller, activity_id: Id, sent: Invite) -> Sent:
    """Mail its guests an invitation, or how it is now. Send an Idempotency-Key."""
    return call.once(
        Sent, lambda unit: Sent(message_id=outgoing.invite(unit, call.settings, call.actor, activity_id, sent.text))
    )


@router.post("/activities/{activity_id}/call-off", status_code=202)
def call_off(call: Caller, activity_id: Id, sent: Invite) -> Sent:
    """Mail its guests that it was cancelled. Send an Idempotency-Key."""
    return call.once(
        Sent, lambda unit: Sent(message_id=outgoing.call_off(unit, call.settings, call.actor, activity_id, sent.text))
    )
