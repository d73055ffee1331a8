"""Messages as texts (RFC 5546): REQUEST, CANCEL and REPLY of an event. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dav_gateway.scheduling.itip_attendee import Answer
from dav_gateway.scheduling.itip_share import CANCELLED
from dav_gateway.scheduling.itip_told import instants, outward, stamp
from dav_gateway.scheduling.people import with_params
from sync_engine.formats import render
from sync_engine.model import CalendarUser, ContentLine, Event, EventDetails
from sync_engine.vtimezones import missing_zones


def request(event: Event, now: datetime) -> str:
    """An invitation to what somebody is invited to."""
    return _text("REQUEST", event, [outward(one, now) for one in _parts(event)])


def cancellation(event: Event, user: CalendarUser, now: datetime) -> str:
    """To one guest: this does not take place for him any more."""
    called_off = []
    for one in _parts(event):
        out = outward(one, now)
        mine = tuple(other for other in out.attendees if other.address == user.address)
        called_off.append(replace(out, status=CANCELLED, attendees=mine, sequence=one.sequence + 1))
    return _text("CANCEL", event, called_off)


def reply(event: Event, said: Sequence[Answer], now: datetime) -> str:
    """What one guest answers, and no more than RFC 5546 3.2.3 asks for."""
    return _text("REPLY", event, [_answer(event, one, now) for one in said])


def _answer(event: Event, said: Answer, now: datetime) -> EventDetails:
    meant = _meant(event, said)
    user = with_params(
        said.user, PARTSTAT=said.partstat, RSVP="", SCHEDULE_AGENT="", SCHEDULE_STATUS="", SCHEDULE_FORCE_SEND=""
    )
    return replace(
        EventDetails(),
        recurrence_id=said.recurrence_id,
        start=meant.start,
        end=meant.end,
        duration=meant.duration,
        summary=meant.summary,
        organizer=outward(meant, now).organizer,
        attendees=(user,),
        sequence=meant.sequence,
        stamps=(stamp(now),),
    )


def _meant(event: Event, said: Answer) -> EventDetails:
    """The component that is answered to; for an occurrence without one the series, at its time."""
    if said.recurrence_id is None:
        return event.master or event.overrides[0]
    alone = Event("", event.master, (EventDetails(recurrence_id=said.recurrence_id),), zones=event.zones)
    at = next(iter(instants(alone)))
    found = instants(event).get(at)
    if found is not None or event.master is None:
        return found or EventDetails(recurrence_id=said.recurrence_id, start=said.recurrence_id)
    return replace(event.master, start=said.recurrence_id, end=None)


def _parts(event: Event) -> list[EventDetails]:
    return [*([event.master] if event.master else []), *event.overrides]


def _text(method: str, event: Event, components: list[EventDetails]) -> str:
    master = next((one for one in components if one.recurrence_id is None), None)
    overrides = tuple(one for one in components if one.recurrence_id is not None)
    told = Event(event.uid, master, overrides, zones=event.zones, stamps=(ContentLine("METHOD", method),))
    return render(replace(told, zones=told.zones + missing_zones(told)))
