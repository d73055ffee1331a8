"""calendar-query (RFC 4791 7.8): items by filter.

The index of time ranges leaves few candidates; a single event is decided by the index alone. Only for the others the
text is read: recurrences are expanded within the range asked for, and filters on properties look at the components.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import takewhile

from dav_gateway.answers import Answer, Refused
from dav_gateway.calendar_zones import is_zone
from dav_gateway.contents import Contents, contents_of
from dav_gateway.could_match import could_match_calendar
from dav_gateway.elements import Element, cal, first, text_of
from dav_gateway.filters import CompFilter, TimeRange, calendar_filter
from dav_gateway.leaves import LeafWriter
from dav_gateway.match import matches_calendar, matches_text
from dav_gateway.multistatus import multistatus
from dav_gateway.occurrence import component_of, record_of, zone_of_calendar
from dav_gateway.properties import COMPONENTS
from dav_gateway.query_limits import limit_of, limited, must_be_there
from dav_gateway.site import Call
from dav_gateway.steps import Steps
from dav_gateway.timetables import known, learn, takes_place
from dav_gateway.wanted import wanted_of
from dav_gateway.when import EARLIEST, LATEST, When
from storage.dav_items import Dated, Leaf
from storage.dav_store import Shelf
from storage.session import chunks
from sync_engine import zones
from sync_engine.errors import ItemError

_KINDS = {component: kind for kind, component in COMPONENTS.items()}
_NEVER = frozenset(("VFREEBUSY", "VJOURNAL"))  # are never stored
_TIMED = frozenset((*_KINDS, *_NEVER, "VALARM"))


def answer(call: Call, report: Element) -> Answer:
    """The items that match; with a limit, 507 for the collection's own address when there are more."""
    wanted = calendar_filter(report)
    _check(wanted)
    with call.read() as unit:
        shelf = call.shelf(unit)
        contents = contents_of(call, shelf)
        must_be_there(call, unit, contents)
        zone = _zone(report, shelf)
        found = [
            (part, contents.in_range(unit, kind, *_bounds(part)))
            for kind, part in _parts(wanted)
            if kind in shelf.kinds
        ]
    writer = LeafWriter(call, shelf, wanted_of(report, minimal=call.minimal), zone)
    asked = [(part, [one for one in dated if call.place.href in ("", one.leaf.href)]) for part, dated in found]
    steps = Steps()
    leaves = (leaf for part, dated in asked for leaf in _matching(call, contents, wanted, part, dated, zone, steps))
    return multistatus(limited(call, writer, contents, leaves, limit_of(report), lambda: steps.spent))


def _zone(report: Element, shelf: Shelf) -> tzinfo:
    """Of times without one: what the request names (RFC 4791 9.8, RFC 7809 5.2), else that of the collection."""
    name = text_of(first(report, cal("timezone-id")))
    if name:
        named = zones.by_name(name)
        if named is None:
            raise Refused(403, "This time zone is not known.", condition="<C:valid-timezone/>")
        return named
    sent = text_of(first(report, cal("timezone")))
    if sent and not is_zone(sent):
        raise Refused(403, "This is no time zone.", condition="<C:valid-calendar-data/>")
    return zone_of_calendar(sent or shelf.timezone)


def _check(wanted: CompFilter) -> None:
    """Refuse a time range where the standard gives it no meaning (RFC 4791 7.8, valid-filter)."""
    if wanted.time_range is not None and wanted.name not in _TIMED:
        raise Refused(403, f"{wanted.name[:40]} has no time.", condition="<C:valid-filter/>")
    for inner in wanted.comps:
        _check(inner)


def _parts(wanted: CompFilter) -> Iterator[tuple[str, CompFilter | None]]:
    """The kinds that can match, each with a filter that its component must meet: one with a time range, if any has."""
    present = {comp.name for comp in wanted.comps if not comp.absent}
    absent = {comp.name for comp in wanted.comps if comp.absent}
    for component, kind in _KINDS.items():
        if component not in absent and not (present & _NEVER) and not (present & _KINDS.keys()) - {component}:
            mine = [comp for comp in wanted.comps if comp.name == component]
            yield kind, next((comp for comp in mine if comp.time_range), mine[0] if mine else None)


