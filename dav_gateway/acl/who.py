"""Reports about people in what is already known: principal-match and acl-principal-prop-set (RFC 3744 9.2, 9.3)."""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.acl.properties import people_of
from dav_gateway.answers import Answer, Refused
from dav_gateway.elements import Element, children, dav, first
from dav_gateway.multistatus import multistatus
from dav_gateway.paths import Area, Place
from dav_gateway.resource import Resource, collection, resource_at, resource_of
from dav_gateway.site import HOMES, Call
from dav_gateway.wanted import wanted_of
from storage.unit_of_work import SqlUnitOfWork


def match(call: Call, report: Element) -> Answer:
    """What is in a folder and is the user himself, or, by the property owner, is his."""
    if call.depth not in ("", "0"):
        raise Refused(400, "This report goes with Depth: 0.")
    wanted = wanted_of(report, minimal=call.minimal)
    with call.read() as unit:
        pieces = [found.described(wanted) for found in _matching(call, unit, report)]
    return multistatus(iter(pieces))


def _matching(call: Call, unit: SqlUnitOfWork, report: Element) -> Iterator[Resource]:
    resource_at(call, unit)  # it must be there
    itself = first(report, dav("self")) is not None
    named = first(report, dav("principal-property"))
    names = [] if named is None else [child.tag for child in children(named)]
    if not itself and not names:
        raise Refused(400, "Ask for yourself (self) or name a property (principal-property).")
    place = call.place
    if itself and place.area in (Area.ROOT, Area.PRINCIPALS) and not place.slug:
        found = resource_of(call, unit, Place(Area.PRINCIPALS, call.who.user))
        yield from [found] if found else []
    elif names == [dav("owner")] and place.area in HOMES and place.user and not place.slug:
        shelves = [shelf for shelf in call.shelves(unit) if shelf.owner_id == call.who.user_id]
        yield from (collection(call, unit, shelf) for shelf in shelves)


def people(call: Call, report: Element) -> Answer:
    """The principals that a collection's access control names, as far as this user may know them."""
    if call.depth not in ("", "0"):
        raise Refused(400, "This report goes with Depth: 0.")
    wanted = wanted_of(report, minimal=call.minimal)
    with call.read() as unit:
        names = _people(call, unit)
        found = [resource_of(call, unit, Place(Area.PRINCIPALS, name)) for name in names]
    return multistatus(iter([resource.described(wanted) for resource in found if resource is not None]))


def _people(call: Call, unit: SqlUnitOfWork) -> list[str]:
    call.must_be_ours(unit)
    if call.place.area not in HOMES or not call.place.slug:
        return [call.place.user] if call.place.user else []
    shelf = call.shelf(unit)
    if shelf.owner_id != call.who.user_id:
        return [shelf.owner, call.who.user] if shelf.owner else []
    places = [call.place_of(path) for path, _ in people_of(call, shelf)]
    return [shelf.owner, *(place.user for place in places if place is not None)]
