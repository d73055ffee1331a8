"""Managed attachments (RFC 8607 6): the live properties that they add."""

from __future__ import annotations

from collections.abc import Callable

from dav_gateway.elements import cal, href
from dav_gateway.paths import Area, Place
from dav_gateway.site import Call
from storage.dav_store import Shelf


def of_principal(call: Call) -> dict[str, Callable[[], str | None]]:
    """Of the user's principal."""
    del call
    return {}


def of_folder(call: Call) -> dict[str, Callable[[], str | None]]:
    """Of the root and the homes: where attachments are, of a calendar home."""
    if call.place.area is not Area.CALENDARS or not call.place.user:
        return {}
    return {cal("managed-attachments-server-URL"): lambda: href(call.address(Place(Area.ATTACHMENTS)))}


def of_shelf(call: Call, shelf: Shelf) -> dict[str, Callable[[], str | None]]:
    """Of a collection: how large and how many attachments may be."""
    if shelf.holds_contacts:
        return {}
    limits = call.site.limits.files
    return {
        cal("max-attachment-size"): lambda: str(limits.file),
        cal("max-attachments-per-resource"): lambda: str(limits.attachments),
    }
