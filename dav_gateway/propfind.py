"""PROPFIND (RFC 4918 9.1): properties of a resource and, with Depth 1, of what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.answers import Answer, Refused, not_found
from dav_gateway.contents import contents_of
from dav_gateway.elements import Element, children, dav
from dav_gateway.leaves import LeafWriter, written
from dav_gateway.multistatus import multistatus
from dav_gateway.paths import Area, Place
from dav_gateway.properties import describe, folder_values
from dav_gateway.resource import collection, resource_at, shelf_resource
from dav_gateway.site import HOMES, Call
from dav_gateway.wanted import Wanted, must_be, wanted_of
from storage.dav_store import NOTHING_KEPT, properties_of
from storage.unit_of_work import SqlUnitOfWork

_FORMS = frozenset(dav(name) for name in ("prop", "allprop", "propname"))


def answer(call: Call) -> Answer:
    """The answer to a PROPFIND. Without a Depth header it is 0: some simple clients forget it."""
    if call.depth not in ("", "0", "1"):
        raise Refused(403, "List one level at a time (Depth: 1).", condition="<D:propfind-finite-depth/>")
    root = call.xml()
    wanted = wanted_of(None if root is None else _checked(root), minimal=call.minimal)
    with call.read() as unit:
        pieces = _pieces(call, unit, wanted)
    return multistatus(pieces)


def _checked(root: Element) -> Element:
    """A propfind says one of three things (RFC 4918 14.20)."""
    said = [child.tag for child in children(must_be(root, dav("propfind"))) if child.tag in _FORMS]
    if len(said) != 1:
        raise Refused(400, "A propfind must ask for prop, allprop or propname, and for one of them only.")
    return root


def _pieces(call: Call, unit: SqlUnitOfWork, wanted: Wanted) -> Iterator[str]:
    """Response elements. All that needs the transaction is done when this returns."""
    place = call.place
    if place.href:
        return _item(call, unit, wanted)
    if place.slug and place.area in HOMES:
        return _collection(call, unit, wanted)
    itself = resource_at(call, unit).described(wanted)
    if call.depth != "1":
        return iter([itself])
    if place.user and place.area is not Area.PRINCIPALS:
        return iter([itself, *_collections(call, unit, wanted)])
    return iter([itself, *(describe(call.address(p), folder_values(call, p), wanted) for p in _folders(call, place))])


def _folders(call: Call, place: Place) -> list[Place]:
    """What is in the root and in the folders of principals and homes: the user's own only."""
    if place.user:
        return []
    areas = [place.area] if place.area else [Area.PRINCIPALS, Area.CALENDARS, Area.ADDRESSBOOKS]
    return [Place(area, call.who.user) for area in areas]


def _collections(call: Call, unit: SqlUnitOfWork, wanted: Wanted) -> list[str]:
    shelves = call.shelves(unit)
    kept = properties_of(unit.session.connection, [shelf.id for shelf in shelves], call.who.user_id)
    return [shelf_resource(call, shelf, kept.get(shelf.id, NOTHING_KEPT)).described(wanted) for shelf in shelves]


def _collection(call: Call, unit: SqlUnitOfWork, wanted: Wanted) -> Iterator[str]:
    shelf = call.shelf(unit)
    itself = collection(call, unit, shelf).described(wanted)
    writer = LeafWriter(call, shelf, wanted)
    contents = contents_of(call, shelf)
    leaves = contents.listing(unit, short=writer.is_short) if call.depth == "1" else []
    return _chained(itself, written(call, writer, contents, leaves))


def _chained(itself: str, rest: Iterator[str]) -> Iterator[str]:
    yield itself
    yield from rest


def _item(call: Call, unit: SqlUnitOfWork, wanted: Wanted) -> Iterator[str]:
    shelf = call.shelf(unit)
    contents = contents_of(call, shelf)
    leaf = contents.leaf_at(unit, call.place.href)
    if leaf is None or leaf.deleted:
        raise not_found()
    return written(call, LeafWriter(call, shelf, wanted), contents, [leaf])
