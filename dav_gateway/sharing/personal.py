"""How a user wants to see what is not his own: its name, colour and order, and all that clients set besides.

The company's collections and those of others look the same to everybody until somebody changes them for himself: one
phone's colour is no other's. Also of what he may only read.
"""

from __future__ import annotations

from dav_gateway.site import Call
from dav_gateway.updates import Changes
from storage.dav_sharing import keep_personal
from storage.dav_store import NOTHING_KEPT, Shelf, properties_of
from storage.unit_of_work import SqlUnitOfWork

MAX_PROPERTIES = 200  # that are only kept, of one collection


def keep_for_oneself(call: Call, unit: SqlUnitOfWork, shelf: Shelf, changes: Changes) -> None:
    """Keep a change of properties for this user alone; none of it when anything of it is refused."""
    if shelf.id <= 0:  # made up while it is read: there is nothing to keep it with
        changes.refused = dict.fromkeys(changes.names, 403)
    if changes.refused:
        return
    connection, who = unit.session.connection, call.who.user_id
    kept = properties_of(connection, [shelf.id], who).get(shelf.id, NOTHING_KEPT).personal
    if len(kept.keys() | changes.elements.keys()) > MAX_PROPERTIES:
        changes.refused = dict.fromkeys(changes.elements, 507)
        return
    keep_personal(connection, shelf.id, who, changes.elements)
