"""GET and HEAD (RFC 9110 9.3): an item as it was stored, byte for byte."""

from __future__ import annotations

from dav_gateway.answers import Answer, not_found, plain
from dav_gateway.contents import contents_of
from dav_gateway.leaves import content_type, http_date
from dav_gateway.preconditions import matches
from dav_gateway.site import Call
from storage.dav_items import Leaf


def answer(call: Call) -> Answer:
    """The answer to GET; the server leaves the body out for HEAD."""
    call.must_be_ours()
    if not call.place.href:
        return _folder(call)
    with call.site.database.read() as unit:
        shelf = call.shelf(unit)
        contents = contents_of(call, shelf)
        found = contents.text_at(unit, call.place.href)
    if found is None:
        raise not_found()
    leaf, text = found
    if matches(call.headers.get("if-none-match", ""), leaf.etag):
        return Answer(304, b"", _validators(leaf))
    headers = {
        "content-type": content_type(leaf.kind),
        "x-content-type-options": "nosniff",
    }  # no browser may guess HTML
    return Answer(200, text.encode(), _validators(leaf) | headers)


def _validators(leaf: Leaf) -> dict[str, str]:
    return {"etag": f'"{leaf.etag}"', "last-modified": http_date(leaf.changed_at.replace(microsecond=0))}


def _folder(call: Call) -> Answer:
    """Somebody opened the address in a browser."""
    if call.place.slug:
        with call.site.database.read() as unit:
            call.shelf(unit)
    return plain(200, "This address is for calendar and contact programs: enter it there, with an app password.")
