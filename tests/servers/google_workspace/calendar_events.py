"""Events: read, made, changed and deleted one by one (C4 to C10, C15, C16)."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.servers.google_workspace import calendar_rules as rules
from tests.servers.google_workspace import calendar_series
from tests.servers.google_workspace.calendar_copies import Copies
from tests.servers.google_workspace.calendar_meetings import with_conference
from tests.servers.google_workspace.calendar_store import CANCELLED, Box, Calendars, Entry, stem_of
from tests.servers.google_workspace.calendar_times import Moment, from_key
from tests.servers.google_workspace.calendar_view import gone, is_organizer, matching, removed, told
from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

_INSTANCE = re.compile(r"(.+)_(\d{8}(?:T\d{6}Z)?)")


class Events:
    """The methods that name one event."""

    def __init__(self, calendars: Calendars) -> None:
        self.calendars, self.world = calendars, calendars.world
        self.copies = Copies(calendars)

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {
            "calendar.events.get": self._get,
            "calendar.events.insert": self._insert,
            "calendar.events.import": self._import,
            "calendar.events.update": self._update,
            "calendar.events.patch": self._patch,
            "calendar.events.delete": self._delete,
            "calendar.events.move": self._move,
        }

    # ------------------------------------------------------------ reading

    def _get(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"))
        return Answer(told(call, box, find(box, call.text("eventId"))))

    # ------------------------------------------------------------ making

    def _insert(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "writer")
        name, uid = call.body.get("id"), call.body.get("iCalUID")
        if name and uid:
            raise rules.invalid("Only one of id and iCalUID can be given.")
        name = rules.client_id(name) if name else secrets.token_hex(13)
        if name in box.entries or (uid and box.with_uid(uid)):
            raise GoogleError(409, "duplicate", "The requested identifier already exists.")
        body = with_conference(rules.replaced(call), name)
        rules.check(body, instance=False)
        rules.check_new_kind(body, primary=box.primary)
        entry = self._new(call, box, name, uid or f"{name}@google.com", body)
        return self._kept(call, box, entry)

    def _import(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "writer")
        uid = str(call.body["iCalUID"])
        if call.body.get("id") or call.body.get("recurringEventId"):
            raise rules.invalid("An event that is imported has no id.")
        if not uid or len(uid) > rules.LONGEST_UID:
            raise rules.invalid("Invalid iCalUID.")
        there = box.with_uid(uid)
        if there is not None and self.world.switches.import_duplicates:
            raise GoogleError(409, "duplicate", "The requested identifier already exists.")
        body = {**rules.replaced(call), "eventType": "default", "privateCopy": True}
        rules.check(body, instance=False)
        organizer = _imported_organizer(
            call, box, {box.id} if self.world.switches.calendars_alone else {box.id, box.owner}
        )
        if there is None or there.master:
            entry = self._new(call, box, _imported_id(uid), uid, body)
        else:
            entry, there.sequence = there, rules.check_sequence(call, there)
            return self._kept(call, box, replace(entry, body=body, organizer=organizer))
        entry.organizer = organizer
        return self._kept(call, box, entry)

    def _new(self, call: Call, box: Box, name: str, uid: str, body: Json) -> Entry:
        at = self.world.moment()
        organizer = {"email": box.id} if box.primary else {"email": box.id, "displayName": box.about["summary"]}
        entry = Entry(name, uid, body, organizer, {"email": call.user.address}, at, at, "", 0)
        entry.sequence = int(call.body.get("sequence") or 0)
        return entry

    # ------------------------------------------------------------ changing

    def _update(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "writer")
        entry = find(box, call.text("eventId"))
        return self._changed(call, box, entry, rules.replaced(call, entry.body))

    def _patch(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "writer")
        entry = find(box, call.text("eventId"))
        return self._changed(call, box, entry, rules.patched(call, _revivable(call, box, entry)))

    def _changed(self, call: Call, box: Box, entry: Entry, body: Json) -> Answer:
        matching(call, entry)
        if entry.cancelled and (entry.bare or call.body.get("status", CANCELLED) == CANCELLED):
            raise GoogleError(403, "forbidden", "Forbidden")
        body = with_conference(body, entry.id)
        rules.check(body, instance=bool(entry.master))
        _check_kept_kind(entry.body, body)
        sequence = rules.check_sequence(call, entry)
        if body["status"] == CANCELLED and not entry.cancelled:
            return self._deleted(call, box, entry)
        if not self._may(box, entry, body):
            return Answer(told(call, box, entry))
        changed = rules.differing(entry.body, body)
        if {"start", "end", "recurrence"} & changed and sequence == entry.sequence:
            sequence += 1
        main = changed != {"reminders"}
        return self._kept(call, box, replace(entry, body=body, sequence=sequence), main=main)

    def _may(self, box: Box, entry: Entry, body: Json) -> bool:
        """False: it is passed over in silence. GoogleError 403 if a guest changes what is the organiser's."""
        guest = not is_organizer(box, entry) and not entry.body.get("guestsCanModify")
        if not guest or rules.only_own(entry.body, body, box.id, hides=self.world.switches.guests_hide):
            return True
        if self.world.switches.guests_unheard:
            return False
        text = "Shared properties can only be changed by the organizer of the event."
        raise GoogleError(403, "forbiddenForNonOrganizer", text, domain="calendar")

    def _kept(self, call: Call, box: Box, entry: Entry, *, main: bool = True) -> Answer:
        before = box.entries.get(entry.id, entry)
        entry.bare = entry.bare and entry.cancelled  # what is brought back is whole again
        self.calendars.touch(box, entry, main=main)
        self.copies.spread(box, entry)
        if before.cancelled and not entry.cancelled:
            for one in box.exceptions(entry.id):
                box.drop(one.id)  # a series that comes back has all its instances
        for one in box.exceptions(entry.id):
            self._follow(box, one, before, entry)
        return Answer(told(call, box, entry))

    def _follow(self, box: Box, one: Entry, before: Entry, series: Entry) -> None:
        """An exception of an instance that the series has no more vanishes; the others stay as they are.

        An instance that a series has again begins anew, as the series says.
        """
        lines = series.body.get("recurrence", [])
        if one.bare and one.original and lines and calendar_series.has(lines, series.start, one.original):
            box.drop(one.id)
        elif one.original is None or not lines or not calendar_series.has(lines, series.start, one.original):
            if not one.bare:
                removed(one)
                one.bare = True
                self.calendars.touch(box, one)
                self.copies.spread(box, one)
        elif self.world.switches.exceptions_follow and not one.cancelled:
            names = rules.differing(before.body, series.body) - {"start", "end", "recurrence", "status"}
            alike = {name for name in names if one.body.get(name) == before.body.get(name)}
            if alike:
                body = {name: value for name, value in one.body.items() if name not in alike}
                new = {name: series.body[name] for name in alike if name in series.body}
                self.calendars.touch(box, replace(one, body=body | new))

    # ------------------------------------------------------------ deleting

    def _delete(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "writer")
        entry = find(box, call.text("eventId"))
        if entry.cancelled:
            raise gone()
        matching(call, entry)
        self._deleted(call, box, entry)
        return Answer()

    def _deleted(self, call: Call, box: Box, entry: Entry) -> Answer:
        removed(entry)
        self.calendars.touch(box, entry)
        self.copies.spread(box, entry)
        for one in list(box.exceptions(entry.id)):
            if not one.cancelled:
                removed(one)
            self.calendars.touch(box, one)
            self.copies.spread(box, one)
        return Answer(told(call, box, entry))

    def _move(self, call: Call) -> Answer:
        """To another calendar, which becomes its organiser; a cancelled stub stays behind (C15)."""
        box = self.calendars.box(call.user, call.text("calendarId"), "writer")
        target = self.calendars.box(call.user, call.text("destination"), "writer")
        entry = find(box, call.text("eventId"))
        if entry.cancelled:
            raise gone()
        if entry.master or entry.body["eventType"] != "default":
            raise rules.invalid("This event cannot be moved.", "eventTypeRestriction", domain="calendar")
        if not is_organizer(box, entry):
            text = "The operation can only be performed by the organizer of the event."
            raise GoogleError(403, "forbiddenForNonOrganizer", text, domain="calendar")
        moved = replace(entry, organizer={"email": target.id, "displayName": target.about["summary"]})
        for one in [entry, *box.exceptions(entry.id)]:
            self.calendars.touch(target, replace(one, organizer=moved.organizer) if one is not entry else moved)
            self.calendars.touch(box, replace(one, body={**one.body, "status": CANCELLED}, bare=True))
        return Answer(told(call, target, moved))


