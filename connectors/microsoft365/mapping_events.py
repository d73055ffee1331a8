"""Events: what of one `EventDetails` stands where in a Graph event; `mapping_series` puts series together.

Attendees and the organiser are read only: Graph mails everybody whom one writes into an event (SYNC.md R10). So are
the link of an online meeting and the cancellation of a meeting by its organiser.
"""

from __future__ import annotations

from typing import Any

from connectors.bodies import description_of
from connectors.described import Described, Document, Json, carries, get, one_line_ends
from connectors.microsoft.pattern_to_rule import rule_of
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.microsoft.words import (
    BUSY_STATUS,
    BUSY_WORDS,
    PARTICIPATION,
    classification,
    importance,
    priority,
    sensitivity,
)
from connectors.microsoft.zone_names import windows_name
from connectors.microsoft365.mapping_recurrence import get_recurrence, put_recurrence
from connectors.microsoft365.mapping_times import get_day, get_moment, put_day, put_moment
from connectors.occasions import Occasion, end_of, start_of
from connectors.people import Guest, attendee, in_order, person
from connectors.reminders import minutes_before, reminder
from sync_engine.errors import Rejected
from sync_engine.model import CalendarUser, ContentLine, EventDetails, Moment
from sync_engine.zones import local_time

# ---------------------------------------------------------------- when


def _put_times(occasion: Occasion) -> dict[str, Json]:
    start, end = start_of(occasion), end_of(occasion)
    if start.is_date:
        return {"isAllDay": True, "start": put_day(start), "end": put_day(end)}
    times = [put_moment(moment, occasion.zones, occasion.home_zone) for moment in (start, end)]
    return {"isAllDay": False, "start": times[0], "end": times[1]}


def _get_times(document: Document) -> dict[str, Any]:
    if document.get("isAllDay"):
        return {"start": get_day(document.get("start")), "end": get_day(document.get("end"))}
    start = get_moment(document.get("start"), _zone_of(document, "originalStartTimeZone"))
    end = get_moment(document.get("end"), _zone_of(document, "originalEndTimeZone"))
    return {"start": start, "end": end}


def _zone_of(document: Document, name: str) -> str | None:
    """The zone an event is in; a series is in the one its pattern counts days in."""
    limits = (document.get("recurrence") or {}).get("range") or {}
    own: str | None = document.get(name)
    return (limits.get("recurrenceTimeZone") or own) if name == "originalStartTimeZone" else own


def _put_recurrence(occasion: Occasion) -> dict[str, Json]:
    start = start_of(occasion)
    found = recurrence_of(occasion.details, start, occasion.zones)
    if found is None:
        return {"recurrence": None}
    where, at = start.zone or occasion.home_zone, local_time(start)
    zone = "UTC" if start.is_date else windows_name(where, occasion.zones, at)
    if zone is None:
        raise Rejected(f"Windows has no time zone with the rules of {start.zone[:60]!r}; use another for this series.")
    return {"recurrence": put_recurrence(found, zone)}


def _get_recurrence(document: Document) -> dict[str, Any]:
    value, start = document.get("recurrence"), _get_times(document)["start"]
    return {"rules": (rule_of(get_recurrence(value), start),) if value and start else ()}


# ---------------------------------------------------------------- what


def _get_body(document: Document) -> dict[str, Any]:
    body = document.get("body") or {}
    return {"description": description_of(body.get("content"), body.get("contentType"))}


def _put_show_as(occasion: Occasion) -> dict[str, Json]:
    details = occasion.details
    if details.transparency == "TRANSPARENT":
        return {"showAs": "free"}
    special = next((line.value.strip().upper() for line in details.extra if line.name == BUSY_STATUS), "")
    usual = "tentative" if details.status == "TENTATIVE" else "busy"
    return {"showAs": BUSY_WORDS.get(special, usual)}


def _get_show_as(document: Document) -> dict[str, Any]:
    shown = document.get("showAs") or "busy"
    special = next((word for word, graph in BUSY_WORDS.items() if graph == shown), None)
    return {
        "transparency": "TRANSPARENT" if shown == "free" else "",
        "status": "CANCELLED" if document.get("isCancelled") else ("TENTATIVE" if shown == "tentative" else ""),
        "extra": (ContentLine(BUSY_STATUS, special),) if special else (),
    }


def _put_reminder(occasion: Occasion) -> dict[str, Json]:
    minutes = minutes_before(occasion.details.alarms)
    return {"isReminderOn": minutes is not None, "reminderMinutesBeforeStart": minutes or 0}


