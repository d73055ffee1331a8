"""sync-collection (RFC 6578): what changed since a token.

The token is the collection's epoch and the number of a change. When nothing changed, no item is touched.
"""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.answers import Answer, Refused
from dav_gateway.contents import Contents, contents_of
from dav_gateway.elements import Element, dav, first, status_response, text, text_of
from dav_gateway.leaves import LeafWriter, written
from dav_gateway.multistatus import multistatus
from dav_gateway.paths import Place
from dav_gateway.site import Call
from dav_gateway.tokens import seq_of, sync_token
from dav_gateway.wanted import wanted_of
from storage.dav_birthdays import BIRTHDAYS
from storage.dav_items import Leaf
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork


def answer(call: Call, report: Element) -> Answer:
    """Changed items with their properties, 404 for deleted ones, and the new token."""
    level = text_of(first(report, dav("sync-level"))) or "1"
    if level not in ("1", "infinite"):
        raise Refused(400, "The sync-level must be 1 or infinite.")
    limit = _limit(report)
    with call.read() as unit:
        shelf = call.shelf(unit)
        limit = None if shelf.role == BIRTHDAYS else limit  # its numbers have no order in which to go on
        after = _after(report, shelf)
        contents = contents_of(call, shelf)
        leaves = _changes(unit, shelf, contents, after, None if limit is None else limit + 1)
    cut = limit is not None and len(leaves) > limit
    leaves = leaves[:limit]
    token = sync_token(shelf, leaves[-1].seq if cut else shelf.seq)
    writer = LeafWriter(call, shelf, wanted_of(report, minimal=call.minimal))
    pieces = _pieces(call, writer, contents, leaves, cut)
    return multistatus(pieces, f"<D:sync-token>{text(token)}</D:sync-token>")


def _limit(report: Element) -> int | None:
    """The most rows the client wants (RFC 5323 5.17)."""
    number = text_of(report.find(f"{dav('limit')}/{dav('nresults')}"))
    return max(1, int(number[:9])) if number.isascii() and number.isdigit() else None


def _after(report: Element, shelf: Shelf) -> int | None:
    """The number after which changes are wanted; None for everything."""
    token = text_of(first(report, dav("sync-token")))
    if not token:
        return None
    seq = seq_of(token, shelf)
    if seq is None:
        raise Refused(403, "This token is not valid here any more.", condition="<D:valid-sync-token/>")
    return seq


def _changes(unit: SqlUnitOfWork, shelf: Shelf, contents: Contents, after: int | None, limit: int | None) -> list[Leaf]:
    if after == shelf.seq:
        return []
    return contents.changes(unit, after or 0, shelf.seq, limit, tombstones=after is not None)


def _pieces(call: Call, writer: LeafWriter, contents: Contents, leaves: list[Leaf], cut: bool) -> Iterator[str]:
    yield from written(call, writer, contents, (leaf for leaf in leaves if not leaf.deleted))
    for leaf in leaves:
        if leaf.deleted:
            yield status_response(writer.path(leaf), 404)
    if cut:
        itself = call.address(Place(call.place.area, call.place.user, call.place.slug))
        yield status_response(itself, 507, "<D:number-of-matches-within-limits/>")
