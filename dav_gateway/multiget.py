"""calendar-multiget (RFC 4791 7.9) and addressbook-multiget (RFC 6352 8.7): items by their addresses."""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.answers import Answer
from dav_gateway.contents import Contents, contents_of
from dav_gateway.elements import Element, dav, status_response, text_of
from dav_gateway.leaves import LeafWriter, written
from dav_gateway.multistatus import multistatus
from dav_gateway.site import Call
from dav_gateway.wanted import wanted_of
from storage.dav_items import Leaf


def answer(call: Call, report: Element) -> Answer:
    """One response for each address; 404 for what is not there, is elsewhere or is somebody else's."""
    hrefs = list(dict.fromkeys(text_of(element) for element in report.iterchildren(dav("href"))))
    with call.read() as unit:
        shelf = call.shelf(unit)
        names = {href: name for href in hrefs if (name := _name(call, href))}
        contents = contents_of(call, shelf)
        found = contents.leaves_at(unit, list(names.values()))
    writer = LeafWriter(call, shelf, wanted_of(report, minimal=call.minimal))
    there = {leaf.href: leaf for href in hrefs if (leaf := found.get(names.get(href, "")))}
    missing = [href for href in hrefs if names.get(href, "") not in there]
    return multistatus(_pieces(call, writer, contents, list(there.values()), missing))


def _name(call: Call, href: str) -> str:
    """The name of an item of the collection that the request is about; "" for any other address."""
    place = call.place_of(href)
    if place is None or (place.area, place.user, place.slug) != (call.place.area, call.place.user, call.place.slug):
        return ""
    return place.href


def _pieces(call: Call, writer: LeafWriter, contents: Contents, there: list[Leaf], missing: list[str]) -> Iterator[str]:
    yield from written(call, writer, contents, there)
    for href in missing:
        yield status_response(href, 404)
