"""What an invitation says, and what of an event is each calendar's own (RFC 5546 3.2, RFC 6638 3.2). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from dav_gateway.scheduling.people import key_of, param, with_params
from sync_engine.errors import ItemError
from sync_engine.model import CalendarUser, Component, ContentLine, Event, EventDetails, Moment
from sync_engine.occurrence_ids import begin_of, occurrence
from sync_engine.recurrence import duration, expanded, instances, span
from sync_engine.rules import Budget
from sync_engine.zones import local_time, resolve, wall_clock, zone_for

_LINES = frozenset(("COMMENT", "CONFERENCE", "CONTACT", "EXRULE", "GEO", "IMAGE", "RELATED-TO", "RESOURCES"))
_LINE_BEGINNINGS = ("X-APPLE-STRUCTURED-LOCATION", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMS")
_FOR_THE_SERVER = ("SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND")
_OF_A_PERSON = ("CN", "CUTYPE", "ROLE", "MEMBER", "DELEGATED-TO", "DELEGATED-FROM")


def is_told(line: ContentLine) -> bool:
    """Whether a property that has no field is part of an invitation."""
    return line.name in _LINES or line.name.startswith(_LINE_BEGINNINGS)


def outward(one: EventDetails, now: datetime) -> EventDetails:
    """A component as others get it: without reminders, categories and what is said to the server alone."""
    return replace(
        one,
        organizer=_plain(one.organizer) if one.organizer else None,
        attendees=tuple(_plain(user) for user in one.attendees),
        categories=(),
        alarms=(),
        components=(),
        extra=tuple(line for line in one.extra if is_told(line)),
        stamps=(stamp(now),),
    )


def stamp(now: datetime) -> ContentLine:
    """DTSTAMP: when the message was made."""
    return ContentLine("DTSTAMP", now.strftime("%Y%m%dT%H%M%SZ"))


def _plain(user: CalendarUser) -> CalendarUser:
    return replace(user, params=tuple(one for one in user.params if one[0] not in _FOR_THE_SERVER))


def told(one: EventDetails | None) -> EventDetails | None:
    """What is worth a message when it changes: answers and stamps are not; comparable."""
    if one is None:
        return None
    out = outward(one, _NEVER)
    people = sorted((_named(user) for user in out.attendees), key=lambda user: user.address)
    return replace(
        out,
        description=" ".join(out.description.split()),
        organizer=replace(_named(out.organizer), params=()) if out.organizer else None,
        attendees=tuple(people),
        transparency="",
        params=(),
    )


_NEVER = datetime(1970, 1, 1)  # noqa: DTZ001 - stamps take no part in comparison


def _named(user: CalendarUser) -> CalendarUser:
    kept = tuple(one for one in user.params if one[0] in _OF_A_PERSON)
    return CalendarUser(key_of(user.address), kept)


def differs(before: Event | None, after: Event | None) -> bool:
    """Whether two versions of what somebody is invited to say something else."""
    return _all_told(before) != _all_told(after)


def _all_told(event: Event | None) -> tuple[EventDetails | None, frozenset[tuple[datetime, EventDetails | None]]]:
    if event is None:
        return None, frozenset()
    return told(event.master), frozenset((at, told(one)) for at, one in instants(event).items())


# ---------------------------------------------------------------- occurrences


def instant_of(event: Event, moment: Moment) -> datetime:
    """The occurrence that a RECURRENCE-ID or EXDATE of this event means."""
    return occurrence(moment, begin_of(event.master) if event.master else None, event.zones)


def instants(event: Event) -> dict[datetime, EventDetails]:
    """The overrides by the occurrence they stand for."""
    return {instant_of(event, one.recurrence_id): one for one in event.overrides if one.recurrence_id}


def excluded(event: Event | None) -> dict[datetime, Moment]:
    """The EXDATEs by the occurrence they take away."""
    if event is None or event.master is None:
        return {}
    return {instant_of(event, moment): moment for moment in event.master.exception_dates}


def single(master: EventDetails, at: Moment) -> EventDetails:
    """An override that says of one occurrence what the series says."""
    end = master.end
    if master.start and end and not master.duration:
        length = local_time(end) - local_time(master.start)
        form = "%Y%m%d" if end.is_date else "%Y%m%dT%H%M%S"
        end = replace(end, value=(local_time(at) + length).strftime(form))
    return replace(
        master, recurrence_id=at, start=at, end=end, rules=(), recurrence_dates=(), exception_dates=(), params=()
    )


def takes_place(event: Event, at: datetime) -> bool:
    """Whether the series has an occurrence that begins then, all-day and floating ones as if they were in UTC."""
    alone = replace(event, overrides=())
    return any(start == at for start, _, _ in instances(alone, at, at + timedelta(seconds=1)))


def moment_at(event: Event, moment: Moment) -> Moment:
    """The same occurrence in the zone and value type of the series, as RFC 5545 3.8.4.4 wants a RECURRENCE-ID."""
    first = begin_of(event.master) if event.master else None
    if first is None or (first.zone, first.is_date) == (moment.zone, moment.is_date):
        return moment
    at = instant_of(event, moment)
    if first.is_date:
        return Moment(local_time(moment).strftime("%Y%m%d"))
    if first.zone in ("", "UTC"):
        return Moment(at.strftime("%Y%m%dT%H%M%S"), first.zone)
    return Moment(wall_clock(at, zone_for(first, event.zones)).strftime("%Y%m%dT%H%M%S"), first.zone)


_FAR = timedelta(days=4000)
_MOST_STEPS = 20_000  # of looking for occurrences; a series that takes more is compared by its text


def rescheduled(before: EventDetails, after: EventDetails, zones: tuple[Component, ...] = ()) -> bool:
    """Whether it takes place at other times: whoever said yes is asked again (RFC 6638 3.2.8).

    Occurrences that are taken away (EXDATE, a series that ends sooner, an RDATE that goes) are no reason; those that
    come to it, or come back, are.
    """
    if _times(before) == _times(after) and _series(before) == _series(after):
        return False
    if _times(before) != _times(after) and when(before, zones) != when(after, zones):
        return True
    try:
        return not _within(Event("", after, zones=zones), Event("", before, zones=zones))
    except ItemError:  # more work than it is worth
        return True


def when(one: EventDetails, zones: tuple[Component, ...]) -> tuple[object, ...]:
    """Start and end, however they are written."""
    if one.start is None:
        return None, None, None
    start = resolve(one.start, zones)
    if one.end is not None:
        return start, one.start.is_date, resolve(one.end, zones)
    length = duration(one.duration) or timedelta(days=one.start.is_date)
    return start, one.start.is_date, start + length


def _times(one: EventDetails) -> tuple[object, ...]:
    return one.start, one.end, one.duration


def _series(one: EventDetails) -> tuple[frozenset[object], ...]:
    return frozenset(one.rules), frozenset(one.recurrence_dates), frozenset(one.exception_dates)


def _within(fewer: Event, more: Event) -> bool:
    """Whether each occurrence of one series is one of the other; of endless ones those of ten years."""
    ends, other = span(fewer), span(more)
    if ends is None or other is None:
        return ends is None
    if ends[1] is None and other[1] is not None:
        return False
    till = ends[1] or ends[0] + _FAR
    known = _starts(more, ends[0], till)
    return _starts(fewer, ends[0], till) <= known


def _starts(event: Event, begin: datetime, till: datetime) -> set[datetime]:
    return {one.original for one in expanded(event, begin, till + timedelta(seconds=1), budget=Budget(_MOST_STEPS))}


def answer_of(user: CalendarUser | None) -> str:
    """PARTSTAT, upper case; NEEDS-ACTION where nothing is said."""
    return (param(user, "PARTSTAT") if user else "") or "NEEDS-ACTION"


def asked_again(user: CalendarUser) -> CalendarUser:
    """Somebody who has not answered yet."""
    return with_params(user, PARTSTAT="NEEDS-ACTION", RSVP="TRUE")
