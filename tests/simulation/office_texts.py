"""Events as programs write them, and what programs change in them, as text."""

from __future__ import annotations

import random
import re

_ZONE = (
    "BEGIN:VTIMEZONE\nTZID:Zurich\nBEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19700329T020000\n"
    "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
)
_EVENT = re.compile(r"BEGIN:VEVENT\n.*?END:VEVENT\n", re.DOTALL)
OWN = "OWNWORD"  # with a user's name: what stays with him in meetings
SECRET = "SECRETWORD"  # with a user's name: what only he and his guests read


def mail(name: str) -> str:
    """The address of a user."""
    return f"mailto:{name}@example.org"


def new_event(dice: random.Random, uid: str, owner: str, guests: list[str], *, private: bool) -> str:
    """A single event or a series: in UTC, in a zone, or all day."""
    day = dice.randint(1, 25)
    time = dice.choice(
        (
            f"DTSTART:202612{day:02}T090000Z\nDTEND:202612{day:02}T100000Z",
            f"DTSTART;TZID=Zurich:202610{day:02}T090000\nDTEND;TZID=Zurich:202610{day:02}T093000",
            f"DTSTART;VALUE=DATE:202612{day:02}\nDTEND;VALUE=DATE:202612{day + 1:02}",
        )
    )
    rule = dice.choice(("", "RRULE:FREQ=DAILY;COUNT=5\n", "RRULE:FREQ=WEEKLY;COUNT=4\n"))
    people = "".join(f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:{mail(one)}\n" for one in guests)
    if guests:
        people = f"ORGANIZER:{mail(owner)}\nATTENDEE;PARTSTAT=ACCEPTED:{mail(owner)}\n{people}"
    shown = "PRIVATE" if private else dice.choice(("", "PUBLIC"))
    word = f"{SECRET}-{owner}" if private else "Plan"
    event = (
        f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20261101T000000Z\n{time}\n{rule}SUMMARY:{word}\n{people}"
        + (f"CLASS:{shown}\n" if shown else "")
        + _own(owner)
        + "END:VEVENT\n"
    )
    zone = _ZONE if "TZID" in time else ""
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\n{zone}{event}END:VCALENDAR\n"


def _own(owner: str) -> str:
    """What is nobody else's in a meeting."""
    word = f"{OWN}-{owner}"
    alarm = f"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nDESCRIPTION:{word}\nEND:VALARM\n"
    return f"CATEGORIES:{word}\nX-NOTE:{word}\n{alarm}"


def unfolded(text: str) -> str:
    """One line for each property."""
    return text.replace("\r\n", "\n").replace("\n ", "")


def events(text: str) -> list[str]:
    """The VEVENTs."""
    return _EVENT.findall(text)


def value(event: str, name: str) -> str:
    """The line of a property; "" for none."""
    found = re.search(rf"^{name}[:;].*$", event, re.MULTILINE)
    return found[0] if found else ""


def organizer(text: str) -> str:
    """The name of the organiser; "" for what is no meeting."""
    found = re.search(r"^ORGANIZER[^\n]*mailto:(\w+)@", text, re.MULTILINE)
    return found[1] if found else ""


def uid_of(text: str) -> str:
    """The UID."""
    return value(text, "UID").partition(":")[2]


def answered(text: str, name: str, partstat: str, event: str = "") -> str:
    """With this answer of somebody, in all components or in one."""
    line = re.compile(rf"^ATTENDEE[^\n]*{re.escape(mail(name))}$", re.MULTILINE)
    fresh = f"ATTENDEE;PARTSTAT={partstat}:{mail(name)}"
    return text.replace(event, line.sub(fresh, event)) if event else line.sub(fresh, text)


def master(text: str) -> str:
    """The series, or the only event; "" where only single occurrences are there."""
    return next((one for one in events(text) if not value(one, "RECURRENCE-ID")), "")


def occurrence(text: str, number: int) -> str:
    """The RECURRENCE-ID line of an occurrence of a daily or weekly series."""
    first = value(master(text), "DTSTART")
    step = 1 if "DAILY" in text else 7
    found = re.search(r":(\d{6})(\d{2})(.*)$", first)
    assert found
    day = int(found[2]) + step * number
    month = int(found[1][4:]) + (day > 31) if found[1][4:] in ("10", "12") else int(found[1][4:])
    year, month = (int(found[1][:4]) + 1, 1) if month == 13 else (int(found[1][:4]), month)
    day = day - 31 if day > 31 else day
    return first.replace("DTSTART", "RECURRENCE-ID").replace(found[0], f":{year}{month:02}{day:02}{found[3]}")


def with_override(text: str, number: int, *, hour: str = "", summary: str = "") -> str:
    """With an occurrence that says something else than the series."""
    series, at = master(text), occurrence(text, number)
    if at in text:
        return text
    one = re.sub(r"^RRULE.*\n|^EXDATE.*\n|^RDATE.*\n", "", series, flags=re.MULTILINE)
    start = at.replace("RECURRENCE-ID", "DTSTART")
    end = start.replace("DTSTART", "DTEND")
    if "VALUE=DATE" in start:
        one = re.sub(r"^DTEND.*\n", "", one, flags=re.MULTILINE)
        end = ""
    else:
        start = re.sub(r"T\d\d", f"T{hour or '09'}", start)
        end = re.sub(r"T\d\d\d\d", f"T{hour or '09'}45", end)
        one = re.sub(r"^DTEND.*$", end, one, flags=re.MULTILINE)
    one = re.sub(r"^DTSTART.*$", f"{start}\n{at}", one, flags=re.MULTILINE)
    if summary:
        one = re.sub(r"^SUMMARY.*$", f"SUMMARY:{summary}", one, flags=re.MULTILINE)
    return text.replace(series, series + one)


def without_occurrence(text: str, number: int) -> str:
    """With an EXDATE."""
    series, at = master(text), occurrence(text, number)
    line = at.replace("RECURRENCE-ID", "EXDATE")
    if line in text:
        return text
    for one in events(text):
        if at in one:
            text = text.replace(one, "")
    return text.replace(series, series.replace("SUMMARY", f"{line}\nSUMMARY", 1))
