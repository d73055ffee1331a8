"""addressbook-query (RFC 6352 8.6): cards by filter, with a limit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dav_gateway.answers import Answer
from dav_gateway.contents import Contents, contents_of
from dav_gateway.elements import Element, card, dav, status_response, text_of
from dav_gateway.filters import CardFilter, card_filter
from dav_gateway.leaves import LeafWriter, written
from dav_gateway.match import matches_card
from dav_gateway.occurrence import component_of
from dav_gateway.paths import Place
from dav_gateway.propfind import multistatus
from dav_gateway.site import Call
from dav_gateway.wanted import wanted_of
from storage.dav_items import Leaf
from storage.session import chunks
from sync_engine.errors import ItemError


def answer(call: Call, report: Element) -> Answer:
    """The cards that match; with a limit, 507 for the collection's own address when there are more."""
    wanted = card_filter(report)
    with call.site.database.read() as unit:
        shelf = call.shelf(unit)
        contents = contents_of(call, shelf)
        leaves = contents.listing(unit, short=False)
    writer = LeafWriter(call, shelf, wanted_of(report, minimal=call.minimal))
    found = iter(leaves) if not wanted.props else _matching(call, contents, leaves, wanted)
    return multistatus(_pieces(call, writer, contents, found, _limit(report)))


def _limit(report: Element) -> int | None:
    for name in (card("limit"), dav("limit")):
        number = text_of(report.find(f"{name}/{name.replace('limit', 'nresults')}"))
        if number.isascii() and number.isdigit():
            return max(1, int(number[:9]))
    return None


def _pieces(
    call: Call, writer: LeafWriter, contents: Contents, found: Iterator[Leaf], limit: int | None
) -> Iterator[str]:
    yield from written(call, writer, contents, islice(found, limit))
    if limit is not None and next(found, None) is not None:
        itself = call.address(Place(call.place.area, call.place.user, call.place.slug))
        yield status_response(itself, 507, "<D:number-of-matches-within-limits/>")


def _matching(call: Call, contents: Contents, leaves: list[Leaf], wanted: CardFilter) -> Iterator[Leaf]:
    for some in chunks(leaves):
        with call.site.database.read() as unit:
            found = contents.texts(unit, some)
        yield from (leaf for leaf in some if _matches(found.get(leaf.href, ""), wanted))


def _matches(text: str, wanted: CardFilter) -> bool:
    try:
        return matches_card(component_of(text), wanted)
    except ItemError:
        return False
