"""COPY and MOVE (RFC 4918 9.8, 9.9) of whole calendars, task lists and address books: into the user's own home.

Nobody is invited by a copy, and nobody hears of a move: the events are the same as before.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from dav_gateway.answers import Answer, Refused, not_allowed
from dav_gateway.contents import Contents, contents_of
from dav_gateway.delete import remove_collection
from dav_gateway.mkcol import check_place
from dav_gateway.paths import Place
from dav_gateway.site import Call
from storage.dav_items import Leaf
from storage.dav_moves import show_collection
from storage.dav_store import (
    Shelf,
    create_collection,
    is_bound,
    keep_properties,
    kept_properties,
    slug_is_free,
)
from storage.session import chunks
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item

_DEPTHS = {"MOVE": ("", "infinity"), "COPY": ("", "infinity", "0")}
_COPIED = ("name", "description", "color", "sort_order", "timezone", "transparent")


def answer_collection(call: Call, at: Call, *, overwrite: bool) -> Answer:
    """The answer to a COPY or MOVE of a collection; `at` is the request as if sent to its destination."""
    if call.depth not in _DEPTHS[call.method]:
        raise Refused(400, "A collection is moved as a whole, and copied as a whole or empty (Depth: 0).")
    check_place(at)
    if at.place.contacts != call.place.contacts:
        raise Refused(403, "Calendars stay among calendars, address books among address books.")
    work = _move if call.method == "MOVE" else _copy
    free = work(call, at, overwrite)
    return Answer(201, b"", {"location": at.address(at.place)}) if free else Answer(204)


def _make_room(at: Call, unit: SqlUnitOfWork, overwrite: bool) -> bool:
    """Take away what is at the destination; tells whether there was nothing."""
    connection, place, home = unit.session.connection, at.place, at.home_at(unit)
    if home.access != "write":
        raise not_allowed("bind", at.address(Place(place.area, place.user)))
    there = at.shelf_at(unit)
    if there is not None and not overwrite:
        raise Refused(412, "There is a collection of this name already.")
    if there is not None:
        remove_collection(at, unit)
    if not slug_is_free(connection, home.user_id, place.slug, contacts=place.contacts):
        raise Refused(403, "Choose another name: another collection has this one.")
    return there is None


# ---------------------------------------------------------------- moving


def _move(call: Call, at: Call, overwrite: bool) -> bool:
    return call.write(lambda unit: _rename(call, at, unit, overwrite))


def _rename(call: Call, at: Call, unit: SqlUnitOfWork, overwrite: bool) -> bool:
    """Another name: its items, their numbers and its token stay."""
    connection, home, shelf = unit.session.connection, at.home_at(unit), call.shelf(unit, write="unbind")
    if shelf.owner_id != home.user_id or shelf.role or is_bound(connection, shelf.id):
        raise not_allowed("unbind", call.address(Place(call.place.area, call.place.user)))
    free = _make_room(at, unit, overwrite)
    show_collection(connection, home.user_id, shelf.id, at.place.slug)
    return free


# ---------------------------------------------------------------- copying


def _copy(call: Call, at: Call, overwrite: bool) -> bool:
    """Copied out of sight, a part at a time, and shown when it is whole: no writer waits for all of it."""
    with call.read() as unit:
        shelf = call.shelf(unit)
        if shelf.role:
            raise Refused(403, "This collection is made by the server; copy what is in it.")
        contents = contents_of(call, shelf)
        leaves = [] if call.depth == "0" else contents.listing(unit, short=False)
        if not overwrite and at.shelf_at(unit) is not None:
            raise Refused(412, "There is a collection of this name already.")
    made = call.write(lambda unit: _hidden(call, at, unit, shelf))
    for part in chunks(leaves):
        _fill(call, made, contents, part)
    return call.write(lambda unit: _show(at, unit, made, overwrite))


def _hidden(call: Call, at: Call, unit: SqlUnitOfWork, shelf: Shelf) -> int:
    connection, home = unit.session.connection, at.home_at(unit)
    values: dict[str, Any] = {name: getattr(shelf, name) for name in _COPIED}
    values |= {"epoch": secrets.token_hex(16), "created_at": call.now, "deleted_at": call.now}
    made = create_collection(connection, home.user_id, at.place.slug, shelf.kinds, values)
    keep_properties(connection, made, kept_properties(connection, [shelf.id]).get(shelf.id, {}))
    return made


def _fill(call: Call, made: int, contents: Contents, leaves: Sequence[Leaf]) -> None:
    with call.read() as unit:
        texts = contents.texts(unit, leaves)
    items = [(leaf.href, Item.read(texts[leaf.href], uid_if_missing=leaf.uid)) for leaf in leaves if leaf.href in texts]

    def create(unit: SqlUnitOfWork) -> None:
        for href, item in items:
            unit.create_item(made, item, call.origin, href=href)

    call.write(create)


def _show(at: Call, unit: SqlUnitOfWork, made: int, overwrite: bool) -> bool:
    free = _make_room(at, unit, overwrite)
    show_collection(unit.session.connection, at.home_at(unit).user_id, made, at.place.slug)
    return free
