"""A request for every verb, report and POST of the gateway, and those that name another object beside their address.

`{path}` stands for the address of the object that is asked for, `{own}` for one's own calendar.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dav_gateway.elements import APPLE, CALDAV, CALENDARSERVER, CARDDAV, cal, card, dav
from dav_gateway.push.names import PUSH
from tests.foreign_objects import CARD, EVENT, SECRET

OWN = "/dav/calendars/ada/mine/"
OWN_ITEM = f"{OWN}mine.ics"
OWN_BOOK = "/dav/addressbooks/ada/people/"
OWN_FILE = "/dav/files/ada/mine.txt"
_SPACES = (
    f'xmlns="DAV:" xmlns:C="{CALDAV}" xmlns:A="{CARDDAV}" xmlns:CS="{CALENDARSERVER}" xmlns:I="{APPLE}"'
    f' xmlns:P="{PUSH}"'
)
_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
_CALENDAR = "text/calendar; charset=utf-8"


@dataclass(frozen=True)
class Row:
    """A request."""

    name: str
    method: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    path: str = "{path}"

    def __str__(self) -> str:
        return self.name


def _xml(name: str, content: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><{name} {_SPACES}>{content}</{name}>'


_PROPS = (
    "<prop><displayname/><resourcetype/><getetag/><sync-token/><owner/><acl/><C:calendar-data/><A:address-data/>"
    "<CS:getctag/><CS:invite/><group-member-set/><p xmlns='urn:x'/></prop>"
)
_ALL = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
_SET = "<set><prop><displayname>taken over</displayname></prop></set>"

VERBS = (
    Row("OPTIONS", "OPTIONS"),
    Row("GET", "GET"),
    Row("GET of a part", "GET", headers={"Range": "bytes=0-9"}),
    Row("HEAD", "HEAD"),
    Row("PUT", "PUT", EVENT.format("new", "taken over"), {"Content-Type": _CALENDAR}),
    Row("PUT of a card", "PUT", CARD.format("new", "taken over"), {"Content-Type": "text/vcard"}),
    Row("PUT if it is there", "PUT", EVENT.format("new", "x"), {"If-Match": "*"}),
    Row("PUT if it is not there", "PUT", EVENT.format("new", "x"), {"If-None-Match": "*"}),
    Row("DELETE", "DELETE"),
    Row("PROPFIND", "PROPFIND", _xml("propfind", _PROPS), {"Depth": "0"}),
    Row("PROPFIND of what is in it", "PROPFIND", _xml("propfind", _PROPS), {"Depth": "1"}),
    Row("PROPFIND of all", "PROPFIND", _xml("propfind", "<allprop/>"), {"Depth": "0"}),
    Row("PROPPATCH", "PROPPATCH", _xml("propertyupdate", _SET)),
    Row("MKCOL", "MKCOL"),
    Row("MKCALENDAR", "MKCALENDAR"),
    Row("COPY", "COPY", headers={"Destination": f"{OWN}copied.ics"}),
    Row("COPY of a collection", "COPY", headers={"Destination": "/dav/calendars/ada/copied/", "Depth": "infinity"}),
    Row("COPY of a file", "COPY", headers={"Destination": "/dav/files/ada/copied.txt"}),
    Row("MOVE", "MOVE", headers={"Destination": f"{OWN}moved.ics"}),
    Row("MOVE of a collection", "MOVE", headers={"Destination": "/dav/calendars/ada/moved/"}),
    Row("MOVE of a file", "MOVE", headers={"Destination": "/dav/files/ada/moved.txt"}),
    Row("ACL", "ACL", _xml("acl", "")),
    Row("LOCK", "LOCK", _xml("lockinfo", "<lockscope><exclusive/></lockscope><locktype><write/></locktype>")),
    Row("UNLOCK", "UNLOCK", headers={"Lock-Token": "<urn:x>"}),
    Row("PATCH", "PATCH", "x"),
    Row("POST of nothing", "POST"),
    Row("POST of anything", "POST", "x", {"Content-Type": "text/plain"}),
    Row("a verb that nobody knows", "BREW"),
)

REPORTS = {
    cal("calendar-query"): _xml("C:calendar-query", _PROPS + _ALL),
    cal("calendar-multiget"): _xml("C:calendar-multiget", _PROPS + "<href>{path}</href>"),
    cal("free-busy-query"): _xml(
        "C:free-busy-query", '<C:time-range start="20260201T000000Z" end="20260401T000000Z"/>'
    ),
    card("addressbook-query"): _xml("A:addressbook-query", _PROPS + "<A:filter/>"),
    card("addressbook-multiget"): _xml("A:addressbook-multiget", _PROPS + "<href>{path}</href>"),
    dav("sync-collection"): _xml("sync-collection", "<sync-token/><sync-level>1</sync-level>" + _PROPS),
    dav("expand-property"): _xml(
        "expand-property",
        '<property name="owner"><property name="displayname"/></property><property name="displayname"/>'
        f'<property name="calendar-home-set" namespace="{CALDAV}"><property name="displayname"/></property>',
    ),
    dav("principal-match"): _xml("principal-match", "<self/>" + _PROPS),
    dav("principal-property-search"): _xml(
        "principal-property-search",
        f"<property-search><prop><displayname/></prop><match>{SECRET}</match></property-search>{_PROPS}",
    ),
    dav("principal-search-property-set"): _xml("principal-search-property-set", ""),
    dav("acl-principal-prop-set"): _xml("acl-principal-prop-set", _PROPS),
}

DEPTHS = {cal("calendar-query"): "1", card("addressbook-query"): "1", cal("free-busy-query"): "1"}  # others have 0

POSTS = {  # by the module that takes it
    "dav_gateway.push.register": Row(
        "POST push-register",
        "POST",
        _xml(
            "P:push-register",
            "<P:subscription><P:web-push-subscription><P:push-resource>https://push.example.org/x</P:push-resource>"
            f'<P:subscription-public-key type="p256dh">{_POINT}</P:subscription-public-key>'
            "<P:auth-secret>BTBZMqHH6r4Tts7J_aSIgg</P:auth-secret></P:web-push-subscription></P:subscription>"
            "<P:trigger><P:content-update><depth>1</depth></P:content-update></P:trigger>",
        ),
    ),
    "dav_gateway.sharing.share": Row(
        "POST of a share",
        "POST",
        _xml("CS:share", "<CS:set><href>/dav/principals/ada/</href><CS:read-write/></CS:set>"),
        {"Content-Type": "application/xml"},
    ),
    "dav_gateway.scheduling.outbox": Row(
        "POST to the outbox",
        "POST",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:fb\r\n"
        "DTSTAMP:20260101T000000Z\r\nDTSTART:20260201T000000Z\r\nDTEND:20260401T000000Z\r\n"
        "ORGANIZER:/dav/principals/grace/\r\nATTENDEE:/dav/principals/grace/\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n",
        {"Content-Type": _CALENDAR},
    ),
    "dav_gateway.attachments": Row(
        "POST of an attachment", "POST", "x", {"Content-Type": "text/plain"}, "{path}?action=attachment-add"
    ),
}

ASKED = (
    *VERBS,
    *(Row(f"REPORT {name}", "REPORT", body, {"Depth": DEPTHS.get(name, "0")}) for name, body in REPORTS.items()),
    *POSTS.values(),
)


def _token(slug: str) -> str:
    token = f"http://agendahub/ns/sync/{slug}-{SECRET}/0"
    return _xml("sync-collection", f"<sync-token>{token}</sync-token><sync-level>1</sync-level>{_PROPS}")


def _property(name: str, content: str) -> str:
    return _xml("propertyupdate", f"<set><prop><{name}>{content}</{name}></prop></set>")


BESIDE = (  # the address is one's own, the object is named elsewhere in the request
    Row("multiget", "REPORT", REPORTS[cal("calendar-multiget")], path=OWN),
    Row("multiget of cards", "REPORT", REPORTS[card("addressbook-multiget")], path=OWN_BOOK),
    Row("Destination of COPY", "COPY", headers={"Destination": "{path}"}, path=OWN_ITEM),
    Row("Destination of COPY with its host", "COPY", headers={"Destination": "http://hub{path}"}, path=OWN_ITEM),
    Row("Destination of MOVE", "MOVE", headers={"Destination": "{path}"}, path=OWN_ITEM),
    Row("Destination of MOVE, one below", "MOVE", headers={"Destination": "{path}x.ics"}, path=OWN_ITEM),
    Row("Destination of a calendar's MOVE", "MOVE", headers={"Destination": "{path}"}, path=OWN),
    Row("Destination of a calendar's COPY", "COPY", headers={"Destination": "{path}"}, path=OWN),
    Row("Destination of a file's COPY", "COPY", headers={"Destination": "{path}"}, path=OWN_FILE),
    Row("Destination of a file's MOVE", "MOVE", headers={"Destination": "{path}"}, path=OWN_FILE),
    Row("sync token", "REPORT", _token("diary"), path=OWN),
    Row("default calendar", "PROPPATCH", _property("C:schedule-default-calendar-URL", "<href>{path}</href>"),
        path="/dav/calendars/ada/~inbox/"),
    Row("delegate", "PROPPATCH", _property("group-member-set", "<href>{path}</href>"),
        path="/dav/principals/ada/calendar-proxy-write/"),
    Row("sharee", "POST", _xml("CS:share", "<CS:set><href>{path}</href><CS:read/></CS:set>"), path=OWN),
    Row("managed id", "POST", "x", path=f"{OWN_ITEM}?action=attachment-update&managed-id={SECRET}-managed"),
    Row("managed id to remove", "POST", "", path=f"{OWN_ITEM}?action=attachment-remove&managed-id={SECRET}-managed"),
    Row("If", "PROPFIND", _xml("propfind", _PROPS), {"If": '<{path}> (["e"])', "Depth": "0"}, OWN),
)  # fmt: skip
