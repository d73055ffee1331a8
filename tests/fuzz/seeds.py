"""What the mutations begin with: our own samples, and the corpora beside the project where they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples"
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
_LARGEST = 64 * 1024  # octets of a seed: more only makes the mutations slow

_SPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"'
    ' xmlns:CS="http://calendarserver.org/ns/"'
)
_XML = f'<?xml version="1.0" encoding="utf-8"?>\n<D:%s {_SPACES}>%s</D:%s>'


@dataclass(frozen=True, slots=True)
class Seeds:
    """Octets by what they are."""

    cards: list[bytes]
    calendars: list[bytes]
    from_outside: bool  # the corpora are among them

    @property
    def items(self) -> list[bytes]:
        """Cards and calendars."""
        return self.cards + self.calendars


def load(*, corpora: bool) -> Seeds:
    """Read the samples and, if asked for and present, the corpora."""
    files = sorted(SAMPLES.glob("*"))
    outside = sorted(CORPORA.rglob("*")) if corpora and CORPORA.is_dir() else []
    found = [path.read_bytes() for path in [*files, *outside] if path.is_file() and path.stat().st_size <= _LARGEST]
    cards = [raw for raw in found if b"BEGIN:VCARD" in raw.upper()]
    calendars = [raw for raw in found if b"BEGIN:V" in raw.upper() and b"BEGIN:VCARD" not in raw.upper()]
    return Seeds(cards + _MADE_CARDS, calendars + _MADE_CALENDARS, bool(outside))


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode()


_MADE_CARDS = [
    _lines(
        "BEGIN:VCARD", "VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;=", "J=C3=BCrg",
        "TEL;HOME;VOICE:+41 44 000 00 00", "PHOTO;JPEG;ENCODING=BASE64:", " /9j/4AAQSkZJRg==", "",
        "AGENT:", "BEGIN:VCARD", "VERSION:2.1", "FN:Agent", "END:VCARD", "END:VCARD",
    ),
    _lines(
        "BEGIN:VCARD", "VERSION:4.0", "UID:urn:uuid:1", "FN;ALTID=1;LANGUAGE=de:Ä", "FN;ALTID=1;LANGUAGE=en:A",
        'ADR;LABEL="a^nb";GEO="geo:1,2":;;Street;City;;1;X', "KIND:group", "MEMBER:urn:uuid:2",
        "item1.EMAIL;PREF=1:a@example.org", "item1.X-ABLabel:Work", "BDAY:--0412", "RELATED;TYPE=spouse:urn:uuid:3",
        "PHOTO:data:image/png;base64,iVBORw0KGgo=", "END:VCARD",
    ),
]  # fmt: skip
_MADE_CALENDARS = [
    _lines(
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTIMEZONE", "TZID:Own", "BEGIN:STANDARD", "DTSTART:16010101T030000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD",
        "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "RDATE:20260401T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE",
        "BEGIN:VEVENT", "UID:series", "DTSTART;TZID=Own:20260105T090000", "DURATION:PT1H30M",
        "RRULE:FREQ=MONTHLY;BYDAY=MO,2TU,-1FR;BYSETPOS=1,-1;UNTIL=20300101T000000Z;WKST=SU;INTERVAL=2",
        "RDATE;VALUE=PERIOD:20260107T090000Z/PT2H,20260108T090000Z/20260108T110000Z",
        "EXDATE;TZID=Own:20260202T090000", "EXRULE:FREQ=YEARLY;COUNT=3", "SUMMARY;LANGUAGE=en:A\\, b\\nc",
        'ATTENDEE;CN="Bob; B";PARTSTAT=ACCEPTED;DELEGATED-TO="mailto:c@example.org":mailto:b@example.org',
        "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER;RELATED=END:-PT15M", "DESCRIPTION:x", "END:VALARM", "END:VEVENT",
        "BEGIN:VEVENT", "UID:series", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Own:20260302T090000",
        "DTSTART;TZID=Own:20260302T100000", "DTEND;TZID=Own:20260302T110000", "END:VEVENT", "END:VCALENDAR",
    ),
    _lines(
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTODO", "UID:yearly", "DUE;VALUE=DATE:20260228",
        "RRULE:FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO;COUNT=40", "PERCENT-COMPLETE:50", "STATUS:IN-PROCESS", "END:VTODO",
        "END:VCALENDAR",
    ),
    _lines(
        "BEGIN:VCALENDAR", "VERSION:1.0", "BEGIN:VEVENT", "UID:old", "DTSTART:20260105T090000",
        "AALARM:20260105T085500", "RRULE:MP1 1+ MO #10", "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:caf=E9=0D=0A=", "more",
        "END:VEVENT", "END:VCALENDAR",
    ),
]  # fmt: skip


# ---------------------------------------------------------------- XML


def _document(name: str, content: str) -> bytes:
    return (_XML % (name, content, name)).encode()


def _response(href: str, prop: str, status: str = "200 OK") -> str:
    stat = f"<D:status>HTTP/1.1 {status}</D:status>"
    return f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{prop}</D:prop>{stat}</D:propstat></D:response>"


FOLDER = "/cal/"
_EVENT = (SAMPLES / "event_thunderbird.ics").read_text().replace("&", "&amp;").replace("<", "&lt;")
_NAMES = [f"{FOLDER}{n}.ics" for n in range(4)]
_TYPE = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
_REPORTS = (
    "<D:supported-report-set><D:supported-report><D:report><D:sync-collection/></D:report></D:supported-report>"
    "</D:supported-report-set>"
)
_TAGS = "".join(_response(name, f'<D:getetag>"{n}"</D:getetag>') for n, name in enumerate(_NAMES))
_TOKEN = "<D:sync-token>http://example.org/ns/sync/42</D:sync-token>"

ABOUT = _document(
    "multistatus", _response(FOLDER, f"{_TYPE}{_REPORTS}<CS:getctag>7</CS:getctag><D:sync-token>42</D:sync-token>")
)
ABOUT_PLAIN = _document("multistatus", _response(FOLDER, f"{_TYPE}<CS:getctag>7</CS:getctag>"))
LISTED = _document("multistatus", _response(FOLDER, _TYPE) + _TAGS)
SYNCED = _document(
    "multistatus",
    _TAGS
    + f"<D:response><D:href>{FOLDER}gone.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
    + _TOKEN,
)
READ = _document(
    "multistatus",
    "".join(
        _response(name, f'<D:getetag>"{n}"</D:getetag><C:calendar-data>{_EVENT}</C:calendar-data>')
        for n, name in enumerate(_NAMES)
    ),
)
ANSWERS = [ABOUT, ABOUT_PLAIN, LISTED, SYNCED, READ]


def _named(prefix: str, name: str, content: str) -> bytes:
    return f'<?xml version="1.0"?><{prefix}:{name} {_SPACES}>{content}</{prefix}:{name}>'.encode()


_LIMIT = "<C:limit><C:nresults>1</C:nresults></C:limit>"
_COMPONENT_SET = '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
_DATA = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
_WINDOW = 'start="20260101T000000Z" end="20270101T000000Z"'
_MATCH = '<C:text-match collation="i;ascii-casemap" negate-condition="no">team</C:text-match>'
_PARAM = f'<C:param-filter name="PARTSTAT">{_MATCH}</C:param-filter>'
_PROPERTY = f'<C:prop-filter name="ATTENDEE">{_MATCH}{_PARAM}</C:prop-filter>'
_COMPONENTS = (
    f'<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range {_WINDOW}/>'
    f'{_PROPERTY}<C:comp-filter name="VALARM"><C:time-range {_WINDOW}/></C:comp-filter>'
    f"</C:comp-filter></C:comp-filter></C:filter>"
)
_CARD_FILTER = (
    '<A:filter test="anyof"><A:prop-filter name="EMAIL" test="allof"><A:text-match match-type="ends-with">org'
    '</A:text-match><A:param-filter name="TYPE"/></A:prop-filter><A:prop-filter name="NOTE"><A:is-not-defined/>'
    "</A:prop-filter></A:filter><A:limit><A:nresults>5</A:nresults></A:limit>"
)
REQUESTS: list[tuple[str, bytes]] = [
    ("PROPFIND", _named("D", "propfind", "<D:prop><D:displayname/><D:resourcetype/><CS:getctag/></D:prop>")),
    ("PROPFIND", _named("D", "propfind", "<D:allprop/><D:include><D:sync-token/></D:include>")),
    ("PROPFIND", _named("D", "propfind", "<D:propname/>")),
    ("REPORT", _named("C", "calendar-query", f"{_DATA}{_COMPONENTS}")),
    ("REPORT", _named("C", "calendar-query", f"<D:allprop/>{_COMPONENTS}{_LIMIT}")),
    ("REPORT", _named("C", "calendar-multiget", f"{_DATA}<D:href>/dav/calendars/ada/work/0.ics</D:href>")),
    ("REPORT", _named("A", "addressbook-query", f"<D:prop><A:address-data/></D:prop>{_CARD_FILTER}")),
    ("REPORT", _named("A", "addressbook-multiget", "<D:prop><A:address-data/></D:prop><D:href>x%20.vcf</D:href>")),
    ("REPORT", _named("D", "sync-collection", "<D:sync-token/>"
     "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>")),
    ("PROPPATCH", _named("D", "propertyupdate", "<D:set><D:prop><D:displayname>A</D:displayname></D:prop></D:set>"
     '<D:remove><D:prop><X:y xmlns:X="urn:x"/></D:prop></D:remove>')),
    ("MKCALENDAR", _named("C", "mkcalendar",
     f"<D:set><D:prop><D:displayname>A</D:displayname>{_COMPONENT_SET}</D:prop></D:set>")),
    ("MKCOL", _named("D", "mkcol", "<D:set><D:prop><D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>"
     "</D:prop></D:set>")),
]  # fmt: skip
