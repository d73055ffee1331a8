"""What Calendar takes of a body that is written, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.servers.google_workspace import calendar_series
from tests.servers.google_workspace.calendar_store import CANCELLED, Entry
from tests.servers.google_workspace.calendar_times import read
from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import Call, GoogleError

_READ_ONLY = {
    *("kind", "etag", "id", "iCalUID", "created", "updated", "creator", "organizer", "htmlLink", "hangoutLink"),
    *("locked", "recurringEventId", "originalStartTime", "sequence", "attendeesOmitted", "gadget"),
}
_CHOICES = {
    "status": {"confirmed", "tentative", CANCELLED},
    "transparency": {"opaque", "transparent"},
    "visibility": {"default", "public", "private", "confidential"},
}
_RESPONSES = {"needsAction", "declined", "tentative", "accepted"}
_OWN = {"reminders", "colorId", "eventLabelId", "transparency", "visibility", "status"}  # of everybody's own copy
_OWN_OF_GUEST = {"responseStatus", "comment", "additionalGuests", "displayName"}
_ID = re.compile(r"[a-v0-9]{5,1024}")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_NOT_MADE = {"fromGmail"}
_TYPES = {"default", "birthday", "focusTime", "outOfOffice", "workingLocation", "fromGmail"}
MOST_REMINDERS, LONGEST_REMINDER = 5, 40320
LONGEST_KEY, LONGEST_VALUE, MOST_HIDDEN, MOST_PROPERTIES = 44, 1024, 32 * 1024, 300
LONGEST_UID = 1024


def invalid(message: str, reason: str = "invalid", *, domain: str = "global", status: int = 400) -> GoogleError:
    """A refusal."""
    return GoogleError(status, reason, message, domain=domain)


def client_id(name: str) -> str:
    """An id that a client made (C7)."""
    if not _ID.fullmatch(name):
        raise invalid("Invalid resource id value.")
    return name


def replaced(call: Call, before: Mapping[str, Any] | None = None) -> Json:
    """The body of an insert or an update: what it lacks is cleared (C10)."""
    old = before or {}
    new = _cleaned({name: value for name, value in call.body.items() if name not in _READ_ONLY})
    new.setdefault("status", "confirmed")
    new.setdefault("reminders", {"useDefault": True})
    if before and new.get("eventType", old.get("eventType")) != old.get("eventType"):
        raise invalid("The event type cannot be changed.", "eventTypeRestriction", domain="calendar")
    new["eventType"] = old.get("eventType") or new.get("eventType", "default")
    if before is not None:
        new.pop("privateCopy", None)  # immutable
        new |= {"privateCopy": True} if old.get("privateCopy") else {}
    return _normal(_with_versions(call, old, new))


def patched(call: Call, before: Mapping[str, Any]) -> Json:
    """The body after a patch: what it does not name stays, null clears, arrays are replaced (C10)."""
    patch = {name: value for name, value in call.body.items() if name not in {*_READ_ONLY, "privateCopy"}}
    if patch.get("eventType", before["eventType"]) != before["eventType"]:
        raise invalid("The event type cannot be changed.", "eventTypeRestriction", domain="calendar")
    if call.body.get("attendeesOmitted") and "attendees" in patch:
        patch["attendees"] = _only_these(before.get("attendees", []), patch["attendees"] or [])
    new = _merged(before, patch)
    new.setdefault("status", "confirmed")
    new.setdefault("reminders", {"useDefault": True})
    return _normal(_with_versions(call, before, new))


def check(body: Json, *, instance: bool) -> None:
    """GoogleError for what Calendar refuses."""
    recurrence = body.get("recurrence") or []
    start, end = (read(body.get(what), what, recurring=bool(recurrence)) for what in ("start", "end"))
    if start.all_day != end.all_day:
        raise invalid("Start and end times must either both be date or both be dateTime.")
    if (start.day and end.day and end.day <= start.day) or (start.at and end.at and end.at < start.at):
        raise invalid("The specified time range is empty.", "timeRangeEmpty", domain="calendar")
    if recurrence and instance:
        raise invalid("Instances of recurring events cannot be recurring.")
    calendar_series.check(recurrence, start)
    for name, choices in _CHOICES.items():
        if body.get(name, next(iter(choices))) not in choices:
            raise invalid(f"Invalid value for: {body[name]} is not a valid value")
    _check_reminders(body["reminders"])
    _check_guests(body.get("attendees", []))
    _check_kind(body)
    if len(body.get("attachments", [])) > 25:
        raise invalid("Too many attachments.")
    if not re.match("https?://", body.get("source", {}).get("url", "http://")):
        raise invalid("Invalid source URL.")


def check_sequence(call: Call, entry: Entry) -> int:
    """The sequence that is asked for, or the one that is there (C10)."""
    asked = call.body.get("sequence")
    if asked is not None and asked < entry.sequence:
        text = "Invalid sequence value. The specified sequence number is below the current sequence number of the "
        raise invalid(text + "resource. Re-fetch the resource and use its sequence number on the following request.")
    return entry.sequence if asked is None else int(asked)


def only_own(before: Mapping[str, Any], after: Mapping[str, Any], address: str, *, hides: bool) -> bool:
    """Does a change concern nothing but what every guest has for himself? `hides`: private properties as well."""
    changed = differing(before, after) - _OWN
    if hides and "extendedProperties" in changed and _shared(before) == _shared(after):
        changed.discard("extendedProperties")
    if "attendees" in changed and _others(before, address) == _others(after, address):
        changed.discard("attendees")
    return not changed


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Names of the properties that are not the same in both; a time may be written in many ways."""
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return {one for one in names if one not in {"start", "end"} or not _same_time(before.get(one), after.get(one))}


