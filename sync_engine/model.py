"""The records: what the hub knows of a contact, an event and a task.

Records are frozen values. What is modelled has a field; every other content line is kept verbatim in ``extra`` and
written back, and parameters of modelled properties that have no field are kept beside them. Two records are equal when
a person would call them the same item: stamps (DTSTAMP, REV, PRODID ...) take no part in comparison.

Values are *decoded* (no backslash escapes, no folding) except in ``ContentLine.value``, which is the text as written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """What an item is. A collection holds one or more kinds."""

    CONTACT = "contact"
    EVENT = "event"
    TASK = "task"


Params: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Parameters of a content line: (NAME in upper case, values as written without quotes), sorted by name."""


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One unfolded property line (RFC 5545 3.1, RFC 6350 3.3)."""

    name: str  # upper case: names are case-insensitive
    value: str  # as written, escapes and all
    params: Params = ()
    written: str = field(default="", compare=False)  # the name as written, where that is not upper case (X-ABLabel)
    group: str = field(default="", compare=False)  # "item1"; a name for rendering only, renumbered when two cards meet
    companions: tuple[ContentLine, ...] = ()  # the other lines of its group (X-ABLabel, X-ABADR), without the group


@dataclass(frozen=True, slots=True)
class Component:
    """A component that is kept as it is: VALARM, VTIMEZONE, X-anything."""

    name: str  # upper case
    lines: tuple[ContentLine, ...] = ()
    components: tuple[Component, ...] = ()


FieldParams: TypeAlias = tuple[tuple[str, Params], ...]
"""Parameters of single-valued modelled properties that have no field of their own: (PROPERTY, parameters), sorted."""


# ---------------------------------------------------------------- contacts


@dataclass(frozen=True, slots=True)
class Name:
    """Property N. Each part is a list (RFC 6350 6.2.2)."""

    family: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Labelled:
    """One e-mail address, phone number, web address or chat handle with what it is for."""

    value: str
    types: tuple[str, ...] = ()  # lower case, sorted, without "pref": home, work, cell, internet ...
    preferred: bool = False  # TYPE=pref or PREF=1
    params: Params = ()  # all other parameters
    companions: tuple[ContentLine, ...] = ()
    group: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Property ADR. Each part is a list (RFC 6350 6.3.1)."""

    po_box: tuple[str, ...] = ()
    extended: tuple[str, ...] = ()
    street: tuple[str, ...] = ()
    locality: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    postal_code: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    preferred: bool = False
    params: Params = ()
    companions: tuple[ContentLine, ...] = ()
    group: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture, in the card or elsewhere. Exactly one of data and uri is set."""

    data: str = ""  # base64 without white space
    uri: str = ""
    media_type: str = ""  # "image/jpeg"; empty when the card does not say
    params: Params = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or a company: one vCard."""

    uid: str
    full_name: str = ""  # FN
    name: Name = Name()  # N
    kind: str = ""  # KIND or X-ADDRESSBOOKSERVER-KIND, lower case: individual, org, group
    nicknames: tuple[str, ...] = ()
    organization: tuple[str, ...] = ()  # ORG: company, then units
    title: str = ""
    role: str = ""
    emails: tuple[Labelled, ...] = ()
    phones: tuple[Labelled, ...] = ()
    addresses: tuple[Address, ...] = ()
    urls: tuple[Labelled, ...] = ()
    chats: tuple[Labelled, ...] = ()  # IMPP
    birthday: str = ""  # BDAY as written: 1985-04-12, 19850412, --0412 or text
    anniversary: str = ""
    note: str = ""
    categories: tuple[str, ...] = ()
    photo: Photo | None = None
    params: FieldParams = ()
    extra: tuple[ContentLine, ...] = ()
    version: str = field(default="3.0", compare=False)  # of the vCard it was read from and is written as: 3.0 or 4.0
    stamps: tuple[ContentLine, ...] = field(default=(), compare=False)  # REV, PRODID


# ---------------------------------------------------------------- events and tasks


