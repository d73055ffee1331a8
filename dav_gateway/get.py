"""GET and HEAD (RFC 9110 9.3): an item as it was stored, byte for byte; a card in the version that is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from dav_gateway.accept import card_version
from dav_gateway.answers import Answer, not_found, plain
from dav_gateway.contents import contents_of
from dav_gateway.leaves import content_type, http_date
from dav_gateway.ranges import is_unchanged, part_of
from dav_gateway.site import Call
from storage.dav_items import Leaf
from sync_engine.errors import ItemError
from sync_engine.formats.card_versions import in_version


@dataclass(frozen=True, slots=True)
class Shown:
    """What is given for an item."""

    body: bytes
    etag: str  # with its quotes
    content_type: str

    @property
    def is_weak(self) -> bool:
        """Whether these are not the stored octets."""
        return self.etag.startswith("W/")


def answer(call: Call) -> Answer:
    """The answer to GET; the server leaves the body out for HEAD."""
    call.must_be_ours()
    if not call.place.href:
        return _folder(call)
    with call.read() as unit:
        shelf = call.shelf(unit)
        contents = contents_of(call, shelf)
        found = contents.text_at(unit, call.place.href)
    if found is None:
        raise not_found()
    leaf, text = found
    shown = _shown(call, leaf, text, contacts=shelf.holds_contacts)
    headers = _validators(leaf) | {"etag": shown.etag}
    if shelf.holds_contacts:
        headers["vary"] = "Accept"
    if _is_unchanged(call, leaf, shown):
        return Answer(304, b"", headers)
    # No browser may guess HTML.
    headers |= {"content-type": shown.content_type, "x-content-type-options": "nosniff", "accept-ranges": "bytes"}
    part = part_of(call.headers, len(shown.body), etag=leaf.etag, changed_at=leaf.changed_at)
    if part is None or call.method != "GET" or shown.is_weak:
        return Answer(200, shown.body, headers)
    return Answer(206, shown.body[part.first : part.end], headers | part.headers)


def _validators(leaf: Leaf) -> dict[str, str]:
    tag = {"schedule-tag": f'"{leaf.schedule_tag}"'} if leaf.schedule_tag else {}
    return {"last-modified": http_date(leaf.changed_at.replace(microsecond=0)), **tag}


def _is_unchanged(call: Call, leaf: Leaf, shown: Shown) -> bool:
    """Whether the client has it. A card in another version is told from the stored one by its weak tag only."""
    if shown.is_weak:
        return shown.etag in call.headers.get("if-none-match", "")
    return is_unchanged(call.headers, leaf.etag, leaf.changed_at)


def _shown(call: Call, leaf: Leaf, text: str, *, contacts: bool) -> Shown:
    """A card in another version than it is stored in has a weak tag: the octets behind the strong one are others."""
    kind = content_type(leaf.kind)
    version = card_version(call.headers.get("accept", "")) if contacts else ""
    try:
        turned = in_version(text, version) if version else text
    except ItemError:  # as it is: better than nothing
        turned = text
    if turned == text:
        return Shown(text.encode(), f'"{leaf.etag}"', kind)
    return Shown(turned.encode(), f'W/"{leaf.etag}"', f"{kind}; version={version}")


def _folder(call: Call) -> Answer:
    """Somebody opened the address in a browser."""
    if call.place.slug:
        with call.read() as unit:
            call.shelf(unit)
    return plain(200, "This address is for calendar and contact programs: enter it there, with an app password.")
