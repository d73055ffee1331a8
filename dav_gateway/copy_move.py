"""COPY and MOVE (RFC 4918 9.8, 9.9) of items.

A moved item is the same one at another address: its text, entity tag and history stay, and at its old address is a
tombstone. Only what a binding syncs is deleted and made anew, for the other side must hear of both.
"""

from __future__ import annotations

from dav_gateway import effects, put
from dav_gateway.answers import Answer, Refused, not_allowed, not_found
from dav_gateway.contents import contents_of
from dav_gateway.copy_collection import answer_collection
from dav_gateway.destination import destination, overwrites
from dav_gateway.options import allowed
from dav_gateway.paths import Area
from dav_gateway.preconditions import check
from dav_gateway.sharing.masked import must_see
from dav_gateway.site import Call, refuse_method
from storage.dav_items import Leaf, leaf_at, leaf_of_uid
from storage.dav_store import Shelf, is_bound
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item


def answer(call: Call) -> Answer:
    """The answer to a COPY or MOVE: 201, or 204 when something else gave way."""
    call.must_be_ours()
    if not call.place.slug:
        raise refuse_method(allowed(call.place))
    at = destination(call)
    at.must_be_ours()
    if at.place.area not in (Area.CALENDARS, Area.ADDRESSBOOKS):
        raise Refused(403, "Events, tasks and contacts stay in calendars and address books.")
    overwrite = overwrites(call)
    if not call.place.href:
        return answer_collection(call, at, overwrite=overwrite)
    created, tag = call.write(lambda unit: _item(call, at, unit, overwrite=overwrite))
    return Answer(201, b"", {"location": at.address(at.place), **tag}) if created else Answer(204, b"", tag)


def _item(call: Call, at: Call, unit: SqlUnitOfWork, *, overwrite: bool) -> tuple[bool, dict[str, str]]:
    """Copy or move one item; tells whether nothing was at the destination, and headers of the answer."""
    moves = call.method == "MOVE"
    shelf = call.shelf(unit, write="unbind" if moves else "")
    if shelf.role == "inbox":  # a message has the UID of its meeting, and is not the meeting
        raise Refused(403, "Messages stay in the inbox until they are deleted.")
    target = _target(at, unit)
    leaf, text = _locked(call, at, unit, shelf, target)
    check(call.headers, leaf.etag)
    there = _live(leaf_at(unit.session.connection, target.id, at.place.href))
    if there:
        must_see(at, unit, target, there)
    if there and not overwrite:
        raise Refused(412, "There is something at that address already.")
    put.check_kind(target, leaf.kind)
    _check_uid(at, unit, target, leaf, there)
    if moves:
        return there is None, _move(call, at, unit, (shelf, leaf, text), (target, there))
    effects.copying(call, leaf)
    return there is None, _write(at, unit, target, there, _read(leaf, text))


def _locked(call: Call, at: Call, unit: SqlUnitOfWork, shelf: Shelf, target: Shelf) -> tuple[Leaf, str]:
    """Lock what is written to, and give the item and its text as this user sees it."""
    found = _source(call, unit, shelf)
    effects.lock(at, unit, target, _read(*found), also=(shelf.id,) if call.method == "MOVE" else ())
    return _source(call, unit, shelf) if call.method == "MOVE" else found


def _read(leaf: Leaf, text: str) -> Item:
    return Item.read(text, uid_if_missing=leaf.uid)


def _target(at: Call, unit: SqlUnitOfWork) -> Shelf:
    if not at.place.href:
        raise Refused(403, "Name the item itself as destination, not a collection.")
    try:
        return at.shelf(unit, write="bind")
    except Refused as refused:
        if refused.status != 404:
            raise
        raise Refused(409, "There is no collection for it at that address.") from refused


def _source(call: Call, unit: SqlUnitOfWork, shelf: Shelf) -> tuple[Leaf, str]:
    found = contents_of(call, shelf).text_at(unit, call.place.href)
    if found is None:
        raise not_found()
    return found


def _live(leaf: Leaf | None) -> Leaf | None:
    return None if leaf is None or leaf.deleted else leaf


def _check_uid(at: Call, unit: SqlUnitOfWork, target: Shelf, leaf: Leaf, there: Leaf | None) -> None:
    """No two items of a collection have one UID, and none is replaced by one of another UID (RFC 4791 5.3.2.1)."""
    if there and there.uid != leaf.uid:
        raise put.uid_conflict(at, target, there.href)
    other = leaf_of_uid(unit.session.connection, target.id, leaf.uid)
    if other and other.href != at.place.href and not (at.method == "MOVE" and other.id == leaf.id):
        raise put.uid_conflict(at, target, other.href)


# ---------------------------------------------------------------- writing


def _move(
    call: Call, at: Call, unit: SqlUnitOfWork, source: tuple[Shelf, Leaf, str], there: tuple[Shelf, Leaf | None]
) -> dict[str, str]:
    shelf, leaf, text = source
    target, in_the_way = there
    stored = leaf_at(unit.session.connection, shelf.id, call.place.href)
    if stored is None or stored.etag != leaf.etag:  # what this user sees is not what is stored: it is not his to move
        raise not_allowed("unbind", call.path_of(shelf))
    if shelf.id != target.id and is_bound(unit.session.connection, shelf.id):
        effects.deleting(call, unit, shelf, leaf)
        unit.delete_item(leaf.id, call.origin)
        return _write(at, unit, target, in_the_way, _read(leaf, text))
    effects.moving(call, unit, shelf, leaf, target)
    if in_the_way:  # of the same UID: nobody hears that it is deleted
        unit.delete_item(in_the_way.id, at.origin)
    unit.move_item(leaf.id, target.id, at.place.href)
    return effects.moved(unit, leaf)


def _write(at: Call, unit: SqlUnitOfWork, target: Shelf, here: Leaf | None, item: Item) -> dict[str, str]:
    """Write a text at the destination, over the item that is there; gives headers of the answer."""
    item = effects.writing(at, unit, target, here, item)
    item_id = put.write(at, unit, target, here.id if here else None, item)
    return effects.written(at, unit, target, item_id, item)
