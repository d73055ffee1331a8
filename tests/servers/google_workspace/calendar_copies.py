"""Whoever is invited and has an account finds the event in his calendar, with what he has for himself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.servers.google_workspace.calendar_store import CANCELLED, Box, Calendars, Entry
from tests.servers.google_workspace.calendar_view import is_organizer
from tests.servers.google_workspace.discovery import Json

_OWN = ("reminders", "colorId", "transparency", "visibility")


class Copies:
    """Between the calendar of the organiser and those of the guests."""

    def __init__(self, calendars: Calendars) -> None:
        self.calendars = calendars

    def spread(self, box: Box, entry: Entry) -> None:
        """After any change of an entry: imported and private copies stay alone."""
        if entry.body.get("privateCopy"):
            return
        if is_organizer(box, entry):
            for address in list(self.calendars.world.users):
                if address != box.id:
                    self._to_guest(address, entry)
        else:
            self._to_organizer(box, entry)

    def _to_guest(self, address: str, entry: Entry) -> None:
        other = self.calendars.boxes[address]
        there = other.entries.get(entry.id)
        if entry.cancelled or entry.guest(address) is None:
            series = other.entries.get(entry.master)
            if there is not None and not there.cancelled:
                there.body = {**there.body, "status": CANCELLED}
                self.calendars.touch(other, there)
            elif there is None and series is not None and not series.cancelled:
                self.calendars.touch(other, _copy(entry, {**entry.body, "status": CANCELLED}))
            return
        if there is not None and there.cancelled and (entry.guest(address) or {}).get("responseStatus") == "declined":
            return  # this guest took it out himself
        body = _shared(entry, there)
        if there is None or there.body != body or there.sequence != entry.sequence:
            self.calendars.touch(other, _copy(entry, body))

    def _to_organizer(self, box: Box, entry: Entry) -> None:
        """The answer of a guest: of who takes it out of his calendar, that he does not come."""
        guest = entry.guest(box.id)
        home = self.calendars.boxes.get(str(entry.organizer.get("email", "")).lower())
        original = home.entries.get(entry.id) if home else None
        if guest is None or home is None or original is None or original.cancelled:
            return
        answer = {**guest, **({"responseStatus": "declined"} if entry.cancelled else {})}
        guests = [answer if one.get("email") == guest["email"] else one for one in original.body["attendees"]]
        if guests != original.body["attendees"]:
            original.body = {**original.body, "attendees": guests}
            self.calendars.touch(home, original)
            self._to_the_others(home, original, box.id)

    def _to_the_others(self, home: Box, original: Entry, but: str) -> None:
        for address in list(self.calendars.world.users):
            if address not in {home.id, but}:
                self._to_guest(address, original)


def _shared(entry: Entry, there: Entry | None) -> Json:
    """What all have, with what this guest has for himself."""
    body = {name: value for name, value in entry.body.items() if name not in {*_OWN, "extendedProperties", "colorId"}}
    own: Mapping[str, Any] = there.body if there else {"reminders": {"useDefault": True}}
    body |= {name: own[name] for name in _OWN if name in own}
    hidden = {
        "private": own.get("extendedProperties", {}).get("private", {}),
        "shared": entry.body.get("extendedProperties", {}).get("shared", {}),
    }
    hidden = {sort: values for sort, values in hidden.items() if values}
    return body | ({"extendedProperties": hidden} if hidden else {})


def _copy(entry: Entry, body: Json) -> Entry:
    at, original = entry.updated, entry.original
    copy = Entry(entry.id, entry.ical_uid, body, entry.organizer, entry.creator, entry.created, at, "", 0)
    copy.sequence, copy.master, copy.original = entry.sequence, entry.master, original
    return copy
