"""What goes out: the VCALENDAR of a mail (RFC 5546), and the words beside it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from crm.activity.records import address_of
from crm.invitation.agenda_event import loud
from sync_engine.formats import render
from sync_engine.formats.text_values import escape
from sync_engine.model import CalendarUser, ContentLine, Event, EventDetails, Moment, Params
from sync_engine.vtimezones import missing_zones
from sync_engine.zones import local_time, resolve, wall_clock, zone_for

WORDS = {"accepted": "Accepted", "declined": "Declined", "tentative": "Tentatively accepted"}
PARTSTAT = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}


def reply(
    event: Event, occurrence: str, who: CalendarUser, sequence: int, answer: str, comment: str, now: datetime
) -> str:
    """A REPLY of one attendee: no more than RFC 5546 3.2.3 asks for."""
    meant = named(event, occurrence)
    params: Params = tuple(sorted((*_names(who), ("PARTSTAT", (PARTSTAT[answer],)))))
    said = replace(
        EventDetails(),
        recurrence_id=meant.recurrence_id if occurrence else None,
        start=meant.start,
        end=meant.end,
        duration=meant.duration,
        summary=meant.summary,
        organizer=loud(meant.organizer) if meant.organizer else None,
        attendees=(CalendarUser(who.address, params),),
        sequence=sequence,
        stamps=(_stamp(now),),
        extra=(ContentLine("COMMENT", escape(comment)),) if comment else (),
    )
    single = said.recurrence_id is not None
    answered = Event(event.uid, None if single else said, (said,) if single else (), zones=event.zones)
    return _rendered(answered, "REPLY")


def _names(who: CalendarUser) -> Params:
    return tuple(one for one in who.params if one[0] in ("CN", "CUTYPE"))


def request(event: Event, master: EventDetails, sequence: int, now: datetime) -> str:
    """An invitation to a meeting of ours."""
    return _rendered(_out(event, _outward(master, sequence, now), now), "REQUEST")


def cancellation(event: Event, master: EventDetails, sequence: int, now: datetime) -> str:
    """It does not take place."""
    called_off = replace(_outward(master, sequence, now), status="CANCELLED")
    return _rendered(replace(event, master=called_off, overrides=()), "CANCEL")


def _out(event: Event, master: EventDetails, now: datetime) -> Event:
    return replace(event, master=master, overrides=tuple(_outward(o, master.sequence, now) for o in event.overrides))


def _outward(details: EventDetails, sequence: int, now: datetime) -> EventDetails:
    """Without what is ours alone: reminders, categories, the address of the request."""
    return replace(
        details,
        url="",
        categories=(),
        classification="",
        organizer=loud(details.organizer) if details.organizer else None,
        attendees=tuple(loud(user) for user in details.attendees),
        alarms=(),
        attachments=(),
        extra=(),
        components=(),
        params=(),
        sequence=sequence,
        stamps=(_stamp(now),),
    )


def _rendered(event: Event, method: str) -> str:
    told = replace(event, extra=(), stamps=(ContentLine("METHOD", method),), zones=event.zones)
    return render(replace(told, zones=told.zones + missing_zones(told)))


def _stamp(at: datetime) -> ContentLine:
    return ContentLine("DTSTAMP", at.strftime("%Y%m%dT%H%M%SZ"))


def named(event: Event, occurrence: str) -> EventDetails:
    """What a RECURRENCE-ID means; all of the event for "", and for one that it does not have."""
    found = [one for one in event.overrides if one.recurrence_id and one.recurrence_id.value == occurrence]
    meant = next(iter(found), None) or event.master or next(iter(event.overrides), None)
    return meant or EventDetails()


def attendee(event: Event, occurrence: str, addresses: frozenset[str]) -> CalendarUser | None:
    """Which of us was invited."""
    people = named(event, occurrence).attendees
    return next((user for user in people if address_of(user) in addresses), None)


def time_of(event: Event, details: EventDetails) -> str:
    """The begin, as people say it, in the zone of the event."""
    if details.start is None:
        return ""
    if details.start.is_date:
        return f"{local_time(details.start):%Y-%m-%d}"
    zone = _zone_name(event, details.start)
    return (
        f"{wall_clock(resolve(details.start, event.zones), zone_for(details.start, event.zones)):%Y-%m-%d %H:%M} {zone}"
    )


def _zone_name(event: Event, start: Moment) -> str:
    found = zone_for(start, event.zones)
    return found.key if isinstance(found, ZoneInfo) else start.zone
