"""A phone: a CalDAV and CardDAV client that finds the gateway's collections by itself."""

from __future__ import annotations

from typing import Any

from caldav import DAVClient
from lxml import etree

from demo.dav_client import DavCollection

_HOME = (
    '<d:propfind xmlns:d="DAV:" xmlns:r="urn:ietf:params:xml:ns:carddav">'
    "<d:prop><r:addressbook-home-set/></d:prop></d:propfind>"
)
_KINDS = '<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/></d:prop></d:propfind>'


def connect(url: str, user: str, password: str) -> dict[str, DavCollection]:
    """Discover as a phone does, from the address, user and app password alone: a collection for each kind."""
    found: dict[str, DavCollection] = {}
    library: Any = DAVClient
    with library(url=f"{url}/", username=user, password=password) as client:
        principal: Any = client.principal()
        for calendar in principal.calendars():
            kind = "task" if calendar.get_supported_components() == ["VTODO"] else "event"
            found.setdefault(kind, DavCollection(str(calendar.url), kind, user, password))  # birthdays come later
        home = _first_href(client.propfind(str(principal.url), _HOME, 0).raw, "addressbook-home-set")
        listing = client.propfind(str(principal.url.join(home)), _KINDS, 1)
        book = next(r for r in _tree(listing.raw).iterfind("{DAV:}response") if r.find(".//{*}addressbook") is not None)
        book_url = str(principal.url.join(book.findtext("{DAV:}href") or ""))
        found["contact"] = DavCollection(book_url, "contact", user, password)
    return found


def _tree(raw: str | bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(raw.encode() if isinstance(raw, str) else raw, parser)


def _first_href(raw: str | bytes, prop: str) -> str:
    return _tree(raw).findtext(f".//{{*}}{prop}/{{DAV:}}href") or ""
