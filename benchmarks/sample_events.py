"""Made-up appointments as real programs write them, the same ones in every run.

Of each hundred: about 20 all-day, 10 in UTC, the rest in one of four zones with its VTIMEZONE; 15 repeat, a third of
these with a moved occurrence and an exception; half have alarms, a third attendees, a quarter a long description.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

_FIRST_DAY = date(2026, 1, 5)
_WHAT = (
    "Stand-up",
    "Budget",
    "Offer",
    "Dentist",
    "Interview",
    "Review",
    "Lunch",
    "Call",
    "Training",
    "Visit",
    "Übergabe",
)
_WHO = ("Ada Lovelace", "Bob Müller", "Chloé Durand", "Dušan Novák", "Eve Example", "Frank Castle", "Grace Hopper")
_WHERE = ("Room 1", "Room 2", "Head office, Zürich", "Video call", "Café am See", "")
_WORDS = ("please", "bring", "the", "signed", "offer", "and", "figures", "we", "start", "on", "time", "behind", "house")
_ZONES = {  # offsets from UTC: winter, summer; None: no summer time
    "Europe/Zurich": ("+0100", "+0200"),
    "Europe/London": ("+0000", "+0100"),
    "America/New_York": ("-0500", "-0400"),
    "Asia/Tokyo": ("+0900", None),
}


def events(count: int) -> Iterator[tuple[str, str]]:
    """UID and VCALENDAR, with CRLF, of each."""
    for number in range(count):
        chance = Random(f"event {number}")
        uid = f"{chance.getrandbits(96):024x}-{number}@example.org"
        yield uid, _calendar(uid, chance, number)


def edited(text: str) -> str:
    """The same event after somebody changed its title."""
    return text.replace("SUMMARY:", "SUMMARY:Moved: ", 1)


def _calendar(uid: str, chance: Random, number: int) -> str:
    zone = chance.choice([*_ZONES, "Europe/Zurich", "Europe/Zurich", "UTC", "day", "day"])
    day = _FIRST_DAY + timedelta(days=chance.randrange(700))
    hour, length = chance.randrange(7, 19), chance.choice([30, 45, 60, 90])
    title = f"{chance.choice(_WHAT)} {number}"
    repeats = chance.random() < 0.15
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example Corp//Calendar 5.1//EN", "CALSCALE:GREGORIAN"]
    lines += _zone(zone) if zone in _ZONES else []
    lines += ["BEGIN:VEVENT", f"UID:{uid}", *_when(zone, day, hour, length), f"SUMMARY:{title}", *_about(chance)]
    if repeats:
        lines += ["RRULE:FREQ=WEEKLY;COUNT=12"]
    moved = repeats and chance.random() < 0.35
    if moved:
        lines.append(_moment("EXDATE", zone, day + timedelta(days=21), hour, 0))
    lines += [*_alarms(chance), "END:VEVENT"]
    if moved:
        again = day + timedelta(days=14)
        lines += ["BEGIN:VEVENT", f"UID:{uid}", _moment("RECURRENCE-ID", zone, again, hour, 0)]
        lines += [*_when(zone, again + timedelta(days=1), hour, length), f"SUMMARY:{title} (moved)", "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _when(zone: str, day: date, hour: int, length: int) -> list[str]:
    stamps = ["DTSTAMP:20260102T080000Z", "CREATED:20260102T080000Z", "LAST-MODIFIED:20260103T091500Z", "SEQUENCE:1"]
    if zone == "day":
        return [*stamps, _moment("DTSTART", zone, day, 0, 0), _moment("DTEND", zone, day + timedelta(days=1), 0, 0)]
    return [*stamps, _moment("DTSTART", zone, day, hour, 0), _moment("DTEND", zone, day, hour, length)]


def _moment(name: str, zone: str, day: date, hour: int, minutes: int) -> str:
    if zone == "day":
        return f"{name};VALUE=DATE:{day:%Y%m%d}"
    value = f"{day:%Y%m%d}T{hour + minutes // 60:02}{minutes % 60:02}00"
    return f"{name}:{value}Z" if zone == "UTC" else f"{name};TZID={zone}:{value}"


def _about(chance: Random) -> list[str]:
    lines = [f"LOCATION:{where.replace(',', chr(92) + ',')}" for where in [chance.choice(_WHERE)] if where]
    if chance.random() < 0.25:
        words = " ".join(chance.choice(_WORDS) for _ in range(chance.randrange(15, 80)))
        lines.append(f"DESCRIPTION:{words}\\n\\n-- \\nSent with Example Calendar")
    lines.append(f"STATUS:{chance.choice(['CONFIRMED', 'TENTATIVE'])}")
    lines.append(f"TRANSP:{chance.choice(['OPAQUE', 'TRANSPARENT'])}")
    if chance.random() < 0.4:
        lines.append("CATEGORIES:work,customers")
    if chance.random() < 0.33:
        people = chance.sample(_WHO, chance.randrange(1, 6))
        lines.append(f"ORGANIZER;CN={people[0]}:mailto:{_mail(people[0])}")
        lines += [f"ATTENDEE;CN={p};ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:{_mail(p)}" for p in people]
    if chance.random() < 0.3:
        lines.append(f"X-EXAMPLE-ID:{chance.getrandbits(64):016x}")
    return lines


def _mail(name: str) -> str:
    return name.encode("ascii", "ignore").decode().lower().replace(" ", ".") + "@example.org"


def _alarms(chance: Random) -> list[str]:
    if chance.random() < 0.5:
        return []
    return ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER:-PT15M", "END:VALARM"]


def _zone(name: str) -> list[str]:
    winter, summer = _ZONES[name]
    standard = ["BEGIN:STANDARD", "DTSTART:19961027T030000", f"TZOFFSETFROM:{summer or winter}", f"TZOFFSETTO:{winter}"]
    daylight = ["BEGIN:DAYLIGHT", "DTSTART:19810329T020000", f"TZOFFSETFROM:{winter}", f"TZOFFSETTO:{summer}"]
    standard += ["RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"] if summer else []
    daylight += ["RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT"]
    both = [*standard, "END:STANDARD", *(daylight if summer else [])]
    return ["BEGIN:VTIMEZONE", f"TZID:{name}", *both, "END:VTIMEZONE"]


def _folded(line: str) -> str:
    """In lines of at most 75 octets (RFC 5545 3.1)."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > 74:
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join([*pieces, piece])
