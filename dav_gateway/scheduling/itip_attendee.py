"""A guest's copy: how it follows the organiser, what its owner may change, what he answers (RFC 6638 3.2.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dav_gateway.scheduling.itip_ranges import said_at
from dav_gateway.scheduling.itip_share import CANCELLED
from dav_gateway.scheduling.itip_told import (
    answer_of,
    excluded,
    instants,
    is_told,
    moment_at,
    outward,
    stamp,
    takes_place,
    when,
)
from dav_gateway.scheduling.people import attendee, key_of, param, parts, with_params
from sync_engine.errors import ItemError
from sync_engine.model import CalendarUser, Event, EventDetails, Moment
from sync_engine.privacy import is_private
from sync_engine.rules import Rule, read_rule
from sync_engine.zones import resolve

# ---------------------------------------------------------------- following the organiser


def following(copy: Event | None, before: Event | None, after: Event, own: frozenset[str], now: datetime) -> Event:
    """The copy of a guest when the organiser has said something new: his reminders and other own things stay.

    `before`, `after`: what he was and is invited to. Occurrences that he took out of his calendar stay out, until they
    move: then he has not declined them any more.
    """
    his = {at: moment for at, moment in excluded(copy).items() if at not in excluded(before)}
    declined = {at for at, one in instants(after).items() if answer_of(attendee(one, own)) == "DECLINED"}
    hidden = {at: moment for at, moment in his.items() if at in declined and after.master is not None}
    known, told_ = instants(copy) if copy else {}, instants(before) if before else {}
    series, last = copy.master if copy else None, before.master if before else None
    overrides = tuple(
        _follow(known.get(at) or series, told_.get(at) or last, one, now)
        for at, one in instants(after).items()
        if at not in hidden
    )
    master = _follow(series, last, after.master, now) if after.master else None
    if master is not None:
        said = Event(after.uid, master, overrides, zones=after.zones)
        was = {at: told_.get(at) or last for at in known}
        overrides += tuple(_own_words(known, was, master, said))
        master = replace(master, exception_dates=(*master.exception_dates, *hidden.values()))
    return Event(after.uid, master, overrides, zones=after.zones, extra=copy.extra if copy else ())


_OWN = ("alarms", "categories", "classification", "transparency", "components", "extra")


def _own_words(
    known: Mapping[datetime, EventDetails],
    was: Mapping[datetime, EventDetails | None],
    series: EventDetails,
    event: Event,
) -> Iterator[EventDetails]:
    """Occurrences of which only the guest says something else than of the series: reminders, show-as ..."""
    said, gone = instants(event), excluded(event)
    for at, mine in known.items():
        own = {name: getattr(mine, name) for name in _OWN if name != "extra"}
        own["classification"] = _classified(mine, was[at], series)
        own["extra"] = (*(o for o in series.extra if is_told(o)), *(o for o in mine.extra if not is_told(o)))
        if mine.recurrence_id is None or at in said or at in gone or mine.status == CANCELLED:
            continue
        fresh = replace(said_at(event, moment_at(event, mine.recurrence_id)), sequence=series.sequence)
        if any(getattr(fresh, name) != value for name, value in own.items()) and takes_place(event, at):
            yield replace(fresh, **own)


def _follow(
    mine: EventDetails | None, before: EventDetails | None, theirs: EventDetails, now: datetime
) -> EventDetails:
    fresh = outward(theirs, now)
    if mine is None:
        return fresh
    known = (*(before.attachments if before else ()), *fresh.attachments)
    return replace(
        fresh,
        alarms=mine.alarms,
        categories=mine.categories,
        classification=_classified(mine, before, fresh),
        transparency=mine.transparency or fresh.transparency,
        attachments=(*fresh.attachments, *(line for line in mine.attachments if line not in known)),
        components=mine.components,
        extra=(*fresh.extra, *(line for line in mine.extra if not is_told(line))),
    )


def _classified(mine: EventDetails, before: EventDetails | None, fresh: EventDetails) -> str:
    """The CLASS of a guest's copy: the organiser's, unless he chose another; what is private is opened by him alone."""
    if is_private(mine.classification) or (before is not None and is_private(before.classification)):
        return mine.classification
    return fresh.classification


def called_off(copy: Event, gone: Event, now: datetime) -> Event:
    """The copy with what does not take place any more marked so: nothing goes away unseen."""
    said = None if gone.master is not None else set(instants(gone))
    overrides = tuple(_off(one, now) if said is None or at in said else one for at, one in instants(copy).items())
    master = _off(copy.master, now) if copy.master and said is None else copy.master
    return replace(copy, master=master, overrides=overrides)


def _off(one: EventDetails, now: datetime) -> EventDetails:
    others = tuple(line for line in one.stamps if line.name != "DTSTAMP")
    return replace(one, status=CANCELLED, stamps=(stamp(now), *others))


# ---------------------------------------------------------------- what a guest may change


def may_change(old: Event, new: Event, own: frozenset[str]) -> bool:
    """Whether a guest changed only what is his: his answer, reminders, show-as ... (RFC 6638 3.2.2.1)."""
    if _core(old, old.master, own) != _core(new, new.master, own):
        return False
    before, after = instants(old), instants(new)
    gone = excluded(new)
    kept = (at for at in before if at not in gone)
    return all(_same(old, before.get(at), new, after.get(at), own) for at in {*kept, *after})


def _same(old: Event, before: EventDetails | None, new: Event, after: EventDetails | None, own: frozenset[str]) -> bool:
    """An override that is new, or was dropped, must say what the series says."""
    moment = (before or after or EventDetails()).recurrence_id
    if moment is None:
        return False
    if before is None and old.master is not None:
        before = said_at(old, moment_at(old, moment))
    if after is None and new.master is not None:
        after = said_at(new, moment_at(new, moment))
    return before is not None and after is not None and _core(old, before, own) == _core(new, after, own)


def _core(event: Event, one: EventDetails | None, own: frozenset[str]) -> tuple[object, ...]:
    """What only the organiser says. Programs rewrite the rest (names, white space, priority ...) as they like."""
    if one is None:
        return ()
    people = frozenset("own" if (key := key_of(user.address)) in own else key for user in one.attendees)
    words = tuple(" ".join(text.split()) for text in (one.summary, one.location, one.description))
    owner = key_of(one.organizer.address) if one.organizer else ""
    dates = frozenset(resolve(moment, event.zones) for moment in one.recurrence_dates)
    return (*when(one, event.zones), frozenset(map(_rule, one.rules)), dates, *words, owner, people)


def _rule(text: str) -> Rule | str:
    """A rule, however it is written."""
    try:
        return read_rule(text)
    except ItemError:
        return text


def still_called_off(old: Event, new: Event) -> Event:
    """A guest's copy in which what was called off stays so, also when his program has not seen that yet."""
    off = {at: one for at, one in instants(old).items() if one.status == CANCELLED}
    there, gone = instants(new), excluded(new)
    overrides = tuple(replace(one, status=CANCELLED) if at in off else one for at, one in there.items())
    lost = tuple(one for at, one in off.items() if at not in there and at not in gone)
    master = new.master
    if master is not None and old.master is not None and old.master.status == CANCELLED:
        master = replace(master, status=CANCELLED)
    return replace(new, master=master, overrides=(*overrides, *lost))


