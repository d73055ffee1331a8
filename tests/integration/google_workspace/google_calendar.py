"""A calendar at Google in its owner's hands: by the server's own handlers, as her browser would have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.google_workspace import calendar_series
from tests.servers.google_workspace.calendar_events import instance
from tests.servers.google_workspace.calendar_store import Box, Entry
from tests.servers.google_workspace.discovery import methods
from tests.servers.google_workspace.protocol import Call, Handler
from tests.servers.google_workspace.server import Google
from tests.servers.microsoft.meetings import Meeting

Json = dict[str, Any]
_ANSWERS = {"Accept": "accepted", "Decline": "declined", "Tentative": "tentative", "Unknown": "needsAction"}


@dataclass
class OwnCalendar:
    """One calendar of somebody's."""

    google: Google
    address: str
    id: str
    hands: Mapping[str, Handler] = field(init=False)  # the server's methods, before anybody listens to them

    def __post_init__(self) -> None:
        self.hands = dict(self.google.handlers)

    @property
    def stored(self) -> Box:
        """As the server has it."""
        return self.google.calendar.box(self.id)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """What lives in it, exceptions too, by id."""
        return {one.id: one for one in self.google.calendar.events(self.id)}

    def insert(self, body: Json) -> Json:
        """A new event."""
        return self._do("insert", body)

    def patch(self, name: str, body: Json) -> Json:
        """Some properties; null clears."""
        return self._do("patch", body, eventId=name)

    def delete(self, name: str) -> None:
        """An event, a series, or one of its instances."""
        self._do("delete", {}, eventId=name)

    def change(self, entry: Entry, body: Json) -> Entry:
        """Whatever Google would say to it: a guest's copy too."""
        with self.google.world.lock:
            changed = {name: value for name, value in {**entry.body, **body}.items() if value is not None}
            return self.google.calendar.calendars.touch(self.stored, replace(entry, body=changed))

    def instance(self, series: Entry, day: str) -> str:
        """The name of the one that the series has on a day (ISO)."""
        start = series.start
        if start.day is not None:
            return f"{series.id}_{date.fromisoformat(day):%Y%m%d}"
        zone = ZoneInfo(start.zone or self.stored.zone)
        at = datetime.combine(date.fromisoformat(day), start.wall(self.stored.zone).time(), zone)
        return f"{series.id}_{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def apart(self, event: Entry) -> Iterator[Entry]:
        """All instances that take place."""
        if not event.recurring:
            yield event
            return
        kept = self.stored.entries
        for original in calendar_series.times(event.body["recurrence"], event.start):
            made = instance(self.stored, event, original)
            if not (found := kept.get(made.id, made)).cancelled:
                yield found

    def _do(self, name: str, body: Json, **params: str) -> Json:
        method = next(one for one in methods() if one.id == f"calendar.events.{name}")
        given = {"calendarId": self.id, "sendUpdates": "none", **params}
        call = Call(method, self.google.world.user(self.address), given, body, {}, self.google.url)
        with self.google.world.lock:
            return dict(self.hands[method.id](call).body or {})


@dataclass
class MeetingBox:
    """The calendar, as a meeting (tests/servers/microsoft/meetings.py) is in it."""

    own: OwnCalendar

    @property
    def address(self) -> str:
        """Of its owner."""
        return self.own.address

    @property
    def name(self) -> str:
        """Of its owner."""
        return self.own.google.world.user(self.own.address).name

    def create(self, folder: str, fields: Json, uid: str) -> Entry:
        """A copy of it."""
        return self.own.google.calendar.put(self.own.id, **fields, iCalUID=uid)

    def update(self, name: str, fields: Json) -> None:
        """What it says now."""
        body = {name: value for name, value in fields.items() if name not in {"organizer", "status"}}
        if fields.get("status") == "cancelled":
            self.delete(name)
        else:
            self.own.change(self.own.stored.entries[name], body)

    def delete(self, name: str) -> None:
        """Take it out, whoever organises it."""
        self.own.delete(name)

    def said(self, meeting: Meeting) -> Json:
        """The fields of an event."""
        plan, organizer = meeting.plan, meeting.organizer
        guests = [{"email": who, "responseStatus": _ANSWERS[said]} for who, said in meeting.answers.items()]
        first = {"email": organizer.address, "displayName": organizer.name, "responseStatus": "accepted"}
        weekly = [f"RRULE:FREQ=WEEKLY;COUNT={plan.weeks}"] if plan.weeks else None
        said = {
            "summary": plan.subject,
            "location": plan.location or None,
            "organizer": {"email": organizer.address, "displayName": organizer.name},
            "attendees": [first, *guests],
            "recurrence": weekly,
            "status": "cancelled" if plan.cancelled else "confirmed",
            **self.times(meeting, plan.start, plan.end),
        }
        return {name: value for name, value in said.items() if value is not None}

    def times(self, meeting: Meeting, start: datetime, end: datetime) -> Json:
        """Of it, or of one of its days."""
        walls = {"start": start, "end": end}
        zone = meeting.plan.iana
        return {name: {"dateTime": wall.isoformat(), "timeZone": zone} for name, wall in walls.items()}

    def named(self, meeting: Meeting, day: str) -> str:
        """What an occurrence is called."""
        return self.own.instance(meeting.of(self), day)

    def change_occurrence(self, series: str, name: str, fields: Json) -> None:
        """On one day it is otherwise, for all."""
        stored = self.own.stored
        original = next(one for one in self.own.apart(stored.entries[series]) if one.id == name)
        self.own.change(original, fields)

    def cancel_occurrence(self, series: str, name: str) -> None:
        """On one day it is not."""
        original = next(one for one in self.own.apart(self.own.stored.entries[series]) if one.id == name)
        self.own.change(original, {"status": "cancelled"})
