"""Which events of a series an attachment belongs to: the `rid` of RFC 8607 3.3.2. An override is made where none is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from dav_gateway.answers import Refused
from dav_gateway.attachments.sheet import Block, Property, Sheet, plain
from sync_engine.formats.content_lines import fold
from sync_engine.formats.moments import read_moment, written
from sync_engine.model import Contact, Event, Moment, Record, Task
from sync_engine.occurrence_ids import begin_of, occurrence
from sync_engine.recurrence import expanded
from sync_engine.zones import local_time, wall_clock, zone_for

MASTER = "M"
_OF_THE_SERIES = frozenset(("RRULE", "RDATE", "EXDATE", "EXRULE"))
_MOVED = frozenset(("DTSTART", "DTEND", "DUE"))
_MOST = 100  # rids of one request
_SECOND = timedelta(seconds=1)


def bad_rid() -> Refused:
    """The refusal of a rid."""
    return Refused(403, "That is no event of this series.", condition="<C:valid-rid/>")


def blocks_for(sheet: Sheet, record: Record, rids: Sequence[str], floating: tzinfo = UTC) -> list[Block]:
    """The events or tasks that the rids name; all, without any. Makes the overrides that are missing.

    Refuses (403) what is no occurrence.
    """
    if not rids:
        return sheet.blocks
    if isinstance(record, Contact) or len(rids) > _MOST:
        raise bad_rid()
    return [_block(sheet, record, rid, floating) for rid in dict.fromkeys(rids)]


def _block(sheet: Sheet, record: Event | Task, rid: str, floating: tzinfo) -> Block:
    master = next((block for block in sheet.blocks if block.first("RECURRENCE-ID") is None), None)
    if rid == MASTER:
        if master is None:
            raise bad_rid()
        return master
    moment = read_moment(rid, "")
    if moment is None:
        raise bad_rid()
    first = begin_of(record.master) if record.master is not None else None
    meant = occurrence(moment, first, record.zones, floating)
    for block in sheet.blocks:
        own = block.first("RECURRENCE-ID")
        at = read_moment(own.value, own.param("TZID")) if own is not None else None
        if at is not None and occurrence(at, first, record.zones, floating) == meant:
            return block
    if master is None or first is None or not _takes_place(record, meant, floating):
        raise bad_rid()
    made = _override(master, record, first, meant, floating)
    sheet.append(made)
    return made


def _takes_place(record: Event | Task, at: datetime, floating: tzinfo) -> bool:
    if record.master is None or not (record.master.rules or record.master.recurrence_dates):
        return False
    return any(one.original == at for one in expanded(record, at, at + _SECOND, floating))


def _override(master: Block, record: Event | Task, first: Moment, at: datetime, floating: tzinfo) -> Block:
    """The master as the single occurrence that begins at `at`."""
    begin = wall_clock(at, zone_for(first, record.zones, floating))
    by = begin - local_time(first)
    series = {place for place, prop in master.own() if prop.name in _OF_THE_SERIES}
    moved = {place: _moved(prop, by) for place, prop in master.own() if prop.name in _MOVED}
    lines = [moved.get(place, line) for place, line in enumerate(master.lines) if place not in series]
    made = Block(_ended_like(master, lines))
    name = next((name for name in ("DTSTART", "DUE") if made.first(name) is not None), "")
    source = next(plain(made.lines[place]) for place, prop in made.own() if prop.name == name)
    made.add("RECURRENCE-ID" + source[len(name) :])
    return made


def _ended_like(master: Block, lines: list[str]) -> list[str]:
    if master.lines[0].endswith("\r\n"):
        return lines
    return [line.replace("\r\n", "\n") for line in lines]


def _moved(prop: Property, by: timedelta) -> str:
    """A date or time that much later by the clock on the wall, with its parameters."""
    moment = read_moment(prop.value, prop.param("TZID"))
    if moment is None:
        raise bad_rid()
    later = local_time(moment) + by
    value = f"{later:%Y%m%d}" if moment.is_date else f"{later:%Y%m%dT%H%M%S}"
    head = prop.name + "".join(f";{name}={_listed(values)}" for name, values in prop.params)
    return fold([f"{head}:{written(Moment(value, moment.zone))}"])


def _listed(values: Sequence[str]) -> str:
    return ",".join(f'"{value}"' if set(value) & set(",;:") else value for value in values)
