"""How an entry of a calendar is told to whoever asks."""

from __future__ import annotations

import base64
from typing import Any

from tests.servers.google_workspace.calendar_store import CANCELLED, ROLES, Box, Entry
from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import Call, GoogleError
from tests.servers.google_workspace.world import stamp

_BUSY = {"kind", "etag", "id", "status", "start", "end", "recurringEventId", "originalStartTime", "recurrence"}
_BUSY |= {"eventType", "iCalUID", "sequence", "created", "updated", "transparency"}


def told(call: Call, box: Box, entry: Entry, *, details: bool = True) -> Json:
    """An event resource. Not `details`: of a deleted one only what is guaranteed (C4)."""
    zone = call.text("timeZone") or box.zone
    about: Json = {"kind": "calendar#event", "etag": entry.etag, "id": entry.id}
    about["status"] = entry.body.get("status", "confirmed")
    if entry.master and entry.original is not None:
        about |= {"recurringEventId": entry.master, "originalStartTime": entry.original.told(zone, box.zone)}
    if entry.cancelled and (entry.master or entry.bare or not details):
        return about
    whole = about | _whole(box, entry, zone)
    whole |= _guests(call, box, entry)
    role = box.role(call.user.address)
    secret = entry.body.get("visibility") in {"private", "confidential"} and ROLES.index(role) < ROLES.index("writer")
    if role == "freeBusyReader" or secret:
        return {name: value for name, value in whole.items() if name in _BUSY} | {"visibility": "private"}
    return whole


def _whole(box: Box, entry: Entry, zone: str) -> Json:
    eid = base64.urlsafe_b64encode(f"{entry.id} {box.id}".encode()).decode().rstrip("=")
    whole: Json = {
        **{name: value for name, value in entry.body.items() if name not in {"status", "attendees"}},
        "htmlLink": f"https://www.google.com/calendar/event?eid={eid}",
        "created": stamp(entry.created),
        "updated": stamp(entry.updated),
        "creator": _person(entry.creator, box),
        "organizer": _person(entry.organizer, box),
        "iCalUID": entry.ical_uid,
        "sequence": entry.sequence,
        "start": entry.start.told(zone, box.zone),
        "end": entry.end.told(zone, box.zone),
    }
    if meet := _meeting(entry.body.get("conferenceData", {})):
        whole["hangoutLink"] = meet
    return whole


def _guests(call: Call, box: Box, entry: Entry) -> Json:
    guests = [_guest(one, box, entry) for one in entry.body.get("attendees", [])]
    if not guests:
        return {}
    most = call.params.get("maxAttendees")
    if most is not None and len(guests) > most:
        return {"attendees": [one for one in guests if one.get("self")], "attendeesOmitted": True}
    return {"attendees": guests}


def _guest(one: Json, box: Box, entry: Entry) -> Json:
    address = str(one.get("email", "")).lower()
    marks: dict[str, Any] = {}
    if address == box.id:
        marks["self"] = True
    if address == str(entry.organizer.get("email", "")).lower():
        marks["organizer"] = True
    return {**one, **marks}


def _person(one: Json, box: Box) -> Json:
    mine = str(one.get("email", "")).lower() == box.id
    return {**one, "self": True} if mine else dict(one)


def _meeting(conference: Json) -> str:
    links = [one["uri"] for one in conference.get("entryPoints", []) if one.get("entryPointType") == "video"]
    meets = conference.get("conferenceSolution", {}).get("key", {}).get("type") == "hangoutsMeet"
    return str(links[0]) if links and meets else ""


def matching(call: Call, entry: Entry) -> None:
    """GoogleError 412 if the caller expects another state (C9)."""
    if call.if_match and call.if_match != entry.etag:
        raise GoogleError(412, "conditionNotMet", "Precondition Failed", location="If-Match")


def is_organizer(box: Box, entry: Entry) -> bool:
    """Does the event belong to this calendar?"""
    return str(entry.organizer.get("email", "")).lower() == box.id


def gone() -> GoogleError:
    """It is deleted already (C4)."""
    return GoogleError(410, "deleted", "Resource has been deleted")


def removed(entry: Entry) -> None:
    """Mark it as deleted."""
    entry.body = {**entry.body, "status": CANCELLED}
    entry.sequence += 1
