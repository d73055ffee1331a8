"""What calendar-query and addressbook-query filter by, read from XML (RFC 4791 9.7, RFC 6352 10.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from dav_gateway.answers import Refused
from dav_gateway.elements import CALDAV, CARDDAV, Element, children, first

_UTC_TIME = re.compile(r"\d{8}T\d{6}Z\Z")
COLLATIONS = frozenset(("i;ascii-casemap", "i;unicode-casemap", "i;octet", "default"))
MOST_CONDITIONS = 200  # elements of a filter
# Where the components of iCalendar stand (RFC 5545 3.6); those that are not named here may stand anywhere.
_PARENTS = {
    "VCALENDAR": frozenset[str](),
    **dict.fromkeys(("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"), frozenset(("VCALENDAR",))),
    "VALARM": frozenset(("VEVENT", "VTODO")),
    **dict.fromkeys(("STANDARD", "DAYLIGHT"), frozenset(("VTIMEZONE",))),
}
_TIMES = frozenset(  # properties that are points in time
    (
        *("ACKNOWLEDGED", "COMPLETED", "CREATED", "DTEND", "DTSTAMP", "DTSTART", "DUE"),
        *("EXDATE", "LAST-MODIFIED", "RDATE", "RECURRENCE-ID", "TRIGGER"),
    )
)
MATCH_TYPES = frozenset(("equals", "contains", "starts-with", "ends-with"))


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A text to be found in a value."""

    text: str
    collation: str = "i;unicode-casemap"
    match_type: str = "contains"
    negate: bool = False


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start` up to, without, `end`; None: open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """On a parameter of a property."""

    name: str
    absent: bool = False  # it must not be there
    text: TextMatch | None = None


@dataclass(frozen=True, slots=True)
class PropFilter:
    """On the properties of one name in a component or card."""

    name: str  # upper case
    group: str = ""  # upper case; only properties of this group
    absent: bool = False
    any_of: bool = False  # one of the conditions is enough
    texts: tuple[TextMatch, ...] = ()
    params: tuple[ParamFilter, ...] = ()
    time_range: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class CompFilter:
    """On the components of one name."""

    name: str  # upper case
    absent: bool = False
    time_range: TimeRange | None = None
    props: tuple[PropFilter, ...] = ()
    comps: tuple[CompFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class CardFilter:
    """On a card."""

    any_of: bool = True
    props: tuple[PropFilter, ...] = ()


def calendar_filter(report: Element) -> CompFilter:
    """The filter of a calendar-query; everything when it has none. Refuses a filter that is not valid."""
    found = first(report, f"{{{CALDAV}}}filter")
    top = first(found, f"{{{CALDAV}}}comp-filter")
    if top is None:
        return CompFilter("VCALENDAR")
    _must_be_few(top, CALDAV)
    read = _comp(top)
    if read.name != "VCALENDAR":
        raise _invalid(CALDAV)
    _check_places(read)
    return read


def _check_places(comp: CompFilter) -> None:
    """Refuses components where there are none, and a time of a property that has none (RFC 4791 7.8, valid-filter)."""
    for prop in comp.props:
        if prop.time_range and prop.name not in _TIMES and not prop.name.startswith("X-"):
            raise _invalid(CALDAV)
    for inner in comp.comps:
        if comp.name not in _PARENTS.get(inner.name, (comp.name,)):
            raise _invalid(CALDAV)
        _check_places(inner)


def card_filter(report: Element) -> CardFilter:
    """The filter of an addressbook-query; everything when it has none."""
    found = first(report, f"{{{CARDDAV}}}filter")
    if found is None:
        return CardFilter()
    _must_be_few(found, CARDDAV)
    props = tuple(_prop(child, CARDDAV) for child in children(found) if child.tag == f"{{{CARDDAV}}}prop-filter")
    return CardFilter(found.get("test", "anyof") != "allof", props)


def _must_be_few(found: Element, namespace: str) -> None:
    """Each condition is looked at for each of thousands of items."""
    if sum(1 for _ in found.iter()) > MOST_CONDITIONS:
        name = "A:supported-filter" if namespace == CARDDAV else "C:supported-filter"
        raise Refused(403, f"A filter may have {MOST_CONDITIONS} elements.", condition=f"<{name}/>")


def _comp(element: Element) -> CompFilter:
    inside = list(children(element))
    return CompFilter(
        _name(element, CALDAV),
        any(child.tag == f"{{{CALDAV}}}is-not-defined" for child in inside),
        time_range_of(element),
        tuple(_prop(child, CALDAV) for child in inside if child.tag == f"{{{CALDAV}}}prop-filter"),
        tuple(_comp(child) for child in inside if child.tag == f"{{{CALDAV}}}comp-filter"),
    )


def _prop(element: Element, namespace: str) -> PropFilter:
    group, _, name = _name(element, namespace).rpartition(".")
    inside = list(children(element))
    return PropFilter(
        name,
        group,
        any(child.tag == f"{{{namespace}}}is-not-defined" for child in inside),
        namespace == CARDDAV and element.get("test", "anyof") != "allof",
        tuple(_text(child, namespace) for child in inside if child.tag == f"{{{namespace}}}text-match"),
        tuple(_param(child, namespace) for child in inside if child.tag == f"{{{namespace}}}param-filter"),
        time_range_of(element) if namespace == CALDAV else None,
    )


def _param(element: Element, namespace: str) -> ParamFilter:
    text = first(element, f"{{{namespace}}}text-match")
    absent = first(element, f"{{{namespace}}}is-not-defined") is not None
    return ParamFilter(_name(element, namespace), absent, None if text is None else _text(text, namespace))


def _text(element: Element, namespace: str) -> TextMatch:
    collation = element.get("collation", "i;unicode-casemap" if namespace == CARDDAV else "i;ascii-casemap")
    match_type = element.get("match-type", "contains")
    if collation not in COLLATIONS:
        name = "A:supported-collation" if namespace == CARDDAV else "C:supported-collation"
        raise Refused(403, "This collation is not known.", condition=f"<{name}/>")
    if match_type not in MATCH_TYPES:
        raise _invalid(namespace)
    # White space belongs to the text that is looked for.
    return TextMatch(
        "".join(map(str, element.itertext())), collation, match_type, element.get("negate-condition") == "yes"
    )


def _name(element: Element, namespace: str) -> str:
    name = element.get("name", "")
    if not name:
        raise _invalid(namespace)
    return name.upper()


def time_range_of(element: Element, *, inside: bool = True) -> TimeRange | None:
    """The time-range in an element, or the one that it is (RFC 4791 9.9). Refuses one that is not valid."""
    found = first(element, f"{{{CALDAV}}}time-range") if inside else element
    if found is None:
        return None
    start, end = _instant(found.get("start")), _instant(found.get("end"))
    if (start is None and end is None) or (start and end and start >= end):
        raise _invalid(CALDAV)
    return TimeRange(start, end)


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    if not _UTC_TIME.match(written):
        raise _invalid(CALDAV)
    try:
        return datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as err:
        raise _invalid(CALDAV) from err


def _invalid(namespace: str) -> Refused:
    """RFC 4791 7.8; CardDAV has supported-filter only."""
    condition = "<C:valid-filter/>" if namespace == CALDAV else "<A:supported-filter/>"
    return Refused(403, "The filter of this query is not valid.", condition=condition)
