"""The event that stands for an invitation in the agenda. Pure.

What a stranger sends must do nothing but show: no alarms, nothing that programs fetch, no privacy of his; and nobody
may be mailed because the event is stored somewhere (RFC 6638 7.1).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from crm.activity.records import OURS_TO_MAIL, address_of
from sync_engine.model import CalendarUser, Component, Event, EventDetails, Moment
from sync_engine.occurrence_ids import begin_of, occurrence
from sync_engine.vtimezones import missing_zones

_LONGEST_TEXT = 32_000
_KEPT = ("CONFERENCE", "CONTACT", "EXRULE", "GEO")
_KEPT_BEGINNINGS = ("X-GOOGLE-CONFERENCE", "X-MICROSOFT-CDO-", "X-MICROSOFT-SKYPETEAMS")
STATUS = {"accepted": "CONFIRMED", "tentative": "TENTATIVE"}


def tamed(event: Event, state: str, url: str) -> Event:
    """As it may stand in the agenda. `url`: of the request, where the event has none of its own."""
    master = _tame(event.master, state, url) if event.master else None
    overrides = tuple(_tame(one, state, url) for one in event.overrides)
    plain = replace(event, master=master, overrides=overrides, extra=(), stamps=())
    return replace(plain, zones=plain.zones + missing_zones(plain))


def _tame(details: EventDetails, state: str, url: str) -> EventDetails:
    return replace(
        details,
        status="CANCELLED" if details.status == "CANCELLED" else STATUS[state],
        description=details.description[:_LONGEST_TEXT],
        classification="",
        url=details.url if details.url.startswith("https://") else url,
        params=(),
        extra=tuple(line for line in details.extra if line.name in _KEPT or line.name.startswith(_KEPT_BEGINNINGS)),
        organizer=quiet(details.organizer) if details.organizer else None,
        attendees=tuple(quiet(user) for user in details.attendees),
        alarms=(),
        attachments=(),
        components=(),
    )


def quiet(user: CalendarUser) -> CalendarUser:
    """Somebody whom no server may mail."""
    return replace(user, params=tuple(sorted((*loud(user).params, *OURS_TO_MAIL))))


def loud(user: CalendarUser) -> CalendarUser:
    """The same as he stands in a mail."""
    return replace(user, params=tuple(one for one in user.params if not one[0].startswith("SCHEDULE-")))


def merged(known: Event, told: Event) -> Event:
    """The event with what a newer invitation says. One to single occurrences leaves the others alone.

    An invitation to all of it brings its own occurrences; those that are changed later than it stay.
    """
    series = told.master or known.master
    first = begin_of(series) if series else None
    said = {_instant(one, first, told) for one in told.overrides}
    others = (one for one in known.overrides if _instant(one, first, known) not in said)
    if told.master is not None:
        newer = tuple(one for one in others if one.sequence > told.master.sequence)
        return replace(told, master=_with_ours(told.master, known.master), overrides=_sorted((*told.overrides, *newer)))
    overrides = _sorted((*others, *told.overrides))
    return replace(known, overrides=overrides, zones=(*known.zones, *_new_zones(known, told)))


def _with_ours(told: EventDetails, known: EventDetails | None) -> EventDetails:
    """With the reminders, colours and privacy that people here gave it."""
    if known is None:
        return told
    return replace(told, alarms=known.alarms, categories=known.categories, classification=known.classification)


def _new_zones(known: Event, told: Event) -> tuple[Component, ...]:
    names = {line.value for zone in known.zones for line in zone.lines if line.name == "TZID"}
    return tuple(z for z in told.zones if not any(line.name == "TZID" and line.value in names for line in z.lines))


def _instant(one: EventDetails, first: Moment | None, event: Event) -> datetime:
    assert one.recurrence_id is not None
    return occurrence(one.recurrence_id, first, event.zones)


def _sorted(overrides: tuple[EventDetails, ...]) -> tuple[EventDetails, ...]:
    return tuple(sorted(overrides, key=lambda one: one.recurrence_id.value if one.recurrence_id else ""))


def without(known: Event, told: Event) -> Event | None:
    """The event without the occurrences that are cancelled; None when nothing is left of it."""
    if told.master is not None or not told.overrides:
        return None
    first = begin_of(known.master) if known.master else None
    gone = {_instant(one, first, told) for one in told.overrides}
    overrides = tuple(one for one in known.overrides if _instant(one, first, known) not in gone)
    if known.master is None:
        return replace(known, overrides=overrides) if overrides else None
    named = tuple(one.recurrence_id for one in told.overrides if one.recurrence_id)
    dates = dict.fromkeys((*known.master.exception_dates, *named))
    master = replace(known.master, exception_dates=tuple(dates))
    return replace(known, master=master, overrides=overrides)


def answered(event: Event, address: str, answer: str, occurrence_: str = "", *, status: str = "") -> Event | None:
    """The event with somebody's PARTSTAT; None where he, or the occurrence, is not in it. `status`: of the event."""

    def change(one: EventDetails) -> EventDetails:
        people = tuple(_answer(user, answer) if address_of(user) == address else user for user in one.attendees)
        return replace(one, attendees=people, status=status or one.status)

    meant = [one for one in _all(event) if not occurrence_ or _is(one, occurrence_)]
    if not any(address_of(user) == address for one in meant for user in one.attendees) and not (status and meant):
        return None
    master = change(event.master) if event.master in meant and event.master else event.master
    return replace(event, master=master, overrides=tuple(change(o) if o in meant else o for o in event.overrides))


def _all(event: Event) -> list[EventDetails]:
    return [*([event.master] if event.master else []), *event.overrides]


def _is(one: EventDetails, occurrence_: str) -> bool:
    return one.recurrence_id is not None and one.recurrence_id.value == occurrence_


def _answer(user: CalendarUser, answer: str) -> CalendarUser:
    kept = tuple(one for one in user.params if one[0] not in ("PARTSTAT", "RSVP"))
    return replace(user, params=tuple(sorted((*kept, ("PARTSTAT", (answer,))))))


def answer_of(event: Event, address: str) -> str:
    """PARTSTAT of somebody, upper case; "" where he is not in it."""
    people = [user for one in _all(event) for user in one.attendees if address_of(user) == address]
    said = [" ".join(values).upper() for user in people for name, values in user.params if name == "PARTSTAT"]
    return next(iter(said), "NEEDS-ACTION" if people else "")
