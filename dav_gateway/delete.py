"""DELETE (RFC 4918 9.6): an item becomes a tombstone; an own collection goes away, a shared one is given back."""

from __future__ import annotations

from dav_gateway import effects
from dav_gateway.answers import Answer, not_allowed, not_found
from dav_gateway.options import allowed
from dav_gateway.paths import Place
from dav_gateway.preconditions import check
from dav_gateway.sharing.masked import must_see
from dav_gateway.site import Call, refuse_method
from storage.dav_items import leaf_at
from storage.dav_sharing import set_share
from storage.dav_store import delete_collection, is_bound
from storage.unit_of_work import SqlUnitOfWork


def answer(call: Call) -> Answer:
    """The answer to a DELETE."""
    call.must_be_ours()
    if not call.place.slug:
        raise refuse_method(allowed(call.place))
    work = _delete_item if call.place.href else _delete_collection
    call.write(lambda unit: work(call, unit))
    return Answer(204)


def _delete_item(call: Call, unit: SqlUnitOfWork) -> None:
    shelf = call.shelf(unit, write="unbind")
    effects.lock(call, unit, shelf, None)
    leaf = leaf_at(unit.session.connection, shelf.id, call.place.href)
    if leaf is None or leaf.deleted:
        raise not_found()
    must_see(call, unit, shelf, leaf)
    check(call.headers, leaf.etag)
    effects.deleting(call, unit, shelf, leaf)
    unit.delete_item(leaf.id, call.origin)


def _delete_collection(call: Call, unit: SqlUnitOfWork) -> None:
    """Whoever was given somebody else's collection gives it back: it goes away for him alone."""
    shelf = call.shelf(unit)
    if shelf.owner and shelf.owner_id != call.who.user_id and call.place.user == call.who.user:
        set_share(unit.session.connection, shelf.id, call.who.user_id, "")
    else:
        remove_collection(call, unit)


def remove_collection(call: Call, unit: SqlUnitOfWork) -> None:
    """Only the owner may, and not while a binding syncs it: one tap must not empty a company's calendar."""
    shelf = call.shelf(unit)
    own = shelf.owner_id == call.who.user_id
    if not own or is_bound(unit.session.connection, shelf.id):
        raise not_allowed("unbind", call.address(Place(call.place.area, call.place.user)))
    effects.deleting_collection(call, unit, shelf)
    delete_collection(unit.session.connection, shelf.id, call.now)
