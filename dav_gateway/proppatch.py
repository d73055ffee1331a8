"""PROPPATCH (RFC 4918 9.2): all of the changes are made, or none."""

from __future__ import annotations

from dav_gateway.answers import Answer, Refused, not_found
from dav_gateway.elements import DAV, dav
from dav_gateway.multistatus import patched
from dav_gateway.paths import Area
from dav_gateway.properties import folder_values
from dav_gateway.scheduling import settings
from dav_gateway.sharing.personal import MAX_PROPERTIES, keep_for_oneself
from dav_gateway.sharing.proxies import change as change_group
from dav_gateway.sharing.proxies import is_group
from dav_gateway.sharing.subscription import SOURCE, may_change_source
from dav_gateway.site import HOMES, Call
from dav_gateway.updates import Changes, read_updates
from dav_gateway.wanted import must_be
from storage.dav_folders import folder_properties_of, keep_folder_properties
from storage.dav_items import leaf_at
from storage.dav_store import change_collection, is_bound, keep_properties, kept_properties
from storage.unit_of_work import SqlUnitOfWork

_FOLDERS = HOMES | {Area.PRINCIPALS}


def answer(call: Call) -> Answer:
    """The answer to a PROPPATCH."""
    update = must_be(call.xml(), dav("propertyupdate"))
    if is_group(call):
        return change_group(call, update)
    call.must_be_ours()
    changes = read_updates(update, contacts=call.place.contacts, fallback_name=call.place.slug)
    if not (changes.names or changes.refused):
        raise Refused(400, "The request changes no property.")
    if call.place.slug and not call.place.href:
        call.write(lambda unit: _change(call, unit, changes))
    elif call.place.user and not call.place.href and call.place.area in _FOLDERS:
        call.write(lambda unit: _keep_at_folder(call, unit, changes))
    else:
        _cannot(call, changes)
    return patched(call.address(call.place), changes.names, changes.refused, minimal=call.minimal)


def _change(call: Call, unit: SqlUnitOfWork, changes: Changes) -> None:
    shelf = call.shelf(unit)
    connection = unit.session.connection
    if shelf.owner_id != call.who.user_id:
        keep_for_oneself(call, unit, shelf, changes)
        return
    shelf = settings.change(call, unit, shelf, changes)
    if "name" in changes.columns and is_bound(connection, shelf.id):
        changes.refused[dav("displayname")] = 403  # bindings know it by its name: one phone renames it for nobody
    if "source" in changes.columns and not may_change_source(shelf):
        changes.refused[SOURCE] = 403
    if changes.refused:
        return
    kept = kept_properties(connection, [shelf.id]).get(shelf.id, {})
    if len(kept.keys() | changes.kept.keys()) > MAX_PROPERTIES:
        changes.refused = dict.fromkeys(changes.kept, 507)
        return
    if changes.columns:
        change_collection(connection, shelf.id, changes.columns)
    keep_properties(connection, shelf.id, changes.kept)


def _keep_at_folder(call: Call, unit: SqlUnitOfWork, changes: Changes) -> None:
    """At the user's homes and principal: Apple's clients keep default alarms and the card of oneself there."""
    live = folder_values(call, call.place)
    changes.refused |= {name: 403 for name in changes.names if name in live or name.startswith(f"{{{DAV}}}")}
    if changes.refused:
        return
    connection, user, area = unit.session.connection, call.who.user_id, call.place.area
    if len(folder_properties_of(connection, user, area).keys() | changes.elements.keys()) > MAX_PROPERTIES:
        changes.refused = dict.fromkeys(changes.elements, 507)
        return
    keep_folder_properties(connection, user, area, changes.elements)


def _cannot(call: Call, changes: Changes) -> None:
    """Items and the folders of all have no properties that clients may change."""
    if call.place.href:
        with call.read() as unit:
            leaf = leaf_at(unit.session.connection, call.shelf(unit).id, call.place.href)
        if leaf is None or leaf.deleted:
            raise not_found()
    changes.refused |= dict.fromkeys(changes.names, 403)
