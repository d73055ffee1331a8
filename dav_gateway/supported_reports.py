"""Which reports a resource takes, as it says itself (DAV:supported-report-set, RFC 3253 3.1.5; RFC 4791 7).

What is said here is what `report` does: tests ask for each report of each kind of resource.
"""

from __future__ import annotations

from functools import cache

from dav_gateway.elements import cal, card, dav, empty
from storage.dav_store import Shelf

_ON_ITEM = tuple(
    map(
        dav, ("principal-match", "principal-property-search", "principal-search-property-set", "acl-principal-prop-set")
    )
)
_ON_FOLDER = (dav("expand-property"), *_ON_ITEM)
_ON_COLLECTION = (dav("sync-collection"), *_ON_FOLDER)
_CALENDAR = (cal("calendar-multiget"), cal("calendar-query"))
_BOOK = (card("addressbook-multiget"), card("addressbook-query"))


def of_folder() -> str:
    """Of what holds no items: the root, principals, homes, an outbox."""
    return _said(_ON_FOLDER)


def of_collection(shelf: Shelf) -> str:
    """Of a calendar, task list or address book. Tasks take nobody's time; an outbox holds nothing."""
    if shelf.role == "outbox":
        return of_folder()
    busy = [cal("free-busy-query")] if "event" in shelf.kinds else []
    return _said((*_of_items(shelf), *busy, *_ON_COLLECTION))


def of_item(shelf: Shelf) -> str:
    """Of an item in such a collection."""
    return _said((*_of_items(shelf), *_ON_ITEM))


def _of_items(shelf: Shelf) -> tuple[str, ...]:
    return _BOOK if shelf.holds_contacts else _CALENDAR


@cache
def _said(names: tuple[str, ...]) -> str:
    return "".join(f"<D:supported-report><D:report>{empty(name)}</D:report></D:supported-report>" for name in names)
