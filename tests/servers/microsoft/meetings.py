"""A meeting that is in mailboxes of both fronts: one UID, own ids, and what its people do with it in Outlook.

A company may have some mailboxes in its own Exchange and others in Microsoft 365. Each mailbox is served by one
front, so a record is kept in that front's shape (`Mailbox.speaks`); only meetings are between mailboxes, and this is
where they are said in both. A guest, or the organiser, may be at another system altogether (`Elsewhere`). Nothing here
is a request: no mail is noted for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sync_engine.windows_zones import WINDOWS_ZONES
from tests.servers.microsoft.ews_xml import Element, instant, local, stored, t
from tests.servers.microsoft.mailbox import Fields, Item, Mailbox

_GRAPH_ANSWERS = {"Accept": "accepted", "Decline": "declined", "Tentative": "tentativelyAccepted", "Unknown": "none"}


@dataclass
class Plan:
    """What the organiser says of it."""

    subject: str
    start: datetime  # naive, by the clock on the wall in `zone`
    end: datetime
    zone: str = "W. Europe Standard Time"
    weeks: int = 0  # how often it repeats each week; 0: once
    location: str = ""
    cancelled: bool = False

    @property
    def iana(self) -> str:
        """The zone, as everybody but Windows names it."""
        return WINDOWS_ZONES.get(self.zone, self.zone)

    def aware(self, at: datetime) -> datetime:
        """The point in time."""
        return at.replace(tzinfo=ZoneInfo(self.iana)).astimezone(UTC)


class Elsewhere(Protocol):
    """A mailbox at another system than Microsoft's; the first five as `Mailbox` has them."""

    @property
    def address(self) -> str: ...

    @property
    def name(self) -> str: ...

    def create(self, folder: str, fields: Fields, uid: str) -> Any: ...

    def update(self, name: str, fields: Fields) -> Any: ...

    def delete(self, name: str) -> Any: ...

    def change_occurrence(self, series: str, name: str, fields: Fields) -> Any: ...

    def cancel_occurrence(self, series: str, name: str) -> Any: ...

    def said(self, meeting: Meeting) -> Fields:
        """The fields of its copy."""

    def times(self, meeting: Meeting, start: datetime, end: datetime) -> Fields:
        """Those of an occurrence that is at another time."""

    def named(self, meeting: Meeting, day: str) -> str:
        """What an occurrence is called."""


Box = Mailbox | Elsewhere


@dataclass
class Meeting:
    """Its copies: in the organiser's mailbox, unless it was cancelled, and in the guests'."""

    uid: str
    plan: Plan
    organizer: Box
    answers: dict[str, str]  # address of a guest -> Accept, Decline, Tentative, Unknown
    copies: list[tuple[Box, Any]] = field(default_factory=list)

    def of(self, mailbox: Box) -> Any:
        """The copy in a mailbox."""
        return next(item for box, item in self.copies if box == mailbox)

    def change(self, **what: Any) -> None:
        """The organiser says something else of it, and everybody's Outlook has taken that over."""
        for name, value in what.items():
            setattr(self.plan, name, value)
        for _box, item in self.copies if {"start", "end", "zone", "weeks"} & set(what) else ():
            if isinstance(item, Item):
                item.exceptions.clear()
                item.cancelled.clear()
        self._write()

    def answer(self, guest: Box, said: str) -> None:
        """Accept, Decline or Tentative; the organiser's Outlook has seen it."""
        self.answers[guest.address] = said
        self._write()

    def move_one(self, day: str, start: datetime, end: datetime) -> None:
        """Of a series: the occurrence of this day (ISO, where the rule has it) is at another time for all."""
        for box, item in self.copies:
            box.change_occurrence(item.id, *self._moved(box, day, start, end))

    def cancel_one(self, day: str) -> None:
        """Of a series: not on this day."""
        for box, item in self.copies:
            box.cancel_occurrence(item.id, self._name_of(box, day))

    def cancel(self) -> None:
        """It is gone at the organiser's, and marked as cancelled at the guests'."""
        self.organizer.delete(self.of(self.organizer).id)
        self.copies = [(box, item) for box, item in self.copies if box != self.organizer]
        self.plan.cancelled = True
        self._write()

    def _write(self) -> None:
        for box, item in self.copies:
            box.update(item.id, _fields(self, box))

    def _name_of(self, box: Box, day: str) -> str:
        """What the front calls an occurrence: Graph by its day, EWS by its start."""
        if not isinstance(box, Mailbox):
            return box.named(self, day)
        if box.speaks == "graph":
            return day
        return instant(self.plan.aware(datetime.combine(date.fromisoformat(day), self.plan.start.time())))

    def _moved(self, box: Box, day: str, start: datetime, end: datetime) -> tuple[str, Fields]:
        if not isinstance(box, Mailbox):
            return box.named(self, day), box.times(self, start, end)
        if box.speaks == "graph":
            return day, {"start": _wall(self.plan, start), "end": _wall(self.plan, end)}
        times = [t("Start", instant(self.plan.aware(start))), t("End", instant(self.plan.aware(end)))]
        return self._name_of(box, day), _by_name(times)


