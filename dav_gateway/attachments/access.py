"""Who may read an attachment: whoever may read an item that holds it."""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.attachments.sheet import managed_ids
from dav_gateway.contents import contents_of
from dav_gateway.paths import Area, Place
from dav_gateway.site import Call
from storage.dav_attachments import Attachment, attachments_named, holders_of
from storage.dav_sharing import Home, homes_open_to
from storage.dav_store import Shelf, collections_of, delegated
from storage.unit_of_work import SqlUnitOfWork


def readable(call: Call, unit: SqlUnitOfWork, managed_id: str) -> Attachment | None:
    """The attachment; None where this user may read no item that holds it now.

    Guests hold it too: what they got has the UID of the organizer's event. What is private to others names no
    attachments (see `Contents`).
    """
    rows = attachments_named(unit.session.connection, managed_id)
    if not rows:
        return None
    shelves = {shelf.id: shelf for shelf in _shelves(call, unit)}
    for holder in holders_of(unit.session.connection, rows, list(shelves)):
        found = contents_of(call, shelves[holder.collection_id]).text_at(unit, holder.href)
        if found is not None and managed_id in managed_ids(found[1]):
            return rows[0]
    return None


def _shelves(call: Call, unit: SqlUnitOfWork) -> Iterator[Shelf]:
    """All calendars and task lists that this user sees: his own, the company's, shared ones, and those of others."""
    connection = unit.session.connection
    yield from collections_of(connection, call.who.user_id, contacts=False)
    for other in homes_open_to(connection, call.who.user_id):
        home = Home(other.person.user_id, other.person.name, other.access)
        yield from delegated(connection, home, contacts=False)


def path_of(call: Call, attachment: Attachment) -> str:
    """The path of an attachment. The user in it is the one who added it; it says nothing of who may read it."""
    place = Place(Area.ATTACHMENTS, call.who.user, attachment.managed_id, attachment.name)
    return call.address(place)


def address_of(call: Call, attachment: Attachment) -> str:
    """Its address, as it stands in the calendar item."""
    return _servers(call)[0] + path_of(call, attachment)


def _servers(call: Call) -> list[str]:
    """What addresses of this server begin with; the first one is what we write."""
    base = call.site.base_url.removesuffix("/").removesuffix(call.site.prefix)
    asked = f"{call.scheme}://{call.headers.get('host', 'localhost')}"
    return [base, asked] if base else [asked]


def is_ours(call: Call, address: str) -> bool:
    """Whether an address in an item is one of an attachment that would be kept here."""
    place = call.place_of(address)
    here = any(address.lower().startswith(f"{server.lower()}/") for server in _servers(call))
    return here and place is not None and place.area is Area.ATTACHMENTS