def _bounds(part: CompFilter | None) -> tuple[datetime | None, datetime | None]:
    wanted = part.time_range if part else None
    return (wanted.start, wanted.end) if wanted else (None, None)


def _matching(
    call: Call,
    contents: Contents,
    wanted: CompFilter,
    part: CompFilter | None,
    dated: Iterable[Dated],
    zone: tzinfo,
    steps: Steps,
) -> Iterator[Leaf]:
    """Those that match: first what the index can tell, then those whose text must be read, until steps are spent."""
    timed_only = not _needs_components(wanted, part)
    unclear: list[Dated] = []
    for one in _by_uid(dated, part):
        told = _told_by_index(one, part.time_range if part else None, zone) if timed_only else None
        if told:
            yield one.leaf
        elif told is None:
            unclear.append(one)
    if timed_only and part is not None and part.time_range is not None:
        yield from _timed(call, contents, unclear, part.time_range, zone, steps)
        return
    could = could_match_calendar(wanted)
    for some in takewhile(lambda _: not steps.spent, chunks(unclear)):
        with call.read() as unit:
            found = contents.texts(unit, [one.leaf for one in some])
        texts = ((one.leaf, found.get(one.leaf.href, "")) for one in some)
        some_left = takewhile(lambda _: not steps.spent, texts)
        yield from (leaf for leaf, text in some_left if could(text) and _matches(text, leaf, wanted, zone, steps))


def _by_uid(dated: Iterable[Dated], part: CompFilter | None) -> Iterable[Dated]:
    """Without those whose UID the filter does not want: of these no text needs to be read."""
    texts = [prop.texts[0] for prop in (part.props if part else ()) if prop.name == "UID" and len(prop.texts) == 1]
    return (one for one in dated if all(matches_text(one.leaf.uid, text) for text in texts)) if texts else dated


def _timed(
    call: Call, contents: Contents, unclear: list[Dated], wanted: TimeRange, zone: tzinfo, steps: Steps
) -> Iterator[Leaf]:
    """Those that take place in the range. Only texts that were not looked at before are read."""
    for some in takewhile(lambda _: not steps.spent, chunks(unclear)):
        records = {one.leaf.etag: known(one.leaf.etag) for one in some}
        missing = [one.leaf for one in some if records[one.leaf.etag] is None]
        found: dict[str, str] = {}
        if missing:
            with call.read() as unit:
                found = contents.texts(unit, missing)
        for one in takewhile(lambda _: not steps.spent, some):
            try:
                text = found.get(one.leaf.href, "")
                record = records[one.leaf.etag] or learn(one.leaf.etag, text, one.leaf.uid)
                fits = takes_place(one.leaf.etag, record, wanted.start or EARLIEST, wanted.end or LATEST, zone, steps)
            except ItemError:
                continue
            if fits:
                yield one.leaf


def _needs_components(wanted: CompFilter, part: CompFilter | None) -> bool:
    others = [comp for comp in wanted.comps if comp is not part and not (comp.absent and comp.name in _KINDS)]
    return bool(wanted.props or wanted.time_range or others or (part and (part.props or part.comps)))


def _told_by_index(one: Dated, wanted: TimeRange | None, zone: tzinfo) -> bool | None:
    """Whether the index alone decides, and how."""
    if wanted is None:
        return True
    if not one.single or (one.floating and zone is not UTC) or one.range_start is None or one.range_end is None:
        return None
    begins_late = wanted.end is not None and one.range_start >= wanted.end
    ends_early = wanted.start is not None and one.range_end <= wanted.start and one.range_start < wanted.start
    return not (begins_late or ends_early)


def _matches(text: str, leaf: Leaf, wanted: CompFilter, zone: tzinfo, steps: Steps) -> bool:
    """Whether a text matches."""
    try:
        when = When(record_of(text, leaf.uid), zone, steps)
        return matches_calendar(component_of(text), wanted, when.in_range, when.instants_of)
    except ItemError:
        return False