def find(box: Box, name: str) -> Entry:
    """What is kept under an id, or the instance of a series that it names (C6). GoogleError 404."""
    if name in box.entries:
        return box.entries[name]
    if found := _INSTANCE.fullmatch(name):
        original = from_key(found[2])
        for series in box.series(found[1]):
            if calendar_series.has(series.body["recurrence"], series.start, original):
                return instance(box, series, original)
    raise GoogleError(404, "notFound", "Not Found")


def instance(box: Box, series: Entry, original: Moment) -> Entry:
    """One that is as the series says; it is kept nowhere until somebody changes it. It has the etag of its series."""
    start = series.start
    original = replace(original, zone=start.zone)
    zone = start.zone or box.zone
    length = series.end.wall(zone) - start.wall(zone)
    end = replace(series.end.shifted(original.wall(zone) + length, zone), zone=series.end.zone)
    times = {"start": _written(original, zone), "end": _written(end, zone)}
    body = {name: value for name, value in series.body.items() if name != "recurrence"} | times
    name = f"{stem_of(series.id)}_{original.key}"
    return replace(series, id=name, body=body, master=series.id, original=original)


def _written(moment: Moment, zone: str) -> Json:
    written = moment.told(zone, zone)
    return (
        {**written, "timeZone": moment.zone} if moment.zone else {k: v for k, v in written.items() if k != "timeZone"}
    )


