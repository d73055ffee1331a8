"""POST to the outbox (RFC 6638 5): when others have no time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dav_gateway.answers import XML, Answer, Refused
from dav_gateway.contents import Stored
from dav_gateway.elements import DECLARED, HEAD, href, text
from dav_gateway.free_busy import BusyTime, busy_of, free_busy_text, merged
from dav_gateway.free_busy_query import MOST_STEPS, events_between, too_much
from dav_gateway.occurrence import component_of, zone_of_calendar
from dav_gateway.paths import Area
from dav_gateway.scheduling.delivery import people_of
from dav_gateway.scheduling.people import key_of
from dav_gateway.scheduling.properties import addresses_of
from dav_gateway.site import Call
from storage import dav_scheduling as store
from storage.dav_scheduling import Person
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError
from sync_engine.formats.moments import read_moment
from sync_engine.formats.vcard_writer import write_line
from sync_engine.model import Component, ContentLine
from sync_engine.rules import Budget
from sync_engine.zones import resolve

_MOST_PEOPLE = 200
_LONGEST = timedelta(days=400)
_SUCCESS, _STRANGER = "2.0;Success", "3.7;Invalid calendar user"
_HIDDEN = "X-CALENDARSERVER-MASK-UID"  # the meeting that is being planned takes nobody's time


@dataclass(frozen=True, slots=True)
class Question:
    """A VFREEBUSY request."""

    lines: tuple[ContentLine, ...]
    start: datetime
    end: datetime

    def named(self, name: str) -> list[ContentLine]:
        """Its properties of a name."""
        return [line for line in self.lines if line.name == name]


def take(call: Call) -> Answer | None:
    """Answers a POST to an outbox; None for any other address."""
    if call.place.area is not Area.CALENDARS or call.place.slug != store.OUTBOX or call.place.href:
        return None
    if call.place.user != call.who.user:
        raise Refused(403, "Ask with your own outbox.", condition="<C:organizer-allowed/>")
    question = _question(call)
    with call.read() as unit:
        pieces = _answers(call, unit, question)
    body = f"{HEAD}<C:schedule-response {DECLARED}>{''.join(pieces)}</C:schedule-response>\n"
    return Answer(200, body.encode(), {"content-type": XML})


def _question(call: Call) -> Question:
    """What is asked, if it is a question for free and busy times: other messages come of stored events."""
    if not call.headers.get("content-type", "text/calendar").strip().lower().startswith("text/calendar"):
        raise Refused(403, "The outbox takes text/calendar.", condition="<C:supported-calendar-data/>")
    try:
        calendar = component_of(call.body.decode("utf-8"))
    except (ItemError, UnicodeDecodeError) as err:
        raise Refused(403, "This cannot be read as iCalendar.", condition="<C:valid-calendar-data/>") from err
    asked = [one for one in calendar.components if one.name == "VFREEBUSY"]
    method = "".join(line.value.strip().upper() for line in calendar.lines if line.name == "METHOD")
    if method != "REQUEST" or len(asked) != 1:
        sentence = "The outbox takes questions for free and busy times (VFREEBUSY); invitations come of stored events."
        raise Refused(403, sentence, condition="<C:valid-scheduling-message/>")
    start, end = _moment(asked[0], "DTSTART"), _moment(asked[0], "DTEND")
    question = Question(asked[0].lines, start, end)
    _check(call, question)
    return question


def _moment(asked: Component, name: str) -> datetime:
    line = next((line for line in asked.lines if line.name == name), None)
    zone = next((values[0] for key, values in line.params if key == "TZID" and values), "") if line else ""
    moment = read_moment(line.value, zone) if line and line.value.strip() else None
    if moment is None:
        raise Refused(403, f"The question has no {name}.", condition="<C:valid-scheduling-message/>")
    return resolve(moment, ())


def _check(call: Call, question: Question) -> None:
    owners = {key_of(line.value) for line in question.named("ORGANIZER")}
    if len(owners) != 1 or not owners <= addresses_of(call):
        raise Refused(403, "The organiser of the question must be you.", condition="<C:organizer-allowed/>")
    count = len(question.named("ATTENDEE"))
    if not (1 <= count <= _MOST_PEOPLE and question.start < question.end):
        sentence = f"Ask for 1 to {_MOST_PEOPLE} people and a time that ends after it begins."
        raise Refused(403, sentence, condition="<C:valid-scheduling-message/>")
    if question.end - question.start > _LONGEST:
        raise too_much()


def _answers(call: Call, unit: SqlUnitOfWork, question: Question) -> list[str]:
    """A response for each attendee, in order."""
    asked = question.named("ATTENDEE")
    known = people_of(unit, (key_of(line.value) for line in asked))
    budget = Budget(MOST_STEPS)
    found = []
    for line in asked:
        person = known.get(key_of(line.value))
        busy = _busy(unit, person, question, budget) if person else None
        found.append(_response(call, question, line, busy))
    return found


def _busy(unit: SqlUnitOfWork, person: Person, question: Question, budget: Budget) -> list[BusyTime]:
    """When somebody has no time, by all his own calendars; where they lie nobody learns."""
    connection = unit.session.connection
    hidden = {line.value for line in question.named(_HIDDEN)}
    addresses = {f"mailto:{person.address}", f"mailto:{person.name.lower()}"}
    found: list[BusyTime] = []
    for desk in store.desks(connection, person.id):
        if desk.role or desk.transparent or desk.source or "event" not in desk.kinds.split(","):
            continue
        events = events_between(unit, Stored(desk.id), question.start, question.end)
        shown = [event for event in events if event.uid not in hidden]
        zone = zone_of_calendar(desk.timezone)
        found += busy_of(shown, question.start, question.end, floating=zone, addresses=addresses, budget=budget)
    if budget.left < 0:
        raise too_much()
    return merged(found)


def _response(call: Call, question: Question, asked: ContentLine, busy: list[BusyTime] | None) -> str:
    recipient = f"<C:recipient>{href(asked.value)}</C:recipient>"
    if busy is None:
        return f"<C:response>{recipient}<C:request-status>{_STRANGER}</C:request-status></C:response>"
    kept = [line for line in question.lines if line.name in ("UID", "ORGANIZER")]
    lines = [write_line(line) for line in (*kept, asked)]
    data = free_busy_text(busy, question.start, question.end, stamp=call.now, method="REPLY", lines=lines)
    return (
        f"<C:response>{recipient}<C:request-status>{_SUCCESS}</C:request-status>"
        f"<C:calendar-data>{text(data)}</C:calendar-data></C:response>"
    )
