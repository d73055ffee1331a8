"""Delegates (caldav-proxy.txt): two groups of each user, of those who may read and of those who may change his homes.

A group is at ``/dav/principals/{user}/calendar-proxy-read/`` and ``...-write/``. Its user sees and changes it; those
who are in it see it; for others it is not there. A delegate reaches calendars and address books at their own addresses.
"""

from __future__ import annotations

from collections.abc import Callable

from dav_gateway import supported_reports
from dav_gateway.answers import Answer, Refused, not_allowed, not_found
from dav_gateway.elements import (
    CALENDARSERVER,
    Element,
    cal,
    card,
    children,
    dav,
    href,
    text,
    text_of,
)
from dav_gateway.multistatus import patched
from dav_gateway.paths import Area, Place
from dav_gateway.privileges import READ as MAY_READ
from dav_gateway.privileges import WRITE as MAY_WRITE
from dav_gateway.sharing.people import person_of
from dav_gateway.site import Call
from storage.dav_principals import Principal
from storage.dav_sharing import READ, WRITE, Sharee, delegates_of, home_of, homes_open_to, set_delegate
from storage.unit_of_work import SqlUnitOfWork

Values = dict[str, Callable[[], str | None]]

GROUPS = {"calendar-proxy-read": READ, "calendar-proxy-write": WRITE}
MEMBERS = dav("group-member-set")
MOST = 200  # members of a group


def is_group(call: Call) -> bool:
    """Whether a request is about a group of delegates."""
    place = call.place
    return place.area is Area.PRINCIPALS and place.slug in GROUPS and not place.href


def group_path(call: Call, user: str, group: str) -> str:
    """The path of a user's group."""
    return call.address(Place(Area.PRINCIPALS, user, group))


def group_values(call: Call, unit: SqlUnitOfWork) -> Values:
    """Properties of a group. Raises `Refused` (404) for who is neither its user nor in it."""
    place = call.place
    owner = call.principal_at(unit, place.user)
    members = [one for one in delegates_of(unit.session.connection, owner.user_id) if one.access == GROUPS[place.slug]]
    mine = owner.user_id == call.who.user_id
    if not mine and call.who.user_id not in [one.person.user_id for one in members]:
        raise not_found()
    shown = members if mine else [one for one in members if one.person.user_id == call.who.user_id]
    path = call.address(place)
    return {
        dav("resourcetype"): lambda: f"<D:principal/><D:collection/><CS:{place.slug}/>",
        dav("displayname"): lambda: text(f"{owner.shown}: {_SAID[place.slug]}"),
        dav("principal-URL"): lambda: href(path),
        dav("owner"): lambda: href(call.principal(owner.name)),
        dav("alternate-URI-set"): lambda: "",
        dav("group-membership"): lambda: "",
        MEMBERS: lambda: "".join(href(call.principal(one.person.name)) for one in shown),
        dav("current-user-principal"): lambda: href(call.principal()),
        dav("principal-collection-set"): lambda: href(call.address(Place(Area.PRINCIPALS))),
        dav("current-user-privilege-set"): lambda: MAY_WRITE if mine else MAY_READ,
        dav("supported-report-set"): supported_reports.of_folder,
        cal("calendar-user-type"): lambda: "GROUP",
    }


_SAID = {"calendar-proxy-read": "may read", "calendar-proxy-write": "may change"}

# ---------------------------------------------------------------- changing who is in a group


def change(call: Call, update: Element) -> Answer:
    """PROPPATCH of a group: its members are set anew, or none at all."""
    with call.read() as unit:
        _must_be_mine(call, unit)
    names = [str(child.tag) for prop in update.iterfind(f"*/{dav('prop')}") for child in children(prop)]
    wanted = update.find(f"{dav('set')}/{dav('prop')}/{MEMBERS}")
    refused = [name for name in dict.fromkeys(names) if name != MEMBERS]
    if refused or wanted is None:
        raise Refused(403, "Of a group of delegates only its members can be set.", condition=_CANNOT)
    addresses = [text_of(element) for element in wanted.iterchildren(dav("href"))]
    if len(addresses) > MOST:
        raise Refused(403, f"A user has at most {MOST} delegates of a kind.")
    call.write(lambda unit: _set_members(call, unit, addresses))
    return patched(call.address(call.place), [MEMBERS], {}, minimal=call.minimal)


_CANNOT = "<D:cannot-modify-protected-property/>"


def _must_be_mine(call: Call, unit: SqlUnitOfWork) -> None:
    """Raises `Refused`: 404 for those who must not know of the group, 403 for those who are in it."""
    group_values(call, unit)
    if call.place.user != call.who.user:
        raise not_allowed("write-properties", call.address(call.place))


def _set_members(call: Call, unit: SqlUnitOfWork, addresses: list[str]) -> None:
    connection, access, owner = unit.session.connection, GROUPS[call.place.slug], call.who.user_id
    people = [person_of(call, unit, address) for address in addresses]
    wanted = {person.user_id for person in people if person is not None}
    if None in people or owner in wanted:
        raise Refused(403, "Only other users of this server can be delegates.")
    for present in delegates_of(connection, owner):
        if present.access == access and present.person.user_id not in wanted:
            set_delegate(connection, owner, present.person.user_id, "")
    for number in sorted(wanted):
        set_delegate(connection, owner, number, access)


# ---------------------------------------------------------------- what principals tell of it


def of_principal(call: Call) -> Values:
    """Whose delegate the signed-in user is."""
    return {
        f"{{{CALENDARSERVER}}}calendar-proxy-read-for": lambda: _principals(call, READ),
        f"{{{CALENDARSERVER}}}calendar-proxy-write-for": lambda: _principals(call, WRITE),
        dav("group-membership"): lambda: _groups(call),
    }


def of_colleague(call: Call, unit: SqlUnitOfWork, person: Principal) -> Values:
    """Where the homes of somebody are who made the signed-in user his delegate; nothing of others."""
    if home_of(unit.session.connection, person.name, call.who.user_id) is None:
        return {}
    return {
        cal("calendar-home-set"): lambda: href(call.address(Place(Area.CALENDARS, person.name))),
        card("addressbook-home-set"): lambda: href(call.address(Place(Area.ADDRESSBOOKS, person.name))),
    }


def _open_to(call: Call) -> list[Sharee]:
    with call.read() as unit:
        return homes_open_to(unit.session.connection, call.who.user_id)


def _principals(call: Call, access: str) -> str:
    return "".join(href(call.principal(one.person.name)) for one in _open_to(call) if one.access == access)


def _groups(call: Call) -> str:
    names = {access: group for group, access in GROUPS.items()}
    return "".join(href(group_path(call, one.person.name, names[one.access])) for one in _open_to(call))
