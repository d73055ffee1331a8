"""free-busy-query (RFC 4791 7.10): the times that the events of a calendar take."""

from __future__ import annotations

from datetime import datetime, timedelta

from dav_gateway.answers import Answer, Refused
from dav_gateway.contents import Contents, contents_of
from dav_gateway.elements import Element
from dav_gateway.filters import time_range_of
from dav_gateway.free_busy import busy_of, free_busy_text
from dav_gateway.occurrence import zone_of_calendar
from dav_gateway.site import Call
from dav_gateway.timetables import timetables
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event
from sync_engine.rules import Budget

LONGEST = timedelta(days=366 * 3)
MOST = 20_000  # events that are looked at
MOST_STEPS = 1_000_000  # of all expansions of one query: some 2 s


def answer(call: Call, report: Element) -> Answer:
    """A VFREEBUSY of the calendar. Not a multistatus."""
    wanted = time_range_of(report)
    if wanted is None or wanted.start is None or wanted.end is None:
        raise Refused(400, "A free-busy-query needs a time-range with a start and an end.")
    start, end = wanted.start, wanted.end
    with call.read() as unit:
        shelf = call.shelf(unit)
        if "event" not in shelf.kinds or call.place.href:
            raise Refused(403, "Only calendars know of free and busy times.", condition="<D:supported-report/>")
        events = [] if shelf.transparent else events_between(unit, contents_of(call, shelf), start, end)
    budget = Budget(MOST_STEPS)
    busy = busy_of(events, start, end, floating=zone_of_calendar(shelf.timezone), budget=budget)
    if budget.left < 0:
        raise too_much()
    text = free_busy_text(busy, start, end, stamp=call.now)
    return Answer(200, text.encode(), {"content-type": "text/calendar; charset=utf-8"})


def events_between(unit: SqlUnitOfWork, contents: Contents, start: datetime, end: datetime) -> list[Event]:
    """The events of one calendar that may take place then, as `busy_of` wants them: their times only.

    Refuses what is too much to look at. What cannot be read is left out.
    """
    if end - start > LONGEST:
        raise too_much()
    dated = contents.in_range(unit, "event", start, end)
    if len(dated) > MOST:
        raise too_much()
    records = timetables(unit, contents, [one.leaf for one in dated])
    return [record for record in records if isinstance(record, Event)]


def too_much() -> Refused:
    """The range or the calendar is too large (RFC 4791 7.10)."""
    sentence = "That is too much at once; ask for a shorter time."
    return Refused(403, sentence, condition="<D:number-of-matches-within-limits/>")
