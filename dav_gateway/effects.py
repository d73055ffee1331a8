"""What a write of a client brings about beside itself: invitations and answers, and attachments that are kept here.

Called within the write transaction by everything through which clients write: PUT, DELETE, COPY and MOVE. What a
binding or a customer request writes brings about nothing.
"""

from __future__ import annotations

from dav_gateway.site import Call
from storage.dav_items import Leaf
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item


def writing(call: Call, unit: SqlUnitOfWork, shelf: Shelf, here: Leaf | None, item: Item) -> Item:
    """An item is about to be written over `here` (None: it is new). Gives what to write, the same in most cases.

    Raises `Refused` where it must not be written.
    """
    del call, unit, shelf, here
    return item


def written(call: Call, unit: SqlUnitOfWork, shelf: Shelf, item_id: int, item: Item) -> None:
    """The item was written."""
    del call, unit, shelf, item_id, item


def deleting(call: Call, unit: SqlUnitOfWork, shelf: Shelf, leaf: Leaf) -> None:
    """An item is about to be deleted. Raises `Refused` where it must not be."""
    del call, unit, shelf, leaf


def moving(call: Call, unit: SqlUnitOfWork, shelf: Shelf, leaf: Leaf, target: Shelf) -> None:
    """An item of `shelf` is about to be moved, as it is, into `target` (the same one, when it gets another name).

    Called instead of `deleting` and `writing`, where the stored item itself moves: nobody shall hear of a deletion.
    Raises `Refused` where it must not be moved.
    """
    del call, unit, shelf, leaf, target
