"""MKCALENDAR (RFC 4791 5.3.1) and MKCOL, plain and extended (RFC 5689): an own collection is made."""

from __future__ import annotations

import secrets

from dav_gateway.answers import Answer, Refused, not_allowed
from dav_gateway.elements import Element, cal, card, children, dav, empty
from dav_gateway.options import ON_COLLECTION, allowed
from dav_gateway.paths import Area, Place
from dav_gateway.properties import COMPONENTS
from dav_gateway.sharing.subscription import SOURCE, SUBSCRIBED
from dav_gateway.site import HOMES, Call, refuse_method
from dav_gateway.updates import Changes, read_updates
from dav_gateway.wanted import must_be
from storage.dav_store import collection_at, create_collection, keep_properties, slug_is_free
from storage.unit_of_work import SqlUnitOfWork

_KINDS = {component: kind for kind, component in COMPONENTS.items()}
_RESERVED = "~"  # marks addresses that the gateway makes
_LONGEST_SLUG = 180


def answer(call: Call) -> Answer:
    """The answer to MKCALENDAR or MKCOL: 201."""
    call.must_be_ours()
    check_place(call)
    update = _body(call)
    kinds = _kinds(call, update)
    changes = _changes(call, update)
    call.write(lambda unit: _make(call, unit, kinds, changes))
    return Answer(201, b"", {"cache-control": "no-cache"})


def check_place(call: Call) -> None:
    """Refuses addresses where no collection may be."""
    place = call.place
    wrong = place.area not in HOMES or (call.method == "MKCALENDAR" and place.area is not Area.CALENDARS)
    if place.href or not place.slug or wrong:
        if place.slug:
            raise Refused(403, "Collections are made in a home.", condition="<C:calendar-collection-location-ok/>")
        raise refuse_method(allowed(place))
    if _RESERVED in place.slug or len(place.slug) > _LONGEST_SLUG:
        raise Refused(403, f"Choose a name without {_RESERVED} and with at most {_LONGEST_SLUG} characters.")


def _body(call: Call) -> Element | None:
    root = call.xml()
    if root is None:
        return None
    return must_be(root, cal("mkcalendar") if call.method == "MKCALENDAR" else dav("mkcol"))


def _kinds(call: Call, update: Element | None) -> frozenset[str]:
    """What the collection will hold: contacts, or the components asked for (both, when none are)."""
    contacts = call.place.contacts
    types = _property(update, dav("resourcetype"))
    if types is not None:
        wanted = {str(child.tag) for child in children(types)} - {dav("collection")}
        feed = not contacts and SUBSCRIBED in wanted and _property(update, SOURCE) is not None
        wanted = wanted - {SUBSCRIBED} or {cal("calendar")} if feed else wanted
        if wanted != {card("addressbook") if contacts else cal("calendar")}:
            raise Refused(403, "This home does not take such collections.", condition="<D:valid-resourcetype/>")
    if contacts:
        return frozenset(("contact",))
    components = _property(update, cal("supported-calendar-component-set"))
    if components is None:
        return frozenset(("event", "task"))
    kinds = frozenset(_KINDS[name] for child in children(components) if (name := child.get("name", "")) in _KINDS)
    if not kinds:
        raise Refused(403, "Only events and tasks are kept.", condition="<C:supported-calendar-component/>")
    return kinds


def _property(update: Element | None, name: str) -> Element | None:
    return None if update is None else update.find(f"{dav('set')}/{dav('prop')}/{name}")


def _changes(call: Call, update: Element | None) -> Changes:
    if update is None:
        return Changes()
    changes = read_updates(update, contacts=call.place.contacts, fallback_name=call.place.slug)
    for name in (dav("resourcetype"), cal("supported-calendar-component-set")):
        changes.refused.pop(name, None)
    if changes.refused:
        names = ", ".join(name.rpartition("}")[2] for name in changes.refused)
        element = next(iter(changes.refused))
        raise Refused(403, f"These properties cannot be set: {names}.", condition=empty(element))
    return changes


def _make(call: Call, unit: SqlUnitOfWork, kinds: frozenset[str], changes: Changes) -> None:
    connection, home, slug = unit.session.connection, call.home_at(unit), call.place.slug
    contacts = call.place.contacts
    if home.access != "write":
        raise not_allowed("bind", call.address(Place(call.place.area, home.user)))
    taken = collection_at(connection, home.user_id, slug, contacts=contacts)
    if taken or not slug_is_free(connection, home.user_id, slug, contacts=contacts):
        condition = "<D:resource-must-be-null/>"
        raise Refused(405, "There is a collection of this name already.", condition=condition, headers=_ALLOW)
    values = {"name": slug, "epoch": secrets.token_hex(16), "created_at": call.now, **changes.columns}
    if "source" in values:
        values = {"transparent": True, **values, "read_only": True}
    made = create_collection(connection, home.user_id, slug, kinds, values)
    keep_properties(connection, made, changes.kept)


_ALLOW = {"allow": ON_COLLECTION}
