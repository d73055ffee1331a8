"""OPTIONS (RFC 4918 10.1): what this server can do."""

from __future__ import annotations

from dav_gateway.answers import Answer
from dav_gateway.paths import Place
from dav_gateway.push.names import FEATURE
from dav_gateway.site import Call

CLASSES = (
    "1, 3, access-control, calendar-access, calendar-auto-schedule, addressbook, extended-mkcol, calendar-proxy, "
    "calendarserver-sharing, calendarserver-subscribed, resource-sharing, calendar-managed-attachments"
)
ON_FOLDER = "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT"
ON_COLLECTION = f"{ON_FOLDER}, DELETE, COPY, MOVE, MKCALENDAR, MKCOL, ACL"
ON_ITEM = "OPTIONS, GET, HEAD, PUT, DELETE, COPY, MOVE, PROPFIND, PROPPATCH"


def allowed(place: Place) -> str:
    """The methods that an address takes."""
    if place.href:
        return ON_ITEM
    return ON_COLLECTION if place.slug else ON_FOLDER


def classes(call: Call) -> str:
    """The DAV header: what all gateways have, and push where this one has it."""
    push = call.site.push
    return f"{CLASSES}, {FEATURE}" if push is not None and push.keys.public() else CLASSES


def answer(call: Call) -> Answer:
    """The answer to OPTIONS. It is the same whether or not there is something at an address of the user's own."""
    call.must_be_ours()
    return Answer(200, b"", {"dav": classes(call), "allow": allowed(call.place)})
