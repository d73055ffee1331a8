"""Cards and events as phones and programs write them, each one different."""

from __future__ import annotations

import base64
import random

CARD = r"""BEGIN:VCARD
VERSION:3.0
PRODID:-//Apple Inc.//iPhone OS 17.5//EN
UID:5f3c{i:08d}-77a1-4c1e-9c33-0a1b2c3d4e5f
N:Lovelace{i};Ada;Augusta;Dr.;
FN:Dr. Ada Augusta Lovelace{i}
NICKNAME:Ada
ORG:Analytical Engines Ltd.;Research
TITLE:Chief Programmer
EMAIL;TYPE=INTERNET,WORK,pref:ada.lovelace{i}@analytical.example
EMAIL;TYPE=INTERNET,HOME:ada{i}@home.example
TEL;TYPE=CELL,VOICE,pref:+44 20 7946 {i:04d}
TEL;TYPE=WORK,VOICE:+44 20 7946 1{i:03d}
TEL;TYPE=WORK,FAX:+44 20 7946 2{i:03d}
item1.ADR;TYPE=WORK:;;{i} St James's Square;London;;SW1Y 4JH;United Kingdom
item1.X-ABADR:gb
item2.URL:https://analytical.example/people/{i}
item2.X-ABLabel:_$!<HomePage>!$_
BDAY:1985-12-10
CATEGORIES:Customers,Friends,Mathematics
NOTE:Met at the exhibition\, stand {i}.\nPrefers letters\; call only in the morning. Long notes need folding.
PHOTO;ENCODING=b;TYPE=JPEG:{photo}
REV:2026-01-10T08:00:00Z
END:VCARD"""

EVENT = r"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-TZINFO:Europe/Berlin[2026a]
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20260105T101500Z
LAST-MODIFIED:20260110T080000Z
DTSTAMP:20260110T080000Z
UID:{i:08d}-9f3e-4f0e-8b4e-2c9d55e0a111
SUMMARY:Project review {i}\, second floor
ORGANIZER;CN=Ada Lovelace{i}:mailto:ada{i}@analytical.example
ATTENDEE;RSVP=TRUE;CN=Charles Babbage{i};PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:charles{i}@analytical.example
ATTENDEE;RSVP=TRUE;CN="Somerville, Mary {i}";PARTSTAT=NEEDS-ACTION;ROLE=OPT-PARTICIPANT:mailto:mary{i}@royal.example
ATTENDEE;RSVP=TRUE;CN=Room {i};CUTYPE=ROOM;PARTSTAT=TENTATIVE:mailto:room{i}@analytical.example
RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261231T080000Z
EXDATE;TZID=Europe/Berlin:20260406T090000
EXDATE;TZID=Europe/Berlin:20260525T090000
DTSTART;TZID=Europe/Berlin:202601{day:02d}T090000
DTEND;TZID=Europe/Berlin:202601{day:02d}T100000
LOCATION:Room {i}\, Unter den Linden 6\, Berlin
DESCRIPTION:Agenda for meeting {i}:\n1. Minutes\n2. Figures of the quarter\, with charts\n3. Any other business
CATEGORIES:Work,Review
STATUS:CONFIRMED
CLASS:PRIVATE
TRANSP:OPAQUE
SEQUENCE:2
X-MOZ-GENERATION:4
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR"""


def cards(count: int, photo_octets: int = 3000) -> list[str]:
    """Cards of about 25 lines, each with its own picture."""
    pictures = random.Random(1)
    return [_folded(CARD.format(i=i, photo=_base64(pictures.randbytes(photo_octets)))) for i in range(count)]


def events(count: int) -> list[str]:
    """Recurring events with zone, attendees and alarm: about 45 lines."""
    return [_folded(EVENT.format(i=i, day=i % 20 + 10)) for i in range(count)]


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _folded(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        lines.append("\r\n ".join([line[:75], *[line[at : at + 74] for at in range(75, len(line), 74)]]))
    return "\r\n".join([*lines, ""])