def _same_time(one: Json | None, other: Json | None) -> bool:
    times = [read(value, "start", recurring=False) for value in (one, other)]
    zones = {time.zone for time in times} - {""}
    return (times[0].day, times[0].at) == (times[1].day, times[1].at) and len(zones) < 2


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cleaned(inner) for name, inner in value.items() if inner is not None}
    return [_cleaned(one) for one in value] if isinstance(value, list) else value


def _merged(before: Mapping[str, Any], patch: Mapping[str, Any]) -> Json:
    new = dict(before)
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, dict):
            old = new.get(name)
            new[name] = _merged(old if isinstance(old, dict) else {}, value)
        else:
            new[name] = _cleaned(value)
    return new


def _only_these(before: list[Json], these: list[Json]) -> list[Json]:
    """With attendeesOmitted the ones that are named change, and the others stay."""
    named = {str(one.get("email", "")).lower(): one for one in these}
    return [{**one, **named.get(str(one.get("email", "")).lower(), {})} for one in before]


def _with_versions(call: Call, before: Mapping[str, Any], new: Json) -> Json:
    """Who does not say that he knows attachments and conferences changes none."""
    unknown = [] if call.yes("supportsAttachments") else ["attachments"]
    if int(call.params.get("conferenceDataVersion", 0)) < 1:
        unknown.append("conferenceData")
    if int(call.params.get("eventLabelVersion", 0)) < 1:
        unknown.append("eventLabelId")
    for name in unknown:
        new.pop(name, None)
        if name in before:
            new[name] = before[name]
    return new


def _normal(body: Json) -> Json:
    """As it is kept."""
    attendees = [_guest(one) for one in body.get("attendees", [])]
    hidden = {sort: _hidden(values) for sort, values in body.get("extendedProperties", {}).items()}
    body = {name: value for name, value in body.items() if value not in ({}, [])}
    body |= {"attendees": attendees} if attendees else {}
    hidden = {sort: values for sort, values in hidden.items() if values}
    body.pop("extendedProperties", None)
    return body | ({"extendedProperties": hidden} if hidden else {})


def _guest(one: Json) -> Json:
    kept = {name: value for name, value in one.items() if name not in {"self", "organizer", "id"}}
    return {"responseStatus": "needsAction", **kept}


def _hidden(values: Json) -> Json:
    """Keys that are too long are dropped and values are cut, without a word (guide, "Extended properties")."""
    kept = {name: str(value)[:LONGEST_VALUE] for name, value in values.items() if len(name) <= LONGEST_KEY}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in kept.items())
    if len(kept) > MOST_PROPERTIES or size > MOST_HIDDEN:
        raise invalid("The extended properties are too large.")
    return kept


def _check_reminders(reminders: Json) -> None:
    overrides = reminders.get("overrides") or []
    if reminders.get("useDefault") and overrides:
        text = "Cannot specify both default reminders and overrides at the same time."
        raise invalid(text, "cannotUseDefaultRemindersAndSpecifyOverride", domain="calendar")
    if len(overrides) > MOST_REMINDERS:
        raise invalid("Too many override reminders.")
    for one in overrides:
        if one.get("method") not in {"popup", "email"} or not 0 <= one.get("minutes", -1) <= LONGEST_REMINDER:
            raise invalid("Invalid reminder.")
    if len({(one["method"], one["minutes"]) for one in overrides}) < len(overrides):
        raise invalid("Two reminders are the same.")


def _check_guests(attendees: list[Json]) -> None:
    for one in attendees:
        if not one.get("email"):
            raise invalid("Missing attendee email.", "required")
        if not _ADDRESS.fullmatch(one["email"]):
            raise invalid("Invalid attendee email.")
        if one["responseStatus"] not in _RESPONSES:
            raise invalid("Invalid attendee response status.")


def _check_kind(body: Json) -> None:
    kind = body["eventType"]
    if kind not in _TYPES:
        raise invalid("Invalid event type.")
    if kind == "workingLocation" and "workingLocationProperties" not in body:
        raise invalid("Missing working location.", "malformedWorkingLocationEvent", domain="calendar")
    if kind not in {"default", "fromGmail"} and body.get("attendees"):
        raise invalid("This event type cannot have attendees.", "eventTypeRestriction", domain="calendar")
    if color := body.get("colorId"):
        valid = color.isdigit() and 1 <= int(color) <= 11
        if not valid:
            raise invalid("Invalid color id.")


def check_new_kind(body: Json, *, primary: bool) -> None:
    """Only some kinds can be made (C15)."""
    kind = body["eventType"]
    if kind in _NOT_MADE or (kind != "default" and not primary):
        raise invalid(f"Events of the type {kind} cannot be created.", "eventTypeRestriction", domain="calendar")


def _shared(body: Mapping[str, Any]) -> Json:
    return dict(body.get("extendedProperties", {}).get("shared", {}))


def _others(body: Mapping[str, Any], address: str) -> list[Json]:
    """The guests, without what is this one's own."""
    guests = body.get("attendees", [])
    return [{k: v for k, v in one.items() if _email(one) != address or k not in _OWN_OF_GUEST} for one in guests]


def _email(one: Json) -> str:
    return str(one.get("email", "")).lower()