# ---------------------------------------------------------------- his answer


@dataclass(frozen=True, slots=True)
class Answer:
    """A PARTSTAT for all of an event, or for one occurrence of it."""

    recurrence_id: Moment | None
    partstat: str
    user: CalendarUser  # as he stands in his copy


def answers(old: Event | None, new: Event, own: frozenset[str], *, forced: bool = False) -> list[Answer]:
    """What a guest says otherwise than before; an occurrence that he takes out he declines."""
    return list(_answers(old, new, own, forced=forced))


def _answers(old: Event | None, new: Event, own: frozenset[str], *, forced: bool) -> Iterator[Answer]:
    series = attendee(old.master if old else None, own)
    mine = attendee(new.master, own)
    if mine is not None and (forced or answer_of(mine) != answer_of(series)):
        yield Answer(None, answer_of(mine), mine)
    known = instants(old) if old else {}
    out = excluded(old)
    for at, one in instants(new).items():
        user = attendee(one, own)
        before = "DECLINED" if at in out else answer_of(attendee(known.get(at), own) or series)
        if user is not None and (forced or answer_of(user) != before):
            yield Answer(one.recurrence_id, answer_of(user), user)
    if old is None or mine is None:
        return
    for at, moment in excluded(new).items():
        if at not in out and answer_of(attendee(known.get(at), own) or series) != "DECLINED":
            yield Answer(moment, "DECLINED", mine)
    yield from _taken_back(old, new, mine, own)


