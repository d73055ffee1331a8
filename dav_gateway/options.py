"""OPTIONS (RFC 4918 10.1): what this server can do."""

from __future__ import annotations

from dav_gateway.answers import Answer
from dav_gateway.paths import Area, Place
from dav_gateway.push.names import FEATURE
from dav_gateway.site import Call
from storage.dav_scheduling import OUTBOX

CLASSES = (
    "1, 3, access-control, calendar-access, calendar-auto-schedule, addressbook, extended-mkcol, calendar-proxy, "
    "calendarserver-sharing, calendarserver-subscribed, resource-sharing, calendar-managed-attachments"
)
ON_FOLDER = "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT"
ON_OUTBOX = f"{ON_FOLDER}, POST"
ON_COLLECTION = f"{ON_OUTBOX}, DELETE, COPY, MOVE, ACL"
ON_ITEM = f"{ON_FOLDER}, PUT, DELETE, COPY, MOVE"


def allowed(place: Place) -> str:
    """The methods that an address takes, whether or not there is something: where nothing is, a collection is made."""
    if place.area not in (Area.CALENDARS, Area.ADDRESSBOOKS) or not place.slug:
        return ON_FOLDER
    if place.href:
        return ON_ITEM if place.contacts else f"{ON_ITEM}, POST"
    if place.area is Area.CALENDARS and place.slug == OUTBOX:
        return ON_OUTBOX
    return f"{ON_COLLECTION}, MKCOL" if place.contacts else f"{ON_COLLECTION}, MKCOL, MKCALENDAR"


def classes(call: Call) -> str:
    """The DAV header: what all gateways have, and push where this one has it."""
    push = call.site.push
    return f"{CLASSES}, {FEATURE}" if push is not None and push.keys.public() else CLASSES


def answer(call: Call) -> Answer:
    """The answer to OPTIONS. It is the same whether or not there is something at an address of the user's own."""
    call.must_be_ours()
    return Answer(200, b"", {"dav": classes(call), "allow": allowed(call.place)})
