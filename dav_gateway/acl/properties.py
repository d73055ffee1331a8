"""Access control (RFC 3744): the live properties that it adds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from dav_gateway.acl.entries import EVERYBODY, OWNER, RESTRICTIONS, SUPPORTED_PRIVILEGES, entries_of, entry
from dav_gateway.elements import dav
from dav_gateway.site import Call
from storage.dav_sharing import sharees_of
from storage.dav_store import Shelf

Values = dict[str, Callable[[], str | None]]


def _common(acl: Callable[[], str]) -> Values:
    return {
        dav("supported-privilege-set"): lambda: SUPPORTED_PRIVILEGES,
        dav("acl"): acl,
        dav("acl-restrictions"): lambda: RESTRICTIONS,
        dav("inherited-acl-set"): lambda: "",
    }


def of_principal(call: Call) -> Values:
    """Of a principal."""
    del call
    return {**_common(lambda: entry(EVERYBODY, "read")), dav("group-member-set"): lambda: ""}


def of_folder(call: Call) -> Values:
    """Of the root and the homes."""
    mine = bool(call.place.user)
    return _common(lambda: entry(OWNER, "write") if mine else entry(EVERYBODY, "read"))


def of_shelf(call: Call, shelf: Shelf) -> Values:
    """Of a collection."""
    return _common(lambda: acl_of(call, shelf))


def of_item(call: Call, shelf: Shelf) -> dict[str, Callable[[], str | None]]:
    """Of the items of a collection: those of the collection, asked for once for all of them."""
    return _common(cache(lambda: acl_of(call, shelf)))


def acl_of(call: Call, shelf: Shelf) -> str:
    """Who may do what. Only its owner learns with whom else a collection is shared."""
    if shelf.owner_id is None:
        return entry(EVERYBODY, shelf.access)
    owner = entry(OWNER, "read" if shelf.read_only else "write")
    if shelf.owner_id != call.who.user_id:
        return owner + entries_of([(call.principal(), shelf.access)], protected=True)
    return owner + entries_of(people_of(call, shelf), protected=False)


def people_of(call: Call, shelf: Shelf) -> list[tuple[str, str]]:
    """With whom the owner shares a collection: the paths of their principals, and what they may do."""
    with call.read() as unit:
        sharees = sharees_of(unit.session.connection, [shelf.id]).get(shelf.id, [])
    return [(call.principal(sharee.person.name), sharee.access) for sharee in sharees]