def _revivable(call: Call, box: Box, entry: Entry) -> Mapping[str, Any]:
    """What a patch changes: a cancelled instance comes back as its series says."""
    series = box.entries.get(entry.master)
    if not entry.cancelled or series is None or entry.original is None or series.cancelled:
        return entry.body
    return instance(box, series, entry.original).body | {"status": CANCELLED}


def _imported_id(uid: str) -> str:
    """Google makes it of the iCalUID."""
    return "_" + base64.b32hexencode(uid.encode()).decode().lower().rstrip("=")


def _imported_organizer(call: Call, box: Box, mine: set[str]) -> Json:
    """Of an import it is what the body says; its owner must have to do with it. `mine`: his addresses."""
    given = {k: v for k, v in (call.body.get("organizer") or {}).items() if k in {"email", "displayName"} and v}
    if not given.get("email"):
        return {"email": box.id}
    people = {str(one.get("email", "")).lower() for one in call.body.get("attendees") or []}
    if given["email"].lower() not in mine and not people & mine:
        text = "The owner of the calendar must either be the organizer or an attendee of an event that is imported."
        raise rules.invalid(text, "participantIsNeitherOrganizerNorAttendee", domain="calendar")
    return given


def _check_kept_kind(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Of what Gmail made and of birthdays little can be changed."""
    free = {
        "fromGmail": {"colorId", "reminders", "visibility", "transparency", "status", "attendees", "attachments"},
        "birthday": {"colorId", "summary", "reminders", "start", "end"},
    }.get(str(before.get("eventType")))
    if free is not None and rules.differing(before, after) - free - {"extendedProperties"}:
        text = "This property cannot be changed for events of this type."
        raise rules.invalid(text, "eventTypeRestriction", domain="calendar")
