"""An activity as an event or a task of the agenda. Pure.

The title has the request's number before it, the URL leads to the request; of what people add on phones nothing is
touched: only the fields that changed are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from crm.activity.model import CANCELLED, DONE, Activity
from crm.activity.times import Times, moments, times_of
from crm.mail.model import Party
from sync_engine.model import (
    CalendarUser,
    ContentLine,
    Details,
    Event,
    EventDetails,
    Moment,
    Params,
    Record,
    Task,
    TaskDetails,
)
from sync_engine.vtimezones import missing_zones

_NUMBER = re.compile(r"\[[A-Z]{0,8}-?\d{4}-\d+\]")
_LINK = re.compile(r"https?://\S+/requests/[A-Z0-9-]+")
_D = TypeVar("_D", bound=EventDetails | TaskDetails)

_NOBODY = Party("")
OURS_TO_MAIL: Params = (("SCHEDULE-AGENT", ("CLIENT",)),)
"""RFC 6638 7.1: no server may mail this person because the event is stored there."""


@dataclass(frozen=True, slots=True)
class About:
    """The request that an activity belongs to; nothing where it belongs to none."""

    number: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Who is invited, and by which mailbox."""

    organizer: Party = _NOBODY
    guests: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What an item says of an activity."""

    title: str
    text: str
    location: str
    times: Times | None  # None: a task, or an event without a start
    state: str  # planned, done, cancelled; "" where an event leaves that open
    done_at: datetime | None
    repeats: bool


# ---------------------------------------------------------------- from an activity


def new_record(
    activity: Activity, uid: str, about: About, location: str, people: People, now: datetime
) -> Event | Task:
    """Its item."""
    stamps = (_stamp("DTSTAMP", now), _stamp("CREATED", now), _stamp("LAST-MODIFIED", now))
    common = {
        "summary": summary(activity.title, about),
        "description": description(activity.text, about),
        "location": location,
        "url": about.url,
        "categories": (activity.kind.capitalize(),),
        "stamps": stamps,
    }
    when = times_of_activity(activity)
    if when is None:
        return _with_zones(Task(uid, _state(TaskDetails(**common), activity)))  # type: ignore[arg-type]
    start, end = moments(when)
    owner = _user(people.organizer, "") if people.guests else None
    guests = tuple(_user(guest, "NEEDS-ACTION") for guest in people.guests)
    master = EventDetails(**common, start=start, end=end, organizer=owner, attendees=guests)  # type: ignore[arg-type]
    return _with_zones(Event(uid, replace(master, status="CONFIRMED")))


def times_of_activity(activity: Activity) -> Times | None:
    """None: a task."""
    if activity.starts_at is None or activity.ends_at is None:
        return None
    return Times(activity.starts_at, activity.ends_at, activity.zone, activity.all_day)


def changed_record(
    record: Event | Task, before: Activity, after: Activity, about: About, location: str | None, now: datetime
) -> Event | Task:
    """What differs between two states of an activity, written into its item; all else stays as people made it."""
    master = record.master
    if isinstance(record, Event) and isinstance(master, EventDetails):
        changed = _touched(_shared(master, before, after, about, location), now)
        return _with_zones(replace(record, master=_moved(changed, before, after)))
    if isinstance(record, Task) and isinstance(master, TaskDetails):
        task = _touched(_shared(master, before, after, about, location), now)
        return replace(record, master=_state(task, after) if before.state != after.state else task)
    return record  # single occurrences of something: nothing of ours


def _shared(details: _D, before: Activity, after: Activity, about: About, location: str | None) -> _D:
    if before.title != after.title:
        details = replace(details, summary=summary(after.title, about))
    if before.text != after.text:
        details = replace(details, description=description(after.text, about))
    if before.kind != after.kind:
        others = tuple(name for name in details.categories if name != before.kind.capitalize())
        details = replace(details, categories=(after.kind.capitalize(), *others))
    return details if location is None else replace(details, location=location)


def _moved(details: EventDetails, before: Activity, after: Activity) -> EventDetails:
    when = times_of_activity(after)
    if when is None or when == times_of_activity(before):
        return details
    start, end = moments(when)
    kept = tuple(one for one in details.params if one[0] not in ("DTSTART", "DTEND", "DURATION"))
    return replace(details, start=start, end=end, duration="", params=kept)


def _state(details: TaskDetails, activity: Activity) -> TaskDetails:
    if activity.state == DONE:
        at = Moment((activity.done_at or activity.changed_at).astimezone(UTC).strftime("%Y%m%dT%H%M%S"), "UTC")
        return replace(details, status="COMPLETED", completed=at, percent_complete="100")
    return replace(details, status="NEEDS-ACTION", completed=None, percent_complete="")


def _touched(details: _D, now: datetime) -> _D:
    ours = ("DTSTAMP", "LAST-MODIFIED")
    stamps = tuple(line for line in details.stamps if line.name not in ours)
    return replace(details, sequence=details.sequence + 1, stamps=(*(_stamp(name, now) for name in ours), *stamps))


def _stamp(name: str, at: datetime) -> ContentLine:
    return ContentLine(name, at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))


def _user(party: Party, answer: str) -> CalendarUser:
    name = " ".join(party.name.replace('"', "'").split())
    said = {"CN": name, "PARTSTAT": answer, "RSVP": "TRUE" if answer else ""}
    params = (*OURS_TO_MAIL, *((key, (text,)) for key, text in said.items() if text))
    return CalendarUser(f"mailto:{party.address}", tuple(sorted(params)))


def people_in(record: Event | Task) -> People:
    """Who is invited to an event of ours, and by whom."""
    master = record.master
    if not isinstance(master, EventDetails) or master.organizer is None:
        return People()
    return People(party_of(master.organizer), tuple(party_of(one) for one in master.attendees))


def party_of(user: CalendarUser) -> Party:
    """The address in lower case, and the name."""
    name = next((" ".join(values) for key, values in user.params if key == "CN"), "")
    return Party(address_of(user), name)


def address_of(user: CalendarUser) -> str:
    """The mail address, lower case; "" of one that has none."""
    written = user.address.strip().lower()
    return written.removeprefix("mailto:").strip() if "@" in written else ""


_R = TypeVar("_R", bound=Event | Task)


def _with_zones(record: _R) -> _R:
    return replace(record, zones=record.zones + missing_zones(record))


# ---------------------------------------------------------------- words


def summary(title: str, about: About) -> str:
    """The title with the request's number before it."""
    return f"[{about.number}] {title}" if about.number else title


