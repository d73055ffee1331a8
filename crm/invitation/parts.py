"""What a calendar part of a mail says (RFC 5546). Pure; whatever the text is, there is an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from crm.activity.records import address_of
from crm.mail.model import CalendarPart
from storage.crm.invitation_rows import EPOCH
from storage.limits import LONGEST_ID, clean
from sync_engine.errors import ItemError
from sync_engine.formats import parse, split
from sync_engine.model import CalendarUser, Event, EventDetails
from sync_engine.occurrence_ids import begin_of
from sync_engine.recurrence_limits import check
from sync_engine.zones import resolve

_LARGEST = 1024 * 1024  # characters of a part
_MOST_EVENTS = 20  # of one part
_MOST_PEOPLE, _MOST_OVERRIDES, _MOST_ZONES = 500, 500, 20  # of one event
_METHODS = ("REQUEST", "REPLY", "CANCEL", "COUNTER", "REFRESH", "ADD", "DECLINECOUNTER", "PUBLISH")
_LARGEST_SEQUENCE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a part."""

    method: str  # upper case
    event: Event
    uid: str
    occurrence: str  # RECURRENCE-ID of the first occurrence; "": all of the event
    sequence: int
    stamped_at: datetime
    organizer: str  # address, lower case; "" where none is named
    sent_by: str  # who acts for the organiser
    attendee: str  # of a reply; "" unless exactly one is named
    summary: str
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A part, or one of its events, that nothing can be made of."""

    method: str
    reason: str


def told_by(part: CalendarPart) -> Iterator[Told | Unread]:
    """Each event of a part."""
    method = clean(part.method.upper())[:20]
    if method not in _METHODS:
        yield Unread(method, "Its method is none that calendars exchange.")
    elif len(part.text) > _LARGEST:
        yield Unread(method, f"It has more than {_LARGEST:,} characters.")
    else:
        texts = split(part.text)
        yield from (_told(method, text) for text in texts[:_MOST_EVENTS])
        if not texts or len(texts) > _MOST_EVENTS:
            said = f"It has more than {_MOST_EVENTS} events; the others were not read." if texts else "It is empty."
            yield Unread(method, said)


def _told(method: str, text: str) -> Told | Unread:
    try:
        record = parse(text)
        if not isinstance(record, Event):
            return Unread(method, "It is about a task or a card, and not an appointment.")
        problem = _too_much(record)
        check(record)
    except ItemError as err:
        return Unread(method, f"It cannot be read: {err}")
    first = record.master or next(iter(record.overrides), None)
    if problem or first is None:
        return Unread(method, problem or "There is no appointment in it.")
    return _of(method, record, first)


def _too_much(event: Event) -> str:
    parts = _details(event)
    if len(event.uid) > LONGEST_ID or clean(event.uid) != event.uid:
        return "Its UID cannot be stored."
    if len(event.zones) > _MOST_ZONES:
        return f"It describes more than {_MOST_ZONES} time zones."
    if any(len(details.attendees) > _MOST_PEOPLE for details in parts):
        return f"It has more than {_MOST_PEOPLE} attendees."
    return f"It has more than {_MOST_OVERRIDES} changed occurrences." if len(parts) > _MOST_OVERRIDES else ""


def _of(method: str, event: Event, first: EventDetails) -> Told:
    begin = begin_of(first)
    people = {address_of(user) for details in _details(event) for user in details.attendees} - {""}
    recurrence_id = first.recurrence_id
    return Told(
        method=method,
        event=event,
        uid=event.uid,
        occurrence="" if event.master or recurrence_id is None else recurrence_id.value[:40],
        sequence=max(0, min(first.sequence, _LARGEST_SEQUENCE)),
        stamped_at=stamp_of(first),
        organizer=address_of(first.organizer) if first.organizer else "",
        sent_by=sent_by(first.organizer) if first.organizer else "",
        attendee=next(iter(people)) if len(people) == 1 else "",
        summary=" ".join(clean(first.summary).split()),
        starts_at=resolve(begin, event.zones) if begin else None,
    )


def _details(event: Event) -> list[EventDetails]:
    return [*([event.master] if event.master else []), *event.overrides]


def stamp_of(details: EventDetails) -> datetime:
    """DTSTAMP; without one that can be read the oldest of all."""
    written = next((line.value for line in details.stamps if line.name == "DTSTAMP"), "")
    try:
        return datetime.strptime(written[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return EPOCH


def sent_by(user: CalendarUser) -> str:
    """The address of SENT-BY, lower case."""
    written = next((" ".join(values) for name, values in user.params if name == "SENT-BY"), "")
    return written.strip().strip('"').lower().removeprefix("mailto:").strip()
