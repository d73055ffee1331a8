"""GET and HEAD of an attachment. It is changed only through the event or task that holds it (RFC 8607 3.8, 3.9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dav_gateway.answers import Answer, not_found
from dav_gateway.attachments.access import readable
from dav_gateway.elements import dav, text
from dav_gateway.files.reading import serve
from dav_gateway.multistatus import multistatus
from dav_gateway.options import CLASSES
from dav_gateway.properties import describe
from dav_gateway.site import Call, refuse_method
from dav_gateway.wanted import must_be, wanted_of
from storage.dav_attachments import Attachment

METHODS = "OPTIONS, GET, HEAD, PROPFIND"


def _there(call: Call) -> Attachment:
    """The attachment at the address. Refuses (404) where none is, or none that this user may read."""
    if not call.place.href:
        raise not_found()
    with call.read() as unit:
        found = readable(call, unit, call.place.slug)
    if found is None:
        raise not_found()
    return found


def _etag(attachment: Attachment) -> str:
    return attachment.managed_id  # new octets get a new one


def answer(call: Call) -> Answer:
    """The answer to GET and HEAD."""
    found = _there(call)
    return serve(call, _etag(found), found.created_at, found.media_type, found.size, found.blob_id)


def _propfind(call: Call) -> Answer:
    found = _there(call)
    root = call.xml()
    wanted = wanted_of(None if root is None else must_be(root, dav("propfind")), minimal=call.minimal)
    values: dict[str, Callable[[], str | None]] = {
        dav("resourcetype"): lambda: "",
        dav("displayname"): lambda: text(found.name),
        dav("getetag"): lambda: f'"{_etag(found)}"',
        dav("getcontentlength"): lambda: str(found.size),
        dav("getcontenttype"): lambda: text(found.media_type),
    }
    return multistatus(iter([describe(call.address(call.place), values, wanted)]))


def _options(call: Call) -> Answer:
    _there(call)
    return Answer(200, b"", {"dav": CLASSES, "allow": METHODS})


def _other(call: Call) -> Answer:
    _there(call)
    raise refuse_method(METHODS)


_CHANGING = ("PUT", "DELETE", "POST", "COPY", "MOVE", "MKCOL", "MKCALENDAR", "PROPPATCH", "REPORT", "ACL")

HANDLERS: Mapping[str, Callable[[Call], Answer]] = MappingProxyType(
    {"OPTIONS": _options, "GET": answer, "HEAD": answer, "PROPFIND": _propfind, **dict.fromkeys(_CHANGING, _other)}
)
