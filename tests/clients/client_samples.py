"""What the tests with clients write, and the marks by which they know it again."""

from __future__ import annotations

import base64
import binascii

# A picture of one pixel, and octets behind it that make it as long as a folded line needs.
PHOTO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
) + bytes(range(256))

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:20270301T090000Z
DTEND:20270301T100000Z
SUMMARY:{title}
LOCATION:Zürich\\, Büro 3
DESCRIPTION:First line\\nsecond line\\; done
CATEGORIES:Customer
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Office:geo:37.331686,-122.030656
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Soon
TRIGGER:-PT15M
END:VALARM
END:VEVENT
END:VCALENDAR
"""
BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
EXCEPTION = """BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20270315T090000
DTSTART;TZID=Europe/Berlin:20270316T140000
DTEND;TZID=Europe/Berlin:20270316T150000
SUMMARY:Moved of {title}
END:VEVENT
"""
SERIES = (
    """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar//EN
"""
    + BERLIN
    + """BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20270301T090000
DTEND;TZID=Europe/Berlin:20270301T100000
RRULE:FREQ=WEEKLY;COUNT=6
EXDATE;TZID=Europe/Berlin:20270322T090000
SUMMARY:{title}
LOCATION:Zürich\\, Büro 3
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Office:geo:37.331686,-122.030656
END:VEVENT
"""
    + EXCEPTION
    + "END:VCALENDAR\n"
)
TASK = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Tasks//EN
BEGIN:VTODO
UID:{uid}
DTSTAMP:20260101T000000Z
SUMMARY:{title}
DUE:20270305T160000Z
PRIORITY:1
STATUS:IN-PROCESS
PERCENT-COMPLETE:40
DESCRIPTION:Offerte für Müller
X-APPLE-SORT-ORDER:7
END:VTODO
END:VCALENDAR
"""
CARD = """BEGIN:VCARD
VERSION:3.0
PRODID:-//Example//Contacts//EN
UID:{uid}
FN:{title}
N:Müller;Zoë;;;
EMAIL;TYPE=WORK:zoe@example.org
item1.TEL:+41 44 000 00 00
item1.X-ABLabel:Boat
item2.URL:https://example.org/zoe
item2.X-ABLabel:_$!<HomePage>!$_
NOTE:Likes boats
X-EXAMPLE-CUSTOMER:4711
PHOTO;ENCODING=b;TYPE=PNG:{photo}
END:VCARD
"""
MEETING = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:20270301T090000Z
DTEND:20270301T100000Z
SUMMARY:{title}
ORGANIZER;CN=Host:mailto:{host}
ATTENDEE;CN=Host;PARTSTAT=ACCEPTED:mailto:{host}
ATTENDEE;CN=Guest;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{guest}
END:VEVENT
END:VCALENDAR
"""
SAMPLES = {"event": EVENT, "series": SERIES, "task": TASK, "contact": CARD}

# What must still be there after a client changed the title of an item that was made elsewhere. A mark is found in a
# text without regard to upper and lower case; "photo" means the octets of the picture.
MARKS = {
    "event": ("Büro 3", "second line", "Customer", "-PT15M", "geo:37.331686,-122.030656"),
    "series": ("Büro 3", "FREQ=WEEKLY", "20270322T090000", "Moved of", "geo:37.331686,-122.030656"),
    "task": ("20270305T160000Z", "PRIORITY:1", "PERCENT-COMPLETE:40", "für Müller", "X-APPLE-SORT-ORDER:7"),
    "contact": ("Müller", "zoe@example.org", "Boat", "HomePage", "Likes boats", "X-EXAMPLE-CUSTOMER:4711", "photo"),
}


def sample(kind: str, uid: str, title: str) -> str:
    """An item of a kind, with LF and without folds."""
    return SAMPLES[kind].format(uid=uid, title=title, photo=base64.b64encode(PHOTO).decode())


def without_exception(text: str) -> str:
    """A series as a person first makes it: without the occurrence that differs."""
    before, _, _ = text.partition("END:VEVENT\n")
    return f"{before}END:VEVENT\nEND:VCALENDAR\n"


def title_line(kind: str, title: str) -> str:
    """The line in which an item says its title."""
    return f"{'FN' if kind == 'contact' else 'SUMMARY'}:{title}\n"


def lost(kind: str, text: str) -> set[str]:
    """Marks of a sample that are not in a text."""
    found = text.lower()
    return {mark for mark in MARKS[kind] if not (_has_photo(text) if mark == "photo" else mark.lower() in found)}


def _has_photo(text: str) -> bool:
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.upper().startswith("PHOTO"):
            try:
                return base64.b64decode(value.rpartition(",")[2]) == PHOTO
            except binascii.Error:
                return False
    return False
