"""Scheduling (RFC 6638): the live properties that it adds."""

from __future__ import annotations

from collections.abc import Callable

from dav_gateway.elements import cal, dav, href
from dav_gateway.paths import Area, Place
from dav_gateway.privileges import READ, privilege_set
from dav_gateway.scheduling.people import keys_of
from dav_gateway.site import Call
from storage import dav_scheduling as store
from storage.dav_store import Shelf

Values = dict[str, Callable[[], str | None]]

DEFAULT_CALENDAR = cal("schedule-default-calendar-URL")
TRANSPARENCY = cal("schedule-calendar-transp")


def _privileges(*names: str) -> str:
    return "".join(f"<D:privilege><C:{name}/></D:privilege>" for name in names)


_DELIVER = _privileges(
    "schedule-deliver", "schedule-deliver-invite", "schedule-deliver-reply", "schedule-query-freebusy"
)
_SEND = _privileges("schedule-send", "schedule-send-invite", "schedule-send-reply", "schedule-send-freebusy")
_INBOX = READ + privilege_set("unbind", "write-properties") + _DELIVER


def of_principal(call: Call) -> Values:
    """Of the user's principal."""
    return {
        cal("schedule-inbox-URL"): lambda: href(_box(call, store.INBOX)),
        cal("schedule-outbox-URL"): lambda: href(_box(call, store.OUTBOX)),
    }


def _box(call: Call, slug: str) -> str:
    return call.address(Place(Area.CALENDARS, call.who.user, slug))


def of_folder(call: Call) -> Values:
    """Of the root and the homes."""
    del call
    return {}


def of_shelf(call: Call, shelf: Shelf) -> Values:
    """Of a collection."""
    if shelf.role == "inbox":
        return {
            dav("resourcetype"): lambda: "<D:collection/><C:schedule-inbox/>",
            dav("current-user-privilege-set"): lambda: _INBOX,
            DEFAULT_CALENDAR: lambda: _default(call, shelf),
            cal("max-resource-size"): lambda: None,
        }
    if shelf.role == "outbox":
        return {
            dav("resourcetype"): lambda: "<D:collection/><C:schedule-outbox/>",
            dav("current-user-privilege-set"): lambda: READ + _SEND,
            cal("supported-calendar-component-set"): lambda: None,
            cal("max-resource-size"): lambda: None,
        }
    if shelf.holds_contacts:
        return {}
    return {TRANSPARENCY: lambda: "<C:transparent/>" if shelf.transparent else "<C:opaque/>"}


def _default(call: Call, shelf: Shelf) -> str | None:
    """Where new invitations go; not there while the user has no calendar that could take them."""
    with call.read() as unit:
        connection = unit.session.connection
        owner = store.person(connection, shelf.owner)
        desk = store.default_of(owner, store.desks(connection, owner.id)) if owner else None
        slug = store.segment(connection, owner.id, desk.id) if owner and desk else ""
    return href(call.address(Place(Area.CALENDARS, shelf.owner, slug))) if slug else None


def addresses_of(call: Call) -> frozenset[str]:
    """What the signed-in user is called as organiser or guest."""
    return keys_of(call.who.user, call.who.address)
