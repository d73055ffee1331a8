"""Answers that guests outside send by mail (iMIP, RFC 6047) reach the organiser's copy in his own calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from crm.invitation.own_calendars import Heard
from dav_gateway.scheduling.delivery import DONE, REJECTED, Delivery, event_of, involved, people_of
from dav_gateway.scheduling.itip_attendee import Answer
from dav_gateway.scheduling.itip_share import is_organized
from dav_gateway.scheduling.itip_told import answer_of, instants
from dav_gateway.scheduling.outsiders import Nobody
from dav_gateway.scheduling.people import attendee, keys_of, organizers, parts
from storage import dav_scheduling as store
from storage.dav_scheduling import Person
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event

_ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED")


@dataclass(frozen=True, slots=True)
class OwnMeetings:
    """See `crm.invitation.own_calendars.OwnCalendars`."""

    def reply(self, unit: SqlUnitOfWork, event: Event, guest: str) -> Heard:
        """Users of ours answer in their calendars, not by mail."""
        known = people_of(unit, organizers(event))
        if len(organizers(event)) != 1 or not known or people_of(unit, [guest]):
            return Heard.UNKNOWN
        (person,) = known.values()
        delivery = Delivery(unit, Person(0, guest, "", guest, None), Nobody(), known)
        meetings = _meetings(unit, person, event.uid)
        if not meetings:
            return Heard.UNKNOWN
        said = [*_said(event, guest)]
        if not said:
            return Heard.NOTHING
        if any(_is_older(event, one) for one in meetings.values()):
            return Heard.OLDER
        _lock(unit, person, meetings)
        return _HEARD.get(delivery.reply(event, said), Heard.UNKNOWN)


_HEARD = {DONE: Heard.TAKEN, REJECTED: Heard.UNINVITED}


def _said(event: Event, guest: str) -> Iterable[Answer]:
    for one in parts(event):
        user = attendee(one, keys_of(guest, guest))
        if user is not None and answer_of(user) in _ANSWERS:
            yield Answer(one.recurrence_id, answer_of(user), user)


def _is_older(answer: Event, meeting: Event) -> bool:
    """Whether something of it answers what the organiser has changed since (RFC 5546 2.1.5)."""
    known = instants(meeting)
    series = meeting.master.sequence if meeting.master else 0
    whole = answer.master is not None and answer.master.sequence < series
    singles = instants(replace(meeting, overrides=answer.overrides))
    return whole or any(one.sequence < (known[at].sequence if at in known else series) for at, one in singles.items())


def _meetings(unit: SqlUnitOfWork, owner: Person, uid: str) -> dict[int, Event]:
    """What this user organises under a UID, by the calendar of his that has it."""
    connection, own = unit.session.connection, keys_of(owner.name, owner.address)
    places = [desk.id for desk in store.desks(connection, owner.id) if desk.schedules]
    found = ((copy.collection_id, event_of(copy, uid)) for copy in store.copies(connection, places, uid))
    return {number: event for number, event in found if event is not None and is_organized(event, own)}


def _lock(unit: SqlUnitOfWork, owner: Person, meetings: Mapping[int, Event]) -> None:
    """All that the answer may reach, in one order, as the gateway does."""
    numbers = {desk.id for desk in store.desks(unit.session.connection, owner.id) if desk.role == "inbox"}
    for number, meeting in meetings.items():
        numbers |= {number, *involved(unit, meeting, keys_of(owner.name, owner.address))}
    for number in sorted(numbers):
        unit.lock_collection(number)