@dataclass(frozen=True, slots=True)
class Moment:
    """A DATE, DATE-TIME or (in RDATE) PERIOD value (RFC 5545 3.3.4, 3.3.5, 3.3.9), with its zone by name."""

    value: str  # 20260131, 20260131T090000 (never with Z), 20260131T090000/PT1H
    zone: str = ""  # TZID as written; "UTC" for a value with Z; "" for dates and floating times

    @property
    def is_date(self) -> bool:
        """All-day values have no time."""
        return len(self.value) == 8


@dataclass(frozen=True, slots=True)
class CalendarUser:
    """ORGANIZER or one ATTENDEE."""

    address: str  # as written: mailto:ada@example.org
    params: Params = ()  # CN, PARTSTAT, ROLE, RSVP ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an event and a task have in common: one VEVENT or VTODO of the set that shares a UID."""

    recurrence_id: Moment | None = None  # None in the master
    this_and_future: bool = False  # RANGE=THISANDFUTURE
    start: Moment | None = None
    duration: str = ""  # as written: PT1H
    summary: str = ""
    description: str = ""
    location: str = ""
    status: str = ""  # upper case
    classification: str = ""  # CLASS, upper case: PUBLIC, PRIVATE, CONFIDENTIAL
    priority: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    organizer: CalendarUser | None = None
    attendees: tuple[CalendarUser, ...] = ()
    rules: tuple[str, ...] = ()  # RRULE values, upper case, FREQ first and the other parts sorted
    recurrence_dates: tuple[Moment, ...] = ()  # RDATE
    exception_dates: tuple[Moment, ...] = ()  # EXDATE
    alarms: tuple[Component, ...] = ()
    attachments: tuple[ContentLine, ...] = ()
    params: FieldParams = ()
    extra: tuple[ContentLine, ...] = ()
    components: tuple[Component, ...] = ()  # any but VALARM
    sequence: int = field(default=0, compare=False)
    stamps: tuple[ContentLine, ...] = field(default=(), compare=False)  # DTSTAMP, CREATED, LAST-MODIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetails(Details):
    """One VEVENT."""

    end: Moment | None = None
    transparency: str = ""  # TRANSP: OPAQUE, TRANSPARENT


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDetails(Details):
    """One VTODO."""

    due: Moment | None = None
    completed: Moment | None = None
    percent_complete: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An appointment with all that shares its UID: the master and its overrides, by RECURRENCE-ID.

    An invitation to single occurrences has overrides and no master.
    """

    uid: str
    master: EventDetails | None = None
    overrides: tuple[EventDetails, ...] = ()  # sorted by recurrence_id
    extra: tuple[ContentLine, ...] = ()  # properties of the VCALENDAR itself, such as X-WR-CALNAME
    zones: tuple[Component, ...] = field(default=(), compare=False)  # the VTIMEZONEs, verbatim
    stamps: tuple[ContentLine, ...] = field(default=(), compare=False)  # PRODID, VERSION, CALSCALE, METHOD


@dataclass(frozen=True, slots=True)
class Task:
    """A to-do with all that shares its UID."""

    uid: str
    master: TaskDetails | None = None
    overrides: tuple[TaskDetails, ...] = ()
    extra: tuple[ContentLine, ...] = ()
    zones: tuple[Component, ...] = field(default=(), compare=False)
    stamps: tuple[ContentLine, ...] = field(default=(), compare=False)


Record: TypeAlias = Contact | Event | Task


def kind_of(record: Record) -> Kind:
    """The kind of a record."""
    if isinstance(record, Contact):
        return Kind.CONTACT
    return Kind.EVENT if isinstance(record, Event) else Kind.TASK


def title_of(record: Record) -> str:
    """What a person calls this item, for messages and lists; never empty."""
    if isinstance(record, Contact):
        named = (record.full_name, " ".join(record.organization), *(e.value for e in record.emails))
        return next((n for n in named if n.strip()), "(contact without a name)")
    details = record.master or next(iter(record.overrides), None)
    return (details.summary if details else "") or "(without a title)"


def starts_of(record: Record) -> str:
    """When an event starts or a task is due, as written; empty for contacts and tasks without a date."""
    if isinstance(record, Contact):
        return ""
    details = record.master or next(iter(record.overrides), None)
    moment = details.start if details else None
    if isinstance(details, TaskDetails):
        moment = details.due or moment
    return moment.value if moment else ""
