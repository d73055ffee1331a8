"""A few hundred contacts, events and tasks as real programs write them. The same ones at every run."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from dataclasses import dataclass
from datetime import date, timedelta

_GIVEN = ("Ada", "Beat", "Chiara", "Dörte", "Émile", "Fatima", "Grzegorz", "Héloïse", "İlkay", "Jürg", "Łukasz", "Noë")
_FAMILY = ("Ammann", "Bernasconi", "Čapek", "Dupré", "Favre", "Gašpar", "Höhn", "Ibáñez", "Jørgensen", "Lüthi", "Ng")
_FIRMS = (
    "Analytical Engines AG",
    "Bäckerei Höhn",
    "Čapek & Synové s.r.o.",
    "Dupré Frères SA",
    "東京商事",
    "Ng, Ng & Co.",
)
_CITIES = (("Zürich", "8001", "Switzerland"), ("Kraków", "31-001", "Poland"), ("Genève", "1201", "Switzerland"))
_SUBJECTS = (
    "Offer",
    "Site visit",
    "Stand-up",
    "Kick-off",
    "Quarterly review",
    "Lunch",
    "Demo",
    "Interview",
    "Training",
)
_ZONES = ("Europe/Zurich", "Europe/Warsaw", "America/New_York", "Asia/Tokyo")
_FIRST = date(2026, 11, 2)  # a Monday


@dataclass(frozen=True, slots=True)
class DemoItem:
    """One item to put on a server."""

    kind: str  # event, task, contact
    uid: str
    text: str


def demo_items(contacts: int = 120, events: int = 150, tasks: int = 40) -> list[DemoItem]:
    """All items of the demo."""
    dice = random.Random(2026)
    cards = [DemoItem("contact", f"contact-{n:03}", _card(n, dice)) for n in range(contacts)]
    dates = [DemoItem("event", f"event-{n:03}", _event(n, dice)) for n in range(events)]
    todos = [DemoItem("task", f"task-{n:03}", _task(n, dice)) for n in range(tasks)]
    return [*cards, *dates, *todos]


def _card(n: int, dice: random.Random) -> str:
    given, family = _GIVEN[n % len(_GIVEN)], _FAMILY[(n * 5) % len(_FAMILY)]
    city, postcode, country = dice.choice(_CITIES)
    firm = _FIRMS[n % len(_FIRMS)].replace(",", "\\,")
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:contact-{n:03}",
        f"FN:{given} {family} {n}",
        f"N:{family} {n};{given};;;",
        f"ORG:{firm};Sales",
        f"EMAIL;TYPE=INTERNET,WORK:contact{n}@example.org",
        f"TEL;TYPE=CELL:+41 79 {dice.randrange(100, 999)} {n:02} 11",
        f"TEL;TYPE=WORK,VOICE:+41 44 {dice.randrange(100, 999)} {n:02} 22",
        f"item1.URL:https://example.org/people/{n}",
        "item1.X-ABLabel:_$!<HomePage>!$_",
        f"ADR;TYPE=WORK:;;Main Street {n};{city};;{postcode};{country}",
        f"CATEGORIES:{'customers' if n % 2 else 'suppliers'},demo",
        f"X-CUSTOMER-NUMBER;X-SOURCE=erp:{10_000 + n}",
        "NOTE:Met at the fair\\, wants an offer.\\nSecond line; with a semicolon",
    ]
    if n % 3 == 0:
        lines.append(f"BDAY:19{50 + n % 50}-0{1 + n % 9}-1{n % 9}")
    if n % 4 == 0:
        lines.append(f"PHOTO;ENCODING=b;TYPE=PNG:{_picture(n)}")
    return _text([*lines, "END:VCARD"])


def _event(n: int, dice: random.Random) -> str:
    zone = _ZONES[n % len(_ZONES)]
    day = _FIRST + timedelta(days=dice.randrange(60))
    body = _all_day(day) if n % 7 == 0 else _timed(day, zone, 8 + n % 9)
    head = [
        "BEGIN:VEVENT",
        f"UID:event-{n:03}",
        "DTSTAMP:20261101T080000Z",
        *body,
        f"SUMMARY:{_SUBJECTS[n % len(_SUBJECTS)]} {n}",
        f"LOCATION:Room {n % 9}\\, {dice.choice(_CITIES)[0]}",
        "DESCRIPTION:Agenda: numbers\\, next steps",
        f"CATEGORIES:{'internal' if n % 2 else 'customer'}",
        "ORGANIZER;CN=Ada:mailto:ada@example.org",
        f"ATTENDEE;CN=Contact {n};PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:contact{n}@example.org",
        f"X-ERP-PROJECT:P-{n:04}",
    ]
    recurring = n % 5 == 0 and n % 7 != 0
    rule = ["RRULE:FREQ=WEEKLY;COUNT=8", f"EXDATE;TZID={zone}:{_at(day + timedelta(days=14), 8 + n % 9)}"]
    alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Soon", "END:VALARM", "END:VEVENT"]
    moved = _moved(n, day, zone) if recurring else []
    zones = [] if n % 7 == 0 else _zone(zone)
    return _calendar([*zones, *head, *(rule if recurring else []), *alarm, *moved])


def _timed(day: date, zone: str, hour: int) -> list[str]:
    return [f"DTSTART;TZID={zone}:{_at(day, hour)}", f"DTEND;TZID={zone}:{_at(day, hour + 1)}"]


def _all_day(day: date) -> list[str]:
    return [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=2):%Y%m%d}"]


def _moved(n: int, day: date, zone: str) -> list[str]:
    """The second occurrence happens in the afternoon instead."""
    second = day + timedelta(days=7)
    return [
        "BEGIN:VEVENT",
        f"UID:event-{n:03}",
        "DTSTAMP:20261101T080000Z",
        f"RECURRENCE-ID;TZID={zone}:{_at(second, 8 + n % 9)}",
        *_timed(second, zone, 18),
        f"SUMMARY:{_SUBJECTS[n % len(_SUBJECTS)]} {n} (moved)",
        "END:VEVENT",
    ]


def _at(day: date, hour: int) -> str:
    return f"{day:%Y%m%d}T{hour:02}0000"


_OFFSETS = {
    "Europe/Zurich": ("+0100", "+0200", "BYMONTH=10;BYDAY=-1SU", "BYMONTH=3;BYDAY=-1SU"),
    "Europe/Warsaw": ("+0100", "+0200", "BYMONTH=10;BYDAY=-1SU", "BYMONTH=3;BYDAY=-1SU"),
    "America/New_York": ("-0500", "-0400", "BYMONTH=11;BYDAY=1SU", "BYMONTH=3;BYDAY=2SU"),
    "Asia/Tokyo": ("+0900", "+0900", "", ""),
}


def _zone(name: str) -> list[str]:
    standard, summer, autumn, spring = _OFFSETS[name]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}", "BEGIN:STANDARD", "DTSTART:20071104T020000"]
    lines += [f"RRULE:FREQ=YEARLY;{autumn}"] if autumn else []
    lines += [f"TZOFFSETFROM:{summer}", f"TZOFFSETTO:{standard}", "END:STANDARD"]
    if spring:
        lines += ["BEGIN:DAYLIGHT", "DTSTART:20070311T020000", f"RRULE:FREQ=YEARLY;{spring}"]
        lines += [f"TZOFFSETFROM:{standard}", f"TZOFFSETTO:{summer}", "END:DAYLIGHT"]
    return [*lines, "END:VTIMEZONE"]


def _task(n: int, dice: random.Random) -> str:
    due = _FIRST + timedelta(days=dice.randrange(60))
    done = ["STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20261110T100000Z"] if n % 4 == 0 else []
    return _calendar(
        [
            "BEGIN:VTODO",
            f"UID:task-{n:03}",
            "DTSTAMP:20261101T080000Z",
            f"SUMMARY:Call contact {n}",
            f"DUE;VALUE=DATE:{due:%Y%m%d}",
            f"PRIORITY:{1 + n % 9}",
            *(done or ["STATUS:NEEDS-ACTION"]),
            f"X-ERP-PROJECT:P-{n:04}",
            "END:VTODO",
        ]
    )


def _calendar(lines: list[str]) -> str:
    return _text(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//AgendaHub//Demo//EN", *lines, "END:VCALENDAR"])


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _picture(n: int) -> str:
    """A square of one colour, as PNG."""
    colour = bytes((40 * n % 256, 90 * n % 256, 200))
    rows = b"".join(b"\0" + colour * 32 for _ in range(32))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        png += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return base64.b64encode(png).decode()
