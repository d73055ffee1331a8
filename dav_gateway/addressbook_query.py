"""addressbook-query (RFC 6352 8.6): cards by filter, with a limit."""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.answers import Answer
from dav_gateway.card_candidates import Likely, candidates
from dav_gateway.contents import Contents, contents_of
from dav_gateway.could_match import Could, could_match_card
from dav_gateway.elements import Element
from dav_gateway.filters import CardFilter, card_filter
from dav_gateway.leaves import LeafWriter
from dav_gateway.match import matches_card
from dav_gateway.multistatus import multistatus
from dav_gateway.occurrence import component_of
from dav_gateway.query_limits import limit_of, limited, must_be_there
from dav_gateway.site import Call
from dav_gateway.wanted import wanted_of
from storage.dav_items import Leaf
from storage.session import chunks
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError


def answer(call: Call, report: Element) -> Answer:
    """The cards that match; with a limit, 507 for the collection's own address when there are more."""
    wanted = card_filter(report)
    with call.read() as unit:
        shelf = call.shelf(unit)
        contents = contents_of(call, shelf)
        must_be_there(call, unit, contents)
        likely = candidates(unit, shelf.id, wanted)
        leaves = contents.listing(unit, short=False) if likely is None else _at(unit, contents, likely)
    writer = LeafWriter(call, shelf, wanted_of(report, minimal=call.minimal))
    leaves = [leaf for leaf in leaves if call.place.href in ("", leaf.href)]
    certain = likely.certain if likely else frozenset[str]()
    found = iter(leaves) if not wanted.props else _matching(call, contents, leaves, wanted, certain)
    return multistatus(limited(call, writer, contents, found, limit_of(report)))


def _at(unit: SqlUnitOfWork, contents: Contents, likely: Likely) -> list[Leaf]:
    names = sorted(likely.certain | likely.unclear)
    return sorted(contents.leaves_at(unit, names).values(), key=lambda leaf: leaf.id)


def _matching(
    call: Call, contents: Contents, leaves: list[Leaf], wanted: CardFilter, certain: frozenset[str]
) -> Iterator[Leaf]:
    could = could_match_card(wanted)
    for some in chunks(leaves):
        unclear = [leaf for leaf in some if leaf.href not in certain]
        found: dict[str, str] = {}
        if unclear:
            with call.read() as unit:
                found = contents.texts(unit, unclear)
        for leaf in some:
            if leaf.href in certain or _matches(found.get(leaf.href, ""), wanted, could):
                yield leaf


def _matches(text: str, wanted: CardFilter, could: Could) -> bool:
    try:
        return could(text) and matches_card(component_of(text), wanted)
    except ItemError:
        return False
