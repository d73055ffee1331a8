"""Well-formed requests of every kind that the gateway takes, for the mutations to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.foreign_requests import DEPTHS, POSTS, REPORTS, VERBS

_WORK, _PEOPLE, _SPARE = "/dav/calendars/ada/work/", "/dav/addressbooks/ada/people/", "/dav/calendars/ada/spare/"
_PRINCIPAL = "/dav/principals/ada/"
_SPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"'
    ' xmlns:CS="http://calendarserver.org/ns/" xmlns:I="http://apple.com/ns/ical/"'
)


@dataclass(frozen=True)
class Sample:
    """A request: `head` is its headers, a line each."""

    method: str
    path: str
    head: str
    body: bytes = b""


def _xml(name: str, content: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><{name} {_SPACES}>{content}</{name}>'.encode()


def _meeting(method: str = "", status: str = "NEEDS-ACTION") -> bytes:
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *([f"METHOD:{method}"] if method else []), "BEGIN:VEVENT",
        "UID:meeting", "DTSTAMP:20260101T000000Z", "SEQUENCE:1", "DTSTART:20260301T090000Z", "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=5", "SUMMARY:Meeting", "ORGANIZER;CN=Ada:mailto:ada@example.org",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org",
        f"ATTENDEE;PARTSTAT={status};RSVP=TRUE;SCHEDULE-AGENT=SERVER:mailto:grace@example.org", "END:VEVENT",
        "BEGIN:VEVENT", "UID:meeting", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20260308T090000Z",
        "DTSTART:20260308T100000Z", "DURATION:PT1H", "ORGANIZER:mailto:ada@example.org",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:grace@example.org", "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    return "".join(f"{line}\r\n" for line in lines).encode()


def _filter(component: str, content: str) -> str:
    inner = f'<C:comp-filter name="{component}">{content}</C:comp-filter>'
    return f'<C:filter><C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter>'


_WINDOW = 'start="20260101T000000Z" end="20270101T000000Z"'
_PARTS = (
    "<D:prop><D:getetag/><C:calendar-data><C:comp name='VCALENDAR'><C:prop name='VERSION'/><C:comp name='VEVENT'>"
    f"<C:prop name='SUMMARY' novalue='yes'/><C:allcomp/></C:comp></C:comp><C:limit-recurrence-set {_WINDOW}/>"
    f"<C:limit-freebusy-set {_WINDOW}/></C:calendar-data></D:prop>"
)
_CASELESS = '<C:text-match collation="i;unicode-casemap" negate-condition="yes" match-type="equals">a</C:text-match>'
_QUERIES = (
    _xml("C:calendar-query", _PARTS + _filter("VTODO", f"<C:time-range {_WINDOW}/>")),
    _xml("C:calendar-query", _PARTS + _filter("VFREEBUSY", "<C:is-not-defined/>")),
    _xml(
        "C:calendar-query",
        f"<D:prop><C:calendar-data><C:expand {_WINDOW}/></C:calendar-data></D:prop>"
        + _filter("VEVENT", f'<C:prop-filter name="SUMMARY">{_CASELESS}</C:prop-filter>')
        + "<C:timezone-id>Europe/Zurich</C:timezone-id><C:limit><C:nresults>3</C:nresults></C:limit>",
    ),
)

SAMPLES: tuple[Sample, ...] = (
    *(Sample("REPORT", _WORK, f"Depth: {DEPTHS.get(name, '0')}", body.replace("{path}", f"{_WORK}kept.ics").encode())
      for name, body in REPORTS.items()),
    *(Sample("REPORT", "/dav/principals/", "Depth: 0", body.encode()) for name, body in REPORTS.items()
      if "principal" in name or "expand" in name),
    *(Sample("REPORT", _WORK, "Depth: 1", body) for body in _QUERIES),
    *(Sample(row.method, row.path.replace("{path}", f"{_WORK}kept.ics" if "attachment" in row.name else _SPARE),
             "\n".join(f"{name}: {value}" for name, value in row.headers.items()), row.body.encode())
      for row in POSTS.values()),
    *(Sample(row.method, _SPARE, "\n".join(f"{n}: {v}" for n, v in row.headers.items()), row.body.encode())
      for row in VERBS if row.method in ("ACL", "PROPFIND", "PROPPATCH", "LOCK")),
    Sample("POST", "/dav/calendars/ada/~outbox/", "Content-Type: text/calendar",
           POSTS["dav_gateway.scheduling.outbox"].body.replace("/dav/principals/grace/", "mailto:ada@example.org", 1)
           .encode()),
    Sample("POST", f"{_WORK}kept.ics?action=attachment-update&managed-id=x&rid=M,20260301T090000Z",
           'Content-Type: text/plain\nContent-Disposition: attachment; filename="a b.txt"', b"text"),
    Sample("POST", f"{_WORK}kept.ics?action=attachment-remove&managed-id=x", ""),
    Sample("PUT", f"{_WORK}meeting.ics", "Content-Type: text/calendar\nSchedule-Reply: F", _meeting()),
    Sample("PUT", f"{_WORK}meeting.ics", 'If-Schedule-Tag-Match: "x"', _meeting(status="DELEGATED")),
    Sample("PUT", f"{_WORK}meeting.ics", "Push-Dont-Notify: *", _meeting("REQUEST")),
    Sample("PUT", "/dav/files/ada/a%20b.txt", "Content-Type: text/plain", b"text"),
    Sample("GET", "/dav/files/ada/a%20b.txt", "Range: bytes=0-1,3-\nIf-Range: \"x\""),
    Sample("GET", f"{_WORK}kept.ics", "Range: bytes=-5\nIf-Modified-Since: Wed, 20 Dec 2023 10:03:31 GMT"),
    Sample("GET", f"{_PEOPLE}kept.ics", 'Accept: text/vcard; version="4.0", text/vcard;q=0.5\nAccept-Encoding: gzip'),
    Sample("MKCOL", "/dav/files/ada/folder/", ""),
    Sample("PROPPATCH", "/dav/files/ada/a%20b.txt", "", _xml("D:propertyupdate",
           '<D:set><D:prop xml:lang="de"><x xmlns="urn:x">a<b c="d"/></x></D:prop></D:set>')),
    Sample("PROPFIND", "/dav/files/ada/", "Depth: 1", _xml("D:propfind", "<D:propname/>")),
    Sample("COPY", "/dav/files/ada/a%20b.txt", "Destination: /dav/files/ada/copied.txt\nOverwrite: T"),
    Sample("MOVE", "/dav/files/ada/copied.txt", "Destination: http://x/dav/files/ada/folder/c.txt\nOverwrite: F"),
    Sample("COPY", f"{_SPARE}one.ics", f"Destination: {_WORK}29.ics\nOverwrite: T"),
    Sample("MOVE", f"{_SPARE}one.ics", f"Destination: {_SPARE}two.ics\nIf: <{_SPARE}one.ics> ([\"x\"])"),
    Sample("COPY", _SPARE, "Destination: /dav/calendars/ada/new7/\nDepth: infinity"),
    Sample("MOVE", _SPARE, "Destination: /dav/calendars/ada/new8/\nOverwrite: T"),
    Sample("PROPPATCH", "/dav/calendars/ada/~inbox/", "", _xml("D:propertyupdate", "<D:set><D:prop>"
           f"<C:schedule-default-calendar-URL><D:href>{_WORK}</D:href></C:schedule-default-calendar-URL></D:prop>"
           "</D:set>")),
    Sample("PROPPATCH", _SPARE, "", _xml("D:propertyupdate", "<D:set><D:prop><I:calendar-color>#ff0000ff"
           "</I:calendar-color><C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
           "<C:calendar-timezone>BEGIN:VCALENDAR\nEND:VCALENDAR</C:calendar-timezone></D:prop></D:set>")),
    Sample("PROPPATCH", f"{_PRINCIPAL}calendar-proxy-read/", "", _xml("D:propertyupdate", "<D:set><D:prop>"
           "<D:group-member-set><D:href>/dav/principals/grace/</D:href></D:group-member-set></D:prop></D:set>")),
    Sample("MKCALENDAR", "/dav/calendars/ada/new6/", "", _xml("C:mkcalendar", "<D:set><D:prop><CS:source>"
           "<D:href>webcal://feeds.example.org/a.ics</D:href></CS:source></D:prop></D:set>")),
    Sample("MKCOL", "/dav/calendars/ada/new5/", "", _xml("D:mkcol", "<D:set><D:prop><D:resourcetype><D:collection/>"
           "<C:calendar/><CS:subscribed/></D:resourcetype></D:prop></D:set>")),
    Sample("POST", _SPARE, "Content-Type: application/xml", _xml("CS:share", "<CS:set><D:href>mailto:grace@example.org"
           "</D:href><CS:summary>x</CS:summary><CS:read-write/></CS:set><CS:remove><D:href>x</D:href></CS:remove>")),
    Sample("POST", _SPARE, "Content-Type: application/davsharing+xml", _xml("D:share-resource",
           "<D:sharee><D:href>/dav/principals/grace/</D:href><D:share-access><D:read/></D:share-access></D:sharee>")),
)  # fmt: skip

_PIECES = (
    "",
    "*",
    '"',
    "()",
    "<>",
    "%2e%2e/",
    "\x7f",
    "ÿ",
    "9" * 30,
    "-",
    "bytes=",
    "T",
    "infinity",
    "/dav/",
    "//",
    "[",
)


def changed_text(chance: Random, text: str) -> str:
    """A path or a header's value with something cut out of it or put into it; no line break."""
    start, end = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
    return text[:start] + chance.choice(_PIECES) + text[end if chance.random() < 0.5 else start :]