def hold(organizer: Box, guests: Sequence[Box], plan: Plan) -> Meeting:
    """A meeting that is in all these mailboxes already, in their calendars."""
    uid = f"040000008200E00074C5B7101A82E008{uuid.uuid4().hex.upper()}"
    made = Meeting(uid, plan, organizer, {guest.address: "Unknown" for guest in guests})
    made.copies = [(box, box.create("calendar", _fields(made, box), uid=uid)) for box in [organizer, *guests]]
    return made


def _fields(meeting: Meeting, box: Box) -> Fields:
    if not isinstance(box, Mailbox):
        return box.said(meeting)
    return _graph(meeting, box) if box.speaks == "graph" else _ews(meeting, box)


def _graph(meeting: Meeting, box: Mailbox) -> Fields:
    plan, mine = meeting.plan, box is meeting.organizer
    answered = "organizer" if mine else _GRAPH_ANSWERS[meeting.answers[box.address]]
    people = [
        {"emailAddress": _person(who), "type": "required", "status": {"response": _GRAPH_ANSWERS[said]}}
        for who, said in meeting.answers.items()
    ]
    days = [plan.start.strftime("%A").lower()]
    span = {"type": "numbered", "startDate": plan.start.date().isoformat(), "numberOfOccurrences": plan.weeks}
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": days, "firstDayOfWeek": "monday"}
    return {
        "subject": plan.subject,
        "start": _wall(plan, plan.start),
        "end": _wall(plan, plan.end),
        "recurrence": {"pattern": pattern, "range": span} if plan.weeks else None,
        "location": {"displayName": plan.location},
        "organizer": {"emailAddress": _person(meeting.organizer.address, meeting.organizer.name)},
        "isOrganizer": mine,
        "isCancelled": plan.cancelled,
        "attendees": people,
        "responseStatus": {"response": answered},
    }


def _wall(plan: Plan, at: datetime) -> dict[str, str]:
    return {"dateTime": at.isoformat(timespec="seconds"), "timeZone": plan.zone}


def _person(address: str, name: str = "") -> dict[str, str]:
    return {"name": name or address, "address": address}


def _ews(meeting: Meeting, box: Mailbox) -> Fields:
    plan, mine = meeting.plan, box is meeting.organizer
    guests = [t("Attendee", _mailbox("Mailbox", who), t("ResponseType", said)) for who, said in meeting.answers.items()]
    owner = t("Organizer", _mailbox("Mailbox", meeting.organizer.address, meeting.organizer.name))
    answered = "Organizer" if mine else meeting.answers[box.address].replace("Unknown", "NoResponseReceived")
    parts = [
        t("Subject", plan.subject),
        t("Start", instant(plan.aware(plan.start))),
        t("End", instant(plan.aware(plan.end))),
        t("Location", plan.location),
        t("IsCancelled", "true" if plan.cancelled else "false"),
        t("MyResponseType", answered),
        owner,
        t("RequiredAttendees", *guests),
        t("StartTimeZone", Id=plan.zone),
        t("EndTimeZone", Id=plan.zone),
    ]
    return _by_name([*parts, _weekly(plan)] if plan.weeks else parts)


def _weekly(plan: Plan) -> Element:
    day = plan.start.strftime("%A")
    pattern = t("WeeklyRecurrence", t("Interval", "1"), t("DaysOfWeek", day), t("FirstDayOfWeek", "Monday"))
    begins, times = t("StartDate", plan.start.date().isoformat()), t("NumberOfOccurrences", str(plan.weeks))
    return t("Recurrence", pattern, t("NumberedRecurrence", begins, times))


def _mailbox(name: str, address: str, shown: str = "") -> Element:
    return t(name, t("Name", shown or address), t("EmailAddress", address), t("RoutingType", "SMTP"))


def _by_name(parts: Sequence[Element]) -> Fields:
    return {local(part): stored(part) for part in parts}
