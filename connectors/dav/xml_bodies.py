"""Bodies of PROPFIND and REPORT requests (RFC 4918 9.1, RFC 4791 7, RFC 6352 8, RFC 6578 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

CALDAV = "urn:ietf:params:xml:ns:caldav"
CARDDAV = "urn:ietf:params:xml:ns:carddav"
APPLE = "http://apple.com/ns/ical/"
CALENDARSERVER = "http://calendarserver.org/ns/"

_NAMESPACES = f'xmlns:d="DAV:" xmlns:c="{CALDAV}" xmlns:r="{CARDDAV}" xmlns:a="{APPLE}" xmlns:s="{CALENDARSERVER}"'
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
ETAG = "{DAV:}getetag"
RESOURCE_TYPE = "{DAV:}resourcetype"
CTAG = f"{{{CALENDARSERVER}}}getctag"
SYNC_TOKEN = "{DAV:}sync-token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Flavour:
    """What differs between calendars and address books."""

    data: str  # {namespace}name of the property that holds the text
    multiget: str
    query: str
    wanted: str  # the property as asked for
    content_type: str
    accept: str


CALENDAR = Flavour(
    f"{{{CALDAV}}}calendar-data",
    "c:calendar-multiget",
    "c:calendar-query",
    "<c:calendar-data/>",
    "text/calendar; charset=utf-8",
    "text/calendar",
)
ADDRESS_BOOK = Flavour(
    f"{{{CARDDAV}}}address-data",
    "r:addressbook-multiget",
    "r:addressbook-query",
    "<r:address-data/>",
    "text/vcard; charset=utf-8",
    "text/vcard, text/x-vcard;q=0.5",
)


def propfind(*names: str) -> bytes:
    """Ask for properties by prefixed name, such as ``d:getetag``."""
    wanted = "".join(f"<{name}/>" for name in names)
    return f"{_HEAD}<d:propfind {_NAMESPACES}><d:prop>{wanted}</d:prop></d:propfind>".encode()


def multiget(flavour: Flavour, paths: Iterable[str]) -> bytes:
    """Ask for the texts at these paths."""
    hrefs = "".join(f"<d:href>{escape(path)}</d:href>" for path in paths)
    prop = f"<d:prop><d:getetag/>{flavour.wanted}</d:prop>"
    return f"{_HEAD}<{flavour.multiget} {_NAMESPACES}>{prop}{hrefs}</{flavour.multiget}>".encode()


def sync_collection(token: str) -> bytes:
    """Ask what changed since a token; everything without one."""
    return (
        f"{_HEAD}<d:sync-collection {_NAMESPACES}><d:sync-token>{escape(token)}</d:sync-token>"
        "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
    ).encode()


def event_query(component: str, uid: str) -> bytes:
    """Find the VEVENT or VTODO with a UID."""
    match = f'<c:text-match collation="i;octet">{escape(uid)}</c:text-match>'
    inner = f'<c:comp-filter name="{component}"><c:prop-filter name="UID">{match}</c:prop-filter></c:comp-filter>'
    filters = f'<c:filter><c:comp-filter name="VCALENDAR">{inner}</c:comp-filter></c:filter>'
    prop = "<d:prop><d:getetag/><c:calendar-data/></d:prop>"
    return f"{_HEAD}<c:calendar-query {_NAMESPACES}>{prop}{filters}</c:calendar-query>".encode()


def card_query(uid: str) -> bytes:
    """Find the card with a UID."""
    match = f'<r:text-match collation="i;unicode-casemap" match-type="equals">{escape(uid)}</r:text-match>'
    prop = "<d:prop><d:getetag/><r:address-data/></d:prop>"
    filters = f'<r:filter><r:prop-filter name="UID">{match}</r:prop-filter></r:filter>'
    return f"{_HEAD}<r:addressbook-query {_NAMESPACES}>{prop}{filters}</r:addressbook-query>".encode()
