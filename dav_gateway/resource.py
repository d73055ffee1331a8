"""What is at an address, as far as its properties: a folder, a principal or a collection (items stand in leaves.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dav_gateway.acl.colleagues import colleague_values, is_colleague
from dav_gateway.answers import Refused
from dav_gateway.paths import Area, Place
from dav_gateway.properties import Values, describe, folder_values, shelf_values
from dav_gateway.sharing.proxies import group_values, is_group, of_colleague
from dav_gateway.site import HOMES, Call
from dav_gateway.wanted import Wanted
from storage.dav_folders import folder_properties_of
from storage.dav_store import NOTHING_KEPT, Kept, Shelf, properties_of
from storage.unit_of_work import SqlUnitOfWork

_FOLDERS = HOMES | {Area.ROOT, Area.PRINCIPALS}


@dataclass(frozen=True, slots=True)
class Resource:
    """Its path, its live properties, and those that are only kept, as XML with their own element."""

    path: str
    values: Values
    kept: Mapping[str, str] = field(default_factory=dict)

    def described(self, wanted: Wanted) -> str:
        """Its response element."""
        return describe(self.path, self.values, wanted, self.kept)


def resource_at(call: Call, unit: SqlUnitOfWork) -> Resource:
    """What the request is about, unless it is an item. Raises `Refused` (404) where nothing is, or somebody else's."""
    place = call.place
    if is_colleague(call):
        person = call.principal_at(unit, place.user)
        values = {**colleague_values(call, person), **of_colleague(call, unit, person)}
        return Resource(call.address(place), values)
    if is_group(call):
        return Resource(call.address(place), group_values(call, unit))
    call.must_be_ours(unit)
    if place.slug or place.area not in _FOLDERS:
        return collection(call, unit, call.shelf(unit))
    return Resource(call.address(place), folder_values(call, place), _kept_at(call, unit))


def _kept_at(call: Call, unit: SqlUnitOfWork) -> Mapping[str, str]:
    """What the user's clients keep at his homes and his principal."""
    if call.place.user != call.who.user:
        return {}
    return folder_properties_of(unit.session.connection, call.who.user_id, call.place.area)


def collection(call: Call, unit: SqlUnitOfWork, shelf: Shelf) -> Resource:
    """One collection in the home that the request is about."""
    kept = properties_of(unit.session.connection, [shelf.id], call.who.user_id)
    return shelf_resource(call, shelf, kept.get(shelf.id, NOTHING_KEPT))


def shelf_resource(call: Call, shelf: Shelf, kept: Kept) -> Resource:
    """What the user set for himself outranks what all see."""
    values = {name: value for name, value in shelf_values(call, shelf).items() if name not in kept.personal}
    return Resource(call.path_of(shelf), values, {**kept.common, **kept.personal})


def resource_of(call: Call, unit: SqlUnitOfWork, place: Place) -> Resource | None:
    """What is at another place than the request's; None for items, for nothing and for what is somebody else's."""
    if place.href or place.steps:
        return None
    try:
        return resource_at(replace(call, place=place, path=call.address(place)), unit)
    except Refused:
        return None