def description(text: str, about: About) -> str:
    """The text, and the request's address for programs that do not show the property URL."""
    return "\n\n".join(part for part in (text, about.url) if part)


def same_words(one: str, other: str) -> bool:
    """Equal but for white space: Exchange and others set it anew."""
    return one.split() == other.split()


def plain_title(title: str) -> str:
    """One line, without a request's number: after a merge that in the agenda is the old one."""
    return " ".join(_NUMBER.sub(" ", title, count=1).split())


def _text(description_: str, about: About) -> str:
    lines = description_.replace("\r\n", "\n").split("\n")
    return "\n".join(line for line in lines if not _is_link(line.strip(" <>"), about)).strip()


def _is_link(line: str, about: About) -> bool:
    return bool(line) and (line == about.url or _LINK.fullmatch(line) is not None)


# ---------------------------------------------------------------- from an item


def said_by(record: Record, activity: Activity, about: About) -> Said | None:
    """What an item says of its activity; None for one that says nothing: no master."""
    details: Details | None = None if not isinstance(record, Event | Task) else record.master
    if details is None or not isinstance(record, Event | Task):
        return None
    state, done_at, when = "", None, None
    if isinstance(details, EventDetails):
        state = CANCELLED if details.status == "CANCELLED" else ""
        when = times_of(details, record.zones, activity.zone)
    elif isinstance(details, TaskDetails):
        state, done_at = _progress(details)
    title = plain_title(details.summary) or activity.title
    repeats = bool(details.rules or details.recurrence_dates)
    return Said(title, _text(details.description, about), details.location, when, state, done_at, repeats)


def _progress(details: TaskDetails) -> tuple[str, datetime | None]:
    if details.status == "CANCELLED":
        return CANCELLED, None
    if details.status == "COMPLETED" or details.completed is not None or details.percent_complete == "100":
        return DONE, _completed_at(details)
    return "planned", None


def _completed_at(details: TaskDetails) -> datetime | None:
    if details.completed is None or details.completed.is_date:
        return None
    try:
        return datetime.strptime(details.completed.value[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
