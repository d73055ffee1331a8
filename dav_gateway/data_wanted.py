"""What a report wants of the items' texts: calendar-data (RFC 4791 9.6) and address-data (RFC 6352 10.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dav_gateway.answers import Refused
from dav_gateway.elements import CALDAV, CARDDAV, Element, cal, card, children, first
from dav_gateway.filters import TimeRange, time_range_of

LONGEST = timedelta(days=366 * 20)  # for which recurrences are expanded
VERSIONS = ("3.0", "4.0")


@dataclass(frozen=True, slots=True)
class PropWanted:
    """Properties of one name; names in upper case."""

    name: str  # may have a group before it: ITEM1.TEL
    without_value: bool = False


@dataclass(frozen=True, slots=True)
class CompWanted:
    """What to tell of the components of one name. None: everything."""

    name: str
    props: tuple[PropWanted, ...] | None = None
    comps: tuple[CompWanted, ...] | None = None


@dataclass(frozen=True, slots=True)
class DataWanted:
    """How texts are to be shown; as they are stored, unless anything is set."""

    comp: CompWanted | None = None  # VCALENDAR or VCARD
    expand: TimeRange | None = None
    limit_recurrence: TimeRange | None = None
    limit_free_busy: TimeRange | None = None
    version: str = ""  # of vCards; "" for any

    @property
    def as_stored(self) -> bool:
        """Whether nothing is to be changed."""
        return self == _AS_STORED


_AS_STORED = DataWanted()


def data_wanted(prop: Element | None) -> DataWanted:
    """Read the calendar-data or address-data in a prop element. Refuses what we cannot give."""
    calendar, cards = first(prop, cal("calendar-data")), first(prop, card("address-data"))
    if calendar is not None:
        return _calendar(calendar)
    return _AS_STORED if cards is None else _card(cards)


def _calendar(element: Element) -> DataWanted:
    media, version = element.get("content-type", "text/calendar"), element.get("version", "2.0")
    if media.partition(";")[0].strip().lower() != "text/calendar" or version != "2.0":
        raise Refused(403, "Calendars are told as iCalendar 2.0 only.", condition="<C:supported-calendar-data/>")
    comp = first(element, cal("comp"))
    return DataWanted(
        None if comp is None else _comp(comp),
        _range(first(element, cal("expand"))),
        _range(first(element, cal("limit-recurrence-set"))),
        _range(first(element, cal("limit-freebusy-set"))),
    )


def _range(element: Element | None) -> TimeRange | None:
    found = None if element is None else time_range_of(element, inside=False)
    if element is not None and (found is None or found.start is None or found.end is None):
        raise Refused(400, f"{element.tag.rpartition('}')[2]} needs a start and an end.")
    if found and found.start and found.end and found.end - found.start > LONGEST:
        sentence = "That is too much at once; ask for a shorter time."
        raise Refused(403, sentence, condition="<D:number-of-matches-within-limits/>")
    return found


def _comp(element: Element) -> CompWanted:
    """An empty element stands for all that is in the component, as the examples of RFC 4791 7.8 have it."""
    inside = {str(child.tag) for child in children(element)}
    everything = not inside
    props = None if everything or cal("allprop") in inside else _props(element, CALDAV)
    comps = None if everything or cal("allcomp") in inside else tuple(map(_comp, element.iterchildren(cal("comp"))))
    return CompWanted(element.get("name", "").upper(), props, comps)


def _props(element: Element, namespace: str) -> tuple[PropWanted, ...]:
    found = element.iterchildren(f"{{{namespace}}}prop")
    return tuple(PropWanted(one.get("name", "").upper(), one.get("novalue") == "yes") for one in found)


def _card(element: Element) -> DataWanted:
    media, version = element.get("content-type", "text/vcard"), element.get("version", "")
    if media.partition(";")[0].strip().lower() not in ("text/vcard", "text/x-vcard") or version not in ("", *VERSIONS):
        raise Refused(403, "Contacts are told as vCard 3.0 or 4.0 only.", condition="<A:supported-address-data/>")
    props = _props(element, CARDDAV)
    some = props and first(element, card("allprop")) is None
    return DataWanted(CompWanted("VCARD", props, ()) if some else None, version=version)
