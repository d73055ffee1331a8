"""REPORT (RFC 3253 3.6): to the report that the body's root names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from dav_gateway import addressbook_query, calendar_query, free_busy_query, multiget, sync_collection
from dav_gateway.acl import expand, search, who
from dav_gateway.acl.colleagues import is_colleague
from dav_gateway.answers import Answer, Refused
from dav_gateway.elements import CALDAV, CARDDAV, Element, cal, card, dav
from dav_gateway.paths import Place
from dav_gateway.site import HOMES, Call
from storage.dav_scheduling import OUTBOX

Report: TypeAlias = Callable[[Call, Element], Answer]

REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        cal("calendar-multiget"): multiget.answer,
        card("addressbook-multiget"): multiget.answer,
        cal("calendar-query"): calendar_query.answer,
        card("addressbook-query"): addressbook_query.answer,
        cal("free-busy-query"): free_busy_query.answer,
        dav("sync-collection"): sync_collection.answer,
        dav("expand-property"): expand.answer,
        dav("principal-match"): who.match,
        dav("principal-property-search"): search.search,
        dav("principal-search-property-set"): search.property_set,
        dav("acl-principal-prop-set"): who.people,
    }
)


def answer(call: Call) -> Answer:
    """The answer to a REPORT."""
    root = call.xml()
    if root is None or root.tag != dav("expand-property") or not is_colleague(call):
        call.must_be_ours()
    if root is None:
        raise Refused(400, "The request's body must name a report.")
    report = REPORTS.get(str(root.tag))
    if report is None or not _applies(str(root.tag), call.place):
        raise Refused(403, "There is no such report here.", condition="<D:supported-report/>")
    return report(call, root)


def _applies(name: str, place: Place) -> bool:
    """Whether a report is one of those of this kind of resource: calendars have other ones than address books."""
    holds = bool(place.slug) and place.area in HOMES and place.slug != OUTBOX
    if name.startswith(f"{{{CALDAV}}}"):
        return holds and not place.contacts
    if name.startswith(f"{{{CARDDAV}}}"):
        return holds and place.contacts
    return name != dav("sync-collection") or (holds and not place.href)
