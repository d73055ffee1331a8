"""When somebody has no time: events in, times out, and these written as VFREEBUSY (RFC 4791 7.10, RFC 5545 3.6.4).

Pure. Nothing but times is told, so what is private counts like everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple

from sync_engine import recurrence
from sync_engine.formats.content_lines import fold
from sync_engine.formats.icalendar_writer import PRODUCT
from sync_engine.model import Event, EventDetails
from sync_engine.rules import Budget

MOST_OF_ONE = 10_000  # occurrences of one event in a range


class Taken(StrEnum):
    """How time is taken (FBTYPE); what comes first wins where two overlap."""

    UNAVAILABLE = "BUSY-UNAVAILABLE"
    BUSY = "BUSY"
    TENTATIVE = "BUSY-TENTATIVE"


class BusyTime(NamedTuple):
    """A time, from included to not included, in UTC."""

    start: datetime
    end: datetime
    taken: Taken = Taken.BUSY


def busy_of(
    events: Iterable[Event],
    start: datetime,
    end: datetime,
    *,
    floating: tzinfo = UTC,
    addresses: Collection[str] = (),
    budget: Budget | None = None,
) -> list[BusyTime]:
    """What these events take of `start` to `end`: in order, cut to the range, without overlaps.

    `floating`: the zone of days and times without one. `addresses`: whose time it is, as calendar user addresses in
    lower case ("mailto:ada@example.org"); what he declined leaves it free. Transparent and cancelled events do, too.
    """
    budget = budget or Budget()
    found = []
    for event in events:
        for begins, ends, details in recurrence.instances(event, start, end, MOST_OF_ONE, floating, budget):
            taken = taken_by(details, addresses) if isinstance(details, EventDetails) and begins < ends else None
            if taken:
                found.append(BusyTime(max(begins, start), min(ends, end), taken))
    return merged(found)


def taken_by(details: EventDetails, addresses: Collection[str] = ()) -> Taken | None:
    """How an occurrence takes the time of who has it in his calendar; None when it leaves it free."""
    if details.transparency == "TRANSPARENT" or details.status == "CANCELLED":
        return None
    answer = _answer(details, addresses)
    if answer == "DECLINED":
        return None
    if details.status == "TENTATIVE" or answer in ("TENTATIVE", "NEEDS-ACTION"):
        return Taken.TENTATIVE
    away = any(line.name in _OUTLOOK and line.value.strip().upper() == "OOF" for line in details.extra)
    return Taken.UNAVAILABLE if away else Taken.BUSY


_OUTLOOK = ("X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS")


def _answer(details: EventDetails, addresses: Collection[str]) -> str:
    """PARTSTAT of the one who is asked about; "" when he is none of the attendees."""
    for one in details.attendees if addresses else ():
        if one.address.strip().lower() in addresses:
            return next((values[0] for name, values in one.params if name == "PARTSTAT" and values), "NEEDS-ACTION")
    return ""


# ---------------------------------------------------------------- joining


def merged(times: Iterable[BusyTime]) -> list[BusyTime]:
    """In order and without overlaps: in all times of a kind, less what an earlier kind has taken."""
    by_kind: dict[Taken, list[BusyTime]] = {kind: [] for kind in Taken}
    for one in times:
        by_kind[one.taken].append(one)
    found: list[BusyTime] = []
    for kind in Taken:
        found = sorted([*found, *_without(_joined(by_kind[kind]), found)])
    return found


def _joined(times: Iterable[BusyTime]) -> list[BusyTime]:
    """Of one kind."""
    found: list[BusyTime] = []
    for one in sorted(times):
        if found and one.start <= found[-1].end:
            found[-1] = found[-1]._replace(end=max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def _without(times: Sequence[BusyTime], taken: Sequence[BusyTime]) -> list[BusyTime]:
    """What is left of the first; both are in order and without overlaps."""
    found: list[BusyTime] = []
    first = 0
    for one in times:
        begin = one.start
        while first < len(taken) and taken[first].end <= begin:
            first += 1
        at = first
        while at < len(taken) and taken[at].start < one.end:
            if begin < taken[at].start:
                found.append(one._replace(start=begin, end=taken[at].start))
            begin = max(begin, taken[at].end)
            at += 1
        if begin < one.end:
            found.append(one._replace(start=begin))
    return found


# ---------------------------------------------------------------- writing


def free_busy_text(
    busy: Iterable[BusyTime],
    start: datetime,
    end: datetime,
    *,
    stamp: datetime,
    method: str = "",
    lines: Sequence[str] = (),
) -> str:
    """A VCALENDAR with one VFREEBUSY. `lines`: more properties of that, such as UID, ORGANIZER, ATTENDEE.

    Each period has its own line: some programs read only the first of a list.
    """
    return fold(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            f"PRODID:{PRODUCT}",
            *([f"METHOD:{method}"] if method else []),
            "BEGIN:VFREEBUSY",
            f"DTSTAMP:{_utc(stamp)}",
            f"DTSTART:{_utc(start)}",
            f"DTEND:{_utc(end)}",
            *lines,
            *(f"FREEBUSY;FBTYPE={one.taken}:{_utc(one.start)}/{_utc(one.end)}" for one in busy),
            "END:VFREEBUSY",
            "END:VCALENDAR",
        ]
    )


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
