"""Events: what of one `EventDetails` stands where in exchangelib's CalendarItem; `mapping_series` puts series together.

The organiser, answers and links of online meetings are read only, as is the cancellation of a meeting. Attendees are
written into the organiser's own appointment alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exchangelib import Attendee, Mailbox

from connectors.described import Described, Document, carries, get
from connectors.exchange import mapping_library  # noqa: F401 - teaches exchangelib what is read here
from connectors.exchange.mapping_recurrence import get_recurrence, put_recurrence
from connectors.exchange.mapping_texts import body_row, categories_row, row
from connectors.exchange.mapping_times import TIMES, get_times, put_times
from connectors.exchange.mapping_updates import names_of
from connectors.exchange.mapping_zones import CustomZone
from connectors.microsoft.pattern_to_rule import rule_of
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.microsoft.words import (
    BUSY_STATUS,
    BUSY_WORDS,
    classification,
    importance,
    priority,
    sensitivity,
)
from connectors.microsoft.zone_names import windows_name
from connectors.occasions import Occasion, start_of
from connectors.people import Guest, address_of, attendee, guest_of, in_order, person
from connectors.reminders import minutes_before, reminder
from sync_engine.errors import Rejected
from sync_engine.model import CalendarUser, Component, ContentLine, EventDetails, Moment
from sync_engine.zones import local_time

_SHOWN_AS = {"free": "Free", "tentative": "Tentative", "busy": "Busy", "oof": "OOF"} | {
    "workingElsewhere": "WorkingElsewhere"
}
_ANSWERS = {
    "Accept": "ACCEPTED",
    "Organizer": "ACCEPTED",
    "Decline": "DECLINED",
    "Tentative": "TENTATIVE",
    "NoResponseReceived": "NEEDS-ACTION",
}
_GUESTS = {"required_attendees": "required", "optional_attendees": "optional", "resources": "resource"}

# ---------------------------------------------------------------- when


def _put_recurrence(occasion: Occasion) -> dict[str, Any]:
    start = start_of(occasion)
    found = recurrence_of(occasion.details, start, occasion.zones)
    if found is None:
        return {"recurrence": None}
    at = local_time(start)
    if not start.is_date and windows_name(start.zone or occasion.home_zone, occasion.zones, at) is None:
        raise Rejected(f"Windows has no time zone with the rules of {start.zone[:60]!r}; use another for this series.")
    return {"recurrence": put_recurrence(found)}


def _get_recurrence(shown: Document) -> dict[str, Any]:
    value, start = shown.get("recurrence"), get_times(shown)["start"]
    return {"rules": (rule_of(get_recurrence(value), start, zones_of(shown)),) if value and start else ()}


def zones_of(shown: Document) -> tuple[Component, ...]:
    """The VTIMEZONEs of zones that Windows has no names for."""
    found = (shown.get(name) for name in ("_start_timezone", "_end_timezone"))
    custom = [zone for zone in found if isinstance(zone, CustomZone)]
    return tuple({zone.ms_id: zone.described for zone in custom if zone.described is not None}.values())


# ---------------------------------------------------------------- what


def _put_show_as(occasion: Occasion) -> dict[str, Any]:
    details = occasion.details
    if details.transparency == "TRANSPARENT":
        return {"legacy_free_busy_status": "Free"}
    special = next((line.value.strip().upper() for line in details.extra if line.name == BUSY_STATUS), "")
    usual = "tentative" if details.status == "TENTATIVE" else "busy"
    return {"legacy_free_busy_status": _SHOWN_AS[BUSY_WORDS.get(special, usual)]}


def _get_show_as(shown: Document) -> dict[str, Any]:
    status = shown.get("legacy_free_busy_status") or "Busy"
    special = next((word for word, graph in BUSY_WORDS.items() if _SHOWN_AS[graph] == status), None)
    return {
        "transparency": "TRANSPARENT" if status == "Free" else "",
        "status": "CANCELLED" if shown.get("is_cancelled") else ("TENTATIVE" if status == "Tentative" else ""),
        "extra": (ContentLine(BUSY_STATUS, special),) if special else (),
    }


def _put_reminder(occasion: Occasion) -> dict[str, Any]:
    minutes = minutes_before(occasion.details.alarms)
    return {"reminder_is_set": minutes is not None, "reminder_minutes_before_start": minutes or 0}


def _get_reminder(shown: Document) -> dict[str, Any]:
    minutes = int(shown.get("reminder_minutes_before_start") or 0)
    return {"alarms": reminder(minutes) if shown.get("reminder_is_set") else ()}


# ---------------------------------------------------------------- who


def _put_people(occasion: Occasion) -> dict[str, Any]:
    own = address_of(occasion.details.organizer).lower() if occasion.details.organizer else ""
    guests = [guest_of(user) for user in occasion.details.attendees]
    found: dict[str, Any] = {}
    for name, kind in _GUESTS.items():
        these = (guest for guest in guests if guest.kind == kind and guest.address and guest.address.lower() != own)
        found[name] = [Attendee(mailbox=_mailbox(guest)) for guest in sorted(these, key=lambda guest: guest.address)]
    return found


def _mailbox(guest: Guest) -> Mailbox:
    return Mailbox(email_address=guest.address, name=guest.name or None)


def _get_people(shown: Document) -> dict[str, Any]:
    """Nobody where nobody is invited: Exchange calls the owner of each appointment its organiser."""
    found = in_order(_attendees(shown))
    owner = shown.get("organizer")
    return {"attendees": found, "organizer": _person(owner) if found and owner is not None else None}


def _attendees(shown: Document) -> Iterable[CalendarUser | None]:
    for name, kind in _GUESTS.items():
        for one in shown.get(name) or ():
            answer = _ANSWERS.get(one.response_type or "", "")
            yield attendee(Guest(one.mailbox.email_address or "", one.mailbox.name or "", kind, answer))


def _person(mailbox: Any) -> CalendarUser | None:
    return person(mailbox.email_address or "", mailbox.name or "")


def _get_meeting_link(shown: Document) -> dict[str, Any]:
    links = (shown.get(name) for name in ("teams_link", "skype_link", "meeting_workspace_url", "net_show_url"))
    return {"url": next((link for link in links if link), "")}


# ---------------------------------------------------------------- the tables

_SENSITIVITY: Described[Occasion] = Described(
    ("classification",),
    ("sensitivity",),
    lambda occasion: {"sensitivity": sensitivity(occasion.details.classification).capitalize()},
    lambda shown: {"classification": classification((shown.get("sensitivity") or "Normal").lower())},
)
_RECURRENCE: Described[Occasion] = Described(
    ("rules", "recurrence_dates"),
    ("recurrence",),
    _put_recurrence,
    _get_recurrence,
    depends=("start", "exception_dates"),
)
_PEOPLE = (*_GUESTS, "organizer")
_READ_PEOPLE: Described[Occasion] = Described(("attendees", "organizer"), _PEOPLE, None, _get_people)
_WRITTEN_PEOPLE: Described[Occasion] = Described(("attendees", "organizer"), _PEOPLE, _put_people, _get_people)
_ANYWHERE: tuple[Described[Occasion], ...] = (
    Described(("start", "end", "duration"), TIMES, put_times, get_times, whole=True),
    row("summary", "subject", "the title of an appointment"),
    body_row("description"),
    row("location", "location"),
    Described(("transparency", "status"), ("legacy_free_busy_status", "is_cancelled"), _put_show_as, _get_show_as),
    Described(
        ("priority",),
        ("importance",),
        lambda occasion: {"importance": importance(occasion.details.priority).capitalize()},
        lambda shown: {"priority": priority((shown.get("importance") or "Normal").lower())},
    ),
    categories_row(),
    Described(("alarms",), ("reminder_is_set", "reminder_minutes_before_start"), _put_reminder, _get_reminder),
    Described(("url",), ("teams_link", "skype_link", "meeting_workspace_url", "net_show_url"), None, _get_meeting_link),
)
OCCURRENCE_TABLE: tuple[Described[Occasion], ...] = (*_ANYWHERE, _READ_PEOPLE)
"""What an occurrence may have of its own."""
EVENT_TABLE: tuple[Described[Occasion], ...] = (*OCCURRENCE_TABLE, _SENSITIVITY, _RECURRENCE)
"""A single event or the master of a series."""
ORGANISED_TABLE: tuple[Described[Occasion], ...] = (*_ANYWHERE, _WRITTEN_PEOPLE, _SENSITIVITY, _RECURRENCE)
"""One that its organiser has: with the attendees."""
EVENT_FIELDS = carries(EVENT_TABLE) | {"attendees", "organizer", "exception_dates", "this_and_future"}
EVENT_NAMES = (
    *names_of(EVENT_TABLE),
    "uid",
    "type",
    "original_start",
    "recurrence_id",
    "is_meeting",
    "my_response_type",
    "modified_occurrences",
    "deleted_occurrences",
)
SCHEDULE = frozenset({*TIMES, "recurrence"})


def read_details(shown: Document, recurrence_id: Moment | None = None) -> EventDetails:
    """The details of one CalendarItem."""
    table = EVENT_TABLE if recurrence_id is None else OCCURRENCE_TABLE
    return EventDetails(recurrence_id=recurrence_id, **get(table, shown))