def _get_reminder(document: Document) -> dict[str, Any]:
    minutes = document.get("reminderMinutesBeforeStart") or 0
    return {"alarms": reminder(minutes) if document.get("isReminderOn") else ()}


# ---------------------------------------------------------------- who


def _get_people(document: Document) -> dict[str, Any]:
    """Nobody where nobody is invited: Graph calls the owner of each appointment its organiser."""
    found = in_order(_attendee(one) for one in document.get("attendees") or ())
    owner = (document.get("organizer") or {}).get("emailAddress") or {}
    organizer = person(owner.get("address") or "", owner.get("name") or "")
    return {"attendees": found, "organizer": organizer if found else None}


def _attendee(one: Document) -> CalendarUser | None:
    answer = PARTICIPATION.get((one.get("status") or {}).get("response") or "none", "")
    who = one.get("emailAddress") or {}
    return attendee(Guest(who.get("address") or "", who.get("name") or "", one.get("type") or "required", answer))


def _get_meeting_link(document: Document) -> dict[str, Any]:
    meeting = document.get("onlineMeeting") or {}
    return {"url": meeting.get("joinUrl") or document.get("onlineMeetingUrl") or ""}


# ---------------------------------------------------------------- the tables

_TIMES: Described[Occasion] = Described(
    ("start", "end", "duration"), ("isAllDay", "start", "end"), _put_times, _get_times
)
_RECURRENCE: Described[Occasion] = Described(
    ("rules", "recurrence_dates"), ("recurrence",), _put_recurrence, _get_recurrence
)
_SENSITIVITY: Described[Occasion] = Described(
    ("classification",),
    ("sensitivity",),
    lambda occasion: {"sensitivity": sensitivity(occasion.details.classification)},
    lambda document: {"classification": classification(document.get("sensitivity"))},
)
OCCURRENCE_TABLE: tuple[Described[Occasion], ...] = (
    _TIMES,
    Described(
        ("summary",),
        ("subject",),
        lambda occasion: {"subject": one_line_ends(occasion.details.summary) or None},
        lambda document: {"summary": one_line_ends(document.get("subject") or "")},
    ),
    Described(
        ("description",),
        ("body",),
        lambda occasion: {"body": {"contentType": "text", "content": one_line_ends(occasion.details.description)}},
        _get_body,
    ),
    Described(
        ("location",),
        ("location",),
        lambda occasion: {"location": {"displayName": one_line_ends(occasion.details.location)}},
        lambda document: {"location": one_line_ends((document.get("location") or {}).get("displayName") or "")},
    ),
    Described(("transparency", "status"), ("showAs",), _put_show_as, _get_show_as),
    Described(
        ("priority",),
        ("importance",),
        lambda occasion: {"importance": importance(occasion.details.priority)},
        lambda document: {"priority": priority(document.get("importance"))},
    ),
    Described(
        ("categories",),
        ("categories",),
        lambda occasion: {"categories": sorted(set(occasion.details.categories))},
        lambda document: {"categories": tuple(sorted(set(document.get("categories") or ())))},
    ),
    Described(("alarms",), ("isReminderOn", "reminderMinutesBeforeStart"), _put_reminder, _get_reminder),
    Described(("attendees", "organizer"), ("attendees", "organizer"), None, _get_people),
    Described(("url",), ("onlineMeeting", "onlineMeetingUrl"), None, _get_meeting_link),
)
"""What an occurrence may have of its own."""
EVENT_TABLE: tuple[Described[Occasion], ...] = (*OCCURRENCE_TABLE, _SENSITIVITY, _RECURRENCE)
"""A single event or the master of a series."""
EVENT_FIELDS = carries(EVENT_TABLE) | {"attendees", "organizer", "exception_dates", "this_and_future"}

SCHEDULE = frozenset({"isAllDay", "start", "end", "recurrence"})
_SILENT = frozenset({"categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "sensitivity"})
"""Properties of the own copy, of which Graph tells nobody."""


def could_mail(document: Document, patch: Document) -> bool:
    """Whether Graph could mail somebody when this patch is sent: then it must not be (SYNC.md R10)."""
    return "attendees" in patch or (bool(document.get("attendees")) and bool(set(patch) - _SILENT))


def read_details(document: Document, recurrence_id: Moment | None = None) -> EventDetails:
    """The details of one Graph event."""
    table = EVENT_TABLE if recurrence_id is None else OCCURRENCE_TABLE
    return EventDetails(recurrence_id=recurrence_id, **get(table, document))


def times_of(document: Document) -> tuple[Moment | None, Moment | None]:
    """Start and end by the clock on the wall of the event's own zone."""
    times = _get_times(document)
    return times["start"], times["end"]
