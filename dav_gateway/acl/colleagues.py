"""Principals of others: everyone who signs in sees who they are and how to reach them, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from dav_gateway.acl import properties as acl
from dav_gateway.elements import CALENDARSERVER, cal, dav, href, text
from dav_gateway.paths import Area, Place
from dav_gateway.privileges import READ
from dav_gateway.site import Call
from storage.dav_principals import Principal

EMAILS = f"{{{CALENDARSERVER}}}email-address-set"


def is_colleague(call: Call) -> bool:
    """Whether a request is about the principal of somebody else, who may exist."""
    place = call.place
    return place.area is Area.PRINCIPALS and place.user not in ("", call.who.user) and not place.slug


def addresses_of(call: Call, principal: Principal) -> list[str]:
    """What stands for a person in invitations, the path of his principal first."""
    return [call.principal(principal.name), *([f"mailto:{principal.mail}"] if principal.mail else [])]


def colleague_values(call: Call, principal: Principal) -> dict[str, Callable[[], str | None]]:
    """Properties of another user's principal."""
    path = call.principal(principal.name)
    return {
        dav("resourcetype"): lambda: "<D:collection/><D:principal/>",
        dav("displayname"): lambda: text(principal.shown),
        dav("principal-URL"): lambda: href(path),
        dav("owner"): lambda: href(path),
        dav("alternate-URI-set"): lambda: "",
        dav("current-user-principal"): lambda: href(call.principal()),
        dav("principal-collection-set"): lambda: href(call.address(Place(Area.PRINCIPALS))),
        dav("current-user-privilege-set"): lambda: READ,
        cal("calendar-user-address-set"): lambda: "".join(map(href, addresses_of(call, principal))),
        cal("calendar-user-type"): lambda: "INDIVIDUAL",
        EMAILS: lambda: f"<CS:email-address>{text(principal.mail)}</CS:email-address>" if principal.mail else "",
        **acl.of_principal(call),
    }
