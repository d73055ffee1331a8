"""What queries have in common: what they are about, and DAV:limit (RFC 5323 5.17, RFC 6352 8.6.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from dav_gateway.answers import not_found
from dav_gateway.contents import Contents
from dav_gateway.elements import Element, card, dav, status_response, text_of
from dav_gateway.leaves import LeafWriter, written
from dav_gateway.site import Call
from storage.dav_items import Leaf
from storage.unit_of_work import SqlUnitOfWork


def limit_of(report: Element) -> int | None:
    """The most items that are wanted; None for all."""
    for name in (card("limit"), dav("limit")):
        number = text_of(report.find(f"{name}/{name.replace('limit', 'nresults')}"))
        if number.isascii() and number.isdigit():
            return max(1, int(number[:9]))
    return None


def must_be_there(call: Call, unit: SqlUnitOfWork, contents: Contents) -> None:
    """Refuses (404) a query about an item that is not there. About a collection it is said where that is looked up."""
    if call.place.href:
        leaf = contents.leaf_at(unit, call.place.href)
        if leaf is None or leaf.deleted:
            raise not_found()


def limited(
    call: Call,
    writer: LeafWriter,
    contents: Contents,
    found: Iterator[Leaf],
    limit: int | None,
    given_up: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """Responses of the items; then 507 for the collection's own address when there are more.

    `given_up`: whether the rest was not looked at, as it would have taken too long.
    """
    yield from written(call, writer, contents, islice(found, limit))
    if given_up() or (limit is not None and next(found, None) is not None):
        yield status_response(writer.folder, 507, "<D:number-of-matches-within-limits/>")
