"""The live properties of folders, principals and collections, and how properties are put into an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from dav_gateway import supported_reports
from dav_gateway.acl import properties as acl
from dav_gateway.attachments import properties as attachments
from dav_gateway.calendar_zones import TIMEZONE_ID
from dav_gateway.elements import (
    APPLE,
    CALENDARSERVER,
    cal,
    card,
    dav,
    empty,
    href,
    propstat,
    response,
    text,
    wrapped,
)
from dav_gateway.occurrence import zone_name
from dav_gateway.paths import Area, Place
from dav_gateway.privileges import HOME, READ, WRITE
from dav_gateway.push import properties as push
from dav_gateway.scheduling import properties as scheduling
from dav_gateway.sharing import properties as sharing
from dav_gateway.site import Call
from dav_gateway.tokens import ctag, sync_token
from dav_gateway.wanted import Mode, Wanted
from storage.dav_store import Shelf
from sync_engine.limits import ATTENDEES

Values: TypeAlias = Mapping[str, Callable[[], str | None]]
"""Properties by name; what each gives is XML, or None where the resource does not have it."""

_PARTS = (acl, attachments, push, scheduling, sharing)  # a later one outranks an earlier one

COMPONENTS = {"event": "VEVENT", "task": "VTODO"}
# What allprop leaves out: what RFC 4918 does not define is asked for by name (RFC 4791 5.2, RFC 3744 5).
_ALLPROP = frozenset(dav(n) for n in ("resourcetype", "displayname", "creationdate", "getlastmodified", "getetag"))

COLOR = f"{{{APPLE}}}calendar-color"
ORDER = f"{{{APPLE}}}calendar-order"
CTAG = f"{{{CALENDARSERVER}}}getctag"
TIMEZONE = cal("calendar-timezone")
DESCRIPTIONS = {False: cal("calendar-description"), True: card("addressbook-description")}


def describe(path: str, values: Values, wanted: Wanted, kept: Mapping[str, str] | None = None) -> str:
    """A response element; `kept` are properties that we only keep, as XML with their own element."""
    kept = kept or {}
    if wanted.mode is Mode.NAMES:
        names = [name for name, value in values.items() if value() is not None] + list(kept)
        return response(path, propstat(200, "".join(map(empty, names))))
    names = [*wanted.names]
    if wanted.mode is Mode.ALL:
        names += [name for name in values if name in _ALLPROP and name not in names] + list(kept)
    found, missing = [], []
    for name in names:
        content = values[name]() if name in values else None
        if content is not None:
            found.append(wrapped(name, content))
        elif name in kept:
            found.append(kept[name])
        else:
            missing.append(empty(name))
    return response(path, said(found, missing, minimal=wanted.minimal))


def said(found: Iterable[str], missing: Iterable[str], *, minimal: bool) -> str:
    """The propstats of a resource; never none at all (RFC 4918 14.24, RFC 8144 2.1)."""
    there = propstat(200, "".join(found))
    absent = "" if minimal else propstat(404, "".join(missing))
    return there + absent or "<D:propstat><D:prop/><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"


# ---------------------------------------------------------------- all resources


def common(call: Call, resource_type: str, privileges: str) -> dict[str, Callable[[], str | None]]:
    """What every folder, principal and collection has."""
    return {
        dav("resourcetype"): lambda: resource_type,
        dav("current-user-principal"): lambda: href(call.principal()),
        dav("principal-collection-set"): lambda: href(call.address(Place(Area.PRINCIPALS))),
        dav("owner"): lambda: href(call.principal()),
        dav("current-user-privilege-set"): lambda: privileges,
        dav("supported-report-set"): supported_reports.of_folder,
        cal("calendar-home-set"): lambda: href(call.home(Area.CALENDARS)),
        card("addressbook-home-set"): lambda: href(call.home(Area.ADDRESSBOOKS)),
    }


# ---------------------------------------------------------------- folders and principals


def folder_values(call: Call, place: Place) -> Values:
    """Properties of the root, a home or a principal."""
    if place.area is Area.PRINCIPALS and place.user:
        return principal_values(call)
    home = bool(place.user)
    added = [part.of_folder(call) for part in _PARTS]
    names = {Area.CALENDARS: "Calendars", Area.ADDRESSBOOKS: "Address books", Area.PRINCIPALS: "Users"}
    return {
        **common(call, "<D:collection/>", HOME if home else READ),
        dav("displayname"): lambda: names.get(place.area, "AgendaHub"),
        **_joined(added),
    }


def principal_values(call: Call) -> Values:
    """Properties of the signed-in user (RFC 3744 4)."""
    who = call.who
    itself = call.principal()
    mail = who.address or (who.user if "@" in who.user else "")
    addresses = [itself, *([f"mailto:{mail}"] if mail else [])]
    return {
        **common(call, "<D:collection/><D:principal/>", READ),
        dav("displayname"): lambda: text(who.display_name or who.user),
        dav("principal-URL"): lambda: href(itself),
        dav("group-membership"): lambda: "",
        dav("alternate-URI-set"): lambda: "",
        cal("calendar-user-address-set"): lambda: "".join(map(href, addresses)),
        cal("calendar-user-type"): lambda: "INDIVIDUAL",
        f"{{{CALENDARSERVER}}}email-address-set": lambda: "".join(
            f"<CS:email-address>{text(a.removeprefix('mailto:'))}</CS:email-address>" for a in addresses[1:]
        ),
        **_joined([part.of_principal(call) for part in _PARTS]),
    }


def _joined(parts: Iterable[Values]) -> dict[str, Callable[[], str | None]]:
    """The properties of all parts together."""
    return {name: value for part in parts for name, value in part.items()}


# ---------------------------------------------------------------- collections


def shelf_values(call: Call, shelf: Shelf) -> Values:
    """Properties of a calendar, task list or address book."""
    contacts = shelf.holds_contacts
    kind = "<A:addressbook/>" if contacts else "<C:calendar/>"
    return {
        **common(call, f"<D:collection/>{kind}", WRITE if shelf.access == "write" else READ),
        dav("displayname"): lambda: text(shelf.name),
        dav("creationdate"): lambda: shelf.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        dav("owner"): lambda: href(call.principal(shelf.owner)),
        dav("sync-token"): lambda: sync_token(shelf),
        CTAG: lambda: ctag(shelf),
        DESCRIPTIONS[contacts]: lambda: text(shelf.description) or None,
        **(_book_values(call, shelf) if contacts else _calendar_values(call, shelf)),
        **_joined([part.of_shelf(call, shelf) for part in _PARTS]),
    }


def _calendar_values(call: Call, shelf: Shelf) -> Values:
    components = "".join(f'<C:comp name="{COMPONENTS[kind]}"/>' for kind in sorted(shelf.kinds))
    return {
        dav("supported-report-set"): lambda: supported_reports.of_collection(shelf),
        cal("supported-calendar-component-set"): lambda: components,
        cal("supported-calendar-data"): lambda: '<C:calendar-data content-type="text/calendar" version="2.0"/>',
        cal("max-resource-size"): lambda: str(call.site.limits.event),
        cal("max-attendees-per-instance"): lambda: str(ATTENDEES),
        cal("supported-collation-set"): lambda: _collations("C"),
        TIMEZONE: lambda: text(shelf.timezone) or None,
        TIMEZONE_ID: lambda: text(zone_name(shelf.timezone)) or None,
        COLOR: lambda: text(shelf.color) or None,
        ORDER: lambda: str(shelf.sort_order),
    }


def _book_values(call: Call, shelf: Shelf) -> Values:
    versions = ("3.0", "4.0")
    types = "".join(f'<A:address-data-type content-type="text/vcard" version="{v}"/>' for v in versions)
    return {
        dav("supported-report-set"): lambda: supported_reports.of_collection(shelf),
        card("supported-address-data"): lambda: types,
        card("max-resource-size"): lambda: str(call.site.limits.card),
        card("supported-collation-set"): lambda: _collations("A"),
    }


def _collations(prefix: str) -> str:
    names = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
    return "".join(f"<{prefix}:supported-collation>{name}</{prefix}:supported-collation>" for name in names)
