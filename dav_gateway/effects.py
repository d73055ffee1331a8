"""What a write of a client brings about beside itself: invitations and answers, and attachments that are kept here.

Called within the write transaction by everything through which clients write: PUT, DELETE, COPY and MOVE. What a
binding or a customer request writes brings about nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from dav_gateway.answers import Refused, not_found
from dav_gateway.attachments import keeping
from dav_gateway.scheduling import implicit
from dav_gateway.scheduling.boxes import NOT_MADE
from dav_gateway.site import Call
from storage.dav_items import Leaf
from storage.dav_scheduling import schedule_tag
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item


def lock(call: Call, unit: SqlUnitOfWork, shelf: Shelf, item: Item | None, also: Collection[int] = ()) -> None:
    """Lock a collection before it is written to, with `also` others, and all that the write may reach, in one order.

    `item`: what comes there.
    """
    if shelf.role and item is not None:
        raise Refused(403, "Messages come into the inbox by themselves; put events into a calendar.")
    if shelf.id == NOT_MADE:
        raise not_found()
    implicit.lock(call, unit, shelf, item, also)


def writing(call: Call, unit: SqlUnitOfWork, shelf: Shelf, here: Leaf | None, item: Item) -> Item:
    """An item is about to be written over `here` (None: it is new). Gives what to write, the same in most cases.

    Raises `Refused` where it must not be written.
    """
    if shelf.role:
        raise Refused(403, "Messages come into the inbox by themselves; put events into a calendar.")
    keeping.writing(call, unit, here, item)
    return implicit.writing(call, unit, shelf, here, item)


def copying(call: Call, leaf: Leaf) -> None:
    """An item is about to be copied. Raises `Refused` (412) where the client means another state of it."""
    implicit.check_tag(call, leaf)


def written(call: Call, unit: SqlUnitOfWork, shelf: Shelf, item_id: int, item: Item) -> dict[str, str]:
    """The item was written; gives headers that the answer shall have, names in lower case."""
    keeping.written(call, unit, item_id, item)
    return _headers(implicit.written(call, unit, shelf, item_id, item))


def _headers(tag: str) -> dict[str, str]:
    return {"schedule-tag": f'"{tag}"'} if tag else {}


def deleting(call: Call, unit: SqlUnitOfWork, shelf: Shelf, leaf: Leaf) -> None:
    """An item is about to be deleted. Raises `Refused` where it must not be."""
    implicit.deleting(call, unit, shelf, leaf)


def deleting_collection(call: Call, unit: SqlUnitOfWork, shelf: Shelf) -> None:
    """A collection is about to be deleted with all that is in it. Raises `Refused` where it must not be."""
    implicit.deleting_collection(call, unit, shelf)


def moving(call: Call, unit: SqlUnitOfWork, shelf: Shelf, leaf: Leaf, target: Shelf) -> None:
    """An item of `shelf` is about to be moved, as it is, into `target` (the same one, when it gets another name).

    Called instead of `deleting` and `writing`, where the stored item itself moves: nobody shall hear of a deletion.
    Raises `Refused` where it must not be moved.
    """
    implicit.moving(call, unit, shelf, leaf, target)


def moved(unit: SqlUnitOfWork, leaf: Leaf) -> dict[str, str]:
    """The item was moved; gives headers that the answer shall have."""
    return _headers(schedule_tag(unit.session.connection, leaf.id))