def _taken_back(old: Event, new: Event, mine: CalendarUser, own: frozenset[str]) -> Iterator[Answer]:
    """Occurrences of which nothing is said alone any more: for them counts again what he answers to the series."""
    said = {at: answer_of(attendee(one, own)) for at, one in instants(old).items()}
    moments = {at: one.recurrence_id for at, one in instants(old).items()} | excluded(old)
    there = instants(new).keys() | excluded(new).keys()
    for at, moment in moments.items():
        if at not in there and said.get(at, "DECLINED") != answer_of(mine) and takes_place(new, at):
            yield Answer(moment, answer_of(mine), mine)


def within(new: Event, theirs: Event | None) -> Event:
    """A guest's copy without the occurrences that the organiser took out of what he invites him to."""
    gone = excluded(theirs)
    missing = [moment for at, moment in gone.items() if at not in excluded(new)]
    if new.master is None or not gone.keys() - excluded(new).keys():
        return new
    dates = (*new.master.exception_dates, *missing)
    overrides = tuple(one for at, one in instants(new).items() if at not in gone)
    return replace(new, master=replace(new.master, exception_dates=dates), overrides=overrides)


def declining(copy: Event, own: frozenset[str]) -> list[Answer]:
    """What deleting a copy says; nothing where it was declined or called off before."""
    found = []
    for one in parts(copy):
        user = attendee(one, own)
        if user is not None and answer_of(user) != "DECLINED" and one.status != CANCELLED:
            found.append(Answer(one.recurrence_id, "DECLINED", user))
    return found


def is_forced(event: Event) -> bool:
    """Whether the client wants an answer to be sent in any case (RFC 6638 7.2)."""
    return any(one.organizer and param(one.organizer, "SCHEDULE-FORCE-SEND") == "REPLY" for one in parts(event))


def answered(event: Event, key: str, said: Sequence[Answer], status: str = "") -> Event:
    """An event with the answers of one guest; what he is not invited to stays as it is.

    `status`: a SCHEDULE-STATUS for the organiser's own copy.
    """
    for one in said:
        alter = _with_series if one.recurrence_id is None else _with_single
        event = alter(event, key, one, status)
    return event


def _with_series(event: Event, key: str, said: Answer, status: str) -> Event:
    if event.master is None:
        return event
    if attendee(event.master, (key,)):
        return replace(event, master=_said(event.master, key, said, status))
    # He is invited from an occurrence on: that is all of it to him.
    overrides = tuple(_said(one, key, said, status) if one.this_and_future else one for one in event.overrides)
    return replace(event, overrides=overrides)


def _with_single(event: Event, key: str, said: Answer, status: str) -> Event:
    assert said.recurrence_id is not None
    moment = moment_at(event, said.recurrence_id)
    known = instants(event)
    at = next(iter(instants(Event("", event.master, (EventDetails(recurrence_id=moment),), zones=event.zones))))
    if at in known:
        return replace(event, overrides=tuple(_said(o, key, said, status) if k == at else o for k, o in known.items()))
    plain = said_at(event, moment) if event.master is not None else None
    if event.master is None or plain is None or not attendee(plain, (key,)) or not takes_place(event, at):
        return event
    fresh = replace(plain, sequence=event.master.sequence, alarms=event.master.alarms)
    overrides = (*event.overrides, _said(fresh, key, said, status))
    return replace(
        event, overrides=tuple(sorted(overrides, key=lambda o: o.recurrence_id.value if o.recurrence_id else ""))
    )


def _said(one: EventDetails, key: str, said: Answer, status: str) -> EventDetails:
    people = tuple(
        with_params(user, PARTSTAT=said.partstat, RSVP="", SCHEDULE_STATUS=status)
        if key_of(user.address) == key
        else user
        for user in one.attendees
    )
    return replace(one, attendees=people)
