"""Series as real programs write them, and what people do to them."""

from __future__ import annotations

from collections.abc import Callable

Edit = Callable[[str], str]

ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Zurich\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n"
    "BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
NEW_YORK = (
    "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\n"
    "BEGIN:STANDARD\r\nDTSTART:20071104T020000\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\r\n"
    "TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def calendar(*components: str) -> str:
    """A calendar of these components."""
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{''.join(components)}END:VCALENDAR\r\n"


def component(*lines: str, uid: str = "s") -> str:
    """A VEVENT with these lines."""
    body = "".join(f"{line}\r\n" for line in lines)
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{body}END:VEVENT\r\n"


def _zurich(name: str, time: str) -> str:
    return f"{name};TZID=Europe/Zurich:{time}"


def _at_nine(name: str, day: str) -> str:
    return _zurich(name, f"{day}T090000")


def _series(write: Callable[[str, str], str], *zones: str) -> str:
    """Every Monday from 5 January 2026; one is cancelled (19 January), one moved by a day (2 February)."""
    master = (write("DTSTART", "20260105"), "RRULE:FREQ=WEEKLY", write("EXDATE", "20260119"), "SUMMARY:Weekly")
    moved_one = (write("RECURRENCE-ID", "20260202"), write("DTSTART", "20260203"), "SUMMARY:Weekly (moved)")
    return calendar(*zones, component(*master), component(*moved_one))


ZURICH = _series(_at_nine, ZONE)
DAYS = _series(lambda name, day: f"{name};VALUE=DATE:{day}")
FLOATING = _series(lambda name, day: f"{name}:{day}T090000")
SINGLE = calendar(ZONE, component(_at_nine("DTSTART", "20260328"), "SUMMARY:Once"))
REST = calendar(ZONE, component(_at_nine("DTSTART", "20260309"), "RRULE:FREQ=WEEKLY", "SUMMARY:Weekly (from now on)"))


def swap(old: str, new: str) -> Edit:
    """Replace some text."""
    return lambda text: text.replace(old, new)


def with_line(line: str) -> Edit:
    """Add a line to the master."""
    return swap("RRULE:FREQ=WEEKLY", f"{line}\r\nRRULE:FREQ=WEEKLY")


def cancelled(exdate: str) -> Edit:
    """Cancel an occurrence of the master."""
    return with_line(exdate)


def moved(day: str, to: str, *, zone: str = "Europe/Zurich", title: str = "Weekly", named: str = "") -> Edit:
    """Give one occurrence at nine another time."""
    override = component(named or _at_nine("RECURRENCE-ID", day), f"DTSTART;TZID={zone}:{to}", f"SUMMARY:{title}")

    def change(text: str) -> str:
        whole = text.replace("END:VCALENDAR\r\n", f"{override}END:VCALENDAR\r\n")
        wanted = zone == "America/New_York" and f"TZID:{zone}\r\n" not in text
        return whole.replace("BEGIN:VEVENT", f"{NEW_YORK}BEGIN:VEVENT", 1) if wanted else whole

    return change


def added(write: Callable[[str, str], str], day: str, to: str) -> Edit:
    """Move one occurrence of a series of days or floating times."""
    override = component(write("RECURRENCE-ID", day), write("DTSTART", to), "SUMMARY:Weekly")
    return swap("END:VCALENDAR\r\n", f"{override}END:VCALENDAR\r\n")


def without_override(text: str) -> str:
    """Take the moved occurrence away."""
    head, _, rest = text.partition("END:VEVENT\r\n")
    assert "RECURRENCE-ID" in rest
    return f"{head}END:VEVENT\r\nEND:VCALENDAR\r\n"


def cut_off(text: str) -> str:
    """End the series before 9 March, as Outlook and Google do for "this and following"."""
    return text.replace("RRULE:FREQ=WEEKLY\r\n", "RRULE:FREQ=WEEKLY;UNTIL=20260308T225959Z\r\n")


def shifted(text: str) -> str:
    """An hour later: clients move EXDATE and RECURRENCE-ID along, and leave single occurrences where they are."""
    for name in ("DTSTART", "EXDATE", "RECURRENCE-ID"):
        text = text.replace(f"{name};TZID=Europe/Zurich:2026", f"{name};TZID=Europe/Zurich:2026#")
    day = text.replace("T090000", "T100000").replace("#", "")
    return day.replace("DTSTART;TZID=Europe/Zurich:20260203T100000", "DTSTART;TZID=Europe/Zurich:20260203T090000")


def into_another_zone(text: str) -> str:
    """Two hours farther east, in a zone that only the calendar itself knows."""
    for offset in ("0100", "0200"):
        for name in ("TZOFFSETFROM:", "TZOFFSETTO:"):
            text = text.replace(f"{name}+{offset}", f"{name}#{int(offset) + 200:04}")
    return text.replace("#", "+").replace("Europe/Zurich", "Custom")


def _cancel_moved(text: str) -> str:
    return cancelled(_at_nine("EXDATE", "20260202"))(without_override(text))


CANCELLATIONS: dict[str, tuple[str, Edit, str]] = {
    "in its zone": (ZURICH, cancelled(_at_nine("EXDATE", "20260323")), "2026-03-23T08:00Z"),
    "in UTC": (ZURICH, cancelled("EXDATE:20260330T070000Z"), "2026-03-30T07:00Z"),
    "in another zone": (
        ZURICH,
        lambda text: cancelled("EXDATE;TZID=America/New_York:20260323T040000")(text).replace(
            "BEGIN:VEVENT", f"{NEW_YORK}BEGIN:VEVENT", 1
        ),
        "2026-03-23T08:00Z",
    ),
    "the first": (ZURICH, cancelled(_at_nine("EXDATE", "20260105")), "2026-01-05T08:00Z"),
    "in a list": (ZURICH, swap("20260119T090000", "20260119T090000,20260126T090000"), "2026-01-26T08:00Z"),
    "the moved one": (ZURICH, _cancel_moved, "2026-02-03T08:00Z"),
    "a day": (DAYS, cancelled("EXDATE;VALUE=DATE:20260323"), "2026-03-23"),
    "floating": (FLOATING, cancelled("EXDATE:20260323T090000"), "2026-03-23T09:00"),
}  # name: series, what is done, what goes

MOVES: dict[str, tuple[str, Edit, str, str]] = {
    "later": (ZURICH, moved("20260323", "20260323T150000"), "2026-03-23T08:00Z", "2026-03-23T14:00Z"),
    "over the change": (ZURICH, moved("20260323", "20260330T080000"), "2026-03-23T08:00Z", "2026-03-30T06:00Z"),
    "into the gap": (ZURICH, moved("20260330", "20260329T023000"), "2026-03-30T07:00Z", "2026-03-29T01:30Z"),
    "into the overlap": (ZURICH, moved("20261026", "20261025T023000"), "2026-10-26T08:00Z", "2026-10-25T00:30Z"),
    "into another zone": (
        ZURICH,
        moved("20260323", "20260323T090000", zone="America/New_York"),
        "2026-03-23T08:00Z",
        "2026-03-23T13:00Z",
    ),
    "named in UTC": (
        ZURICH,
        moved("", "20260331T090000", named="RECURRENCE-ID:20260330T070000Z"),
        "2026-03-30T07:00Z",
        "2026-03-31T07:00Z",
    ),
    "once more": (ZURICH, swap("20260203T090000", "20260204T110000"), "2026-02-03T08:00Z", "2026-02-04T10:00Z"),
    "and back": (ZURICH, without_override, "2026-02-03T08:00Z", "2026-02-02T08:00Z"),
    "a day": (
        DAYS,
        added(lambda name, day: f"{name};VALUE=DATE:{day}", "20260323", "20260325"),
        "2026-03-23",
        "2026-03-25",
    ),
    "floating": (
        FLOATING,
        added(lambda name, day: f"{name}:{day}T090000", "20260323", "20260325"),
        "2026-03-23T09:00",
        "2026-03-25T09:00",
    ),
}  # name: series, what is done, the old time, the new time

CHANGES: dict[str, tuple[str, Edit]] = {
    "cut off": (ZURICH, cut_off),
    "cut off by count": (ZURICH, swap("RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;COUNT=9")),
    "from now on by RANGE": (
        ZURICH,
        moved("", "20260309T110000", named="RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Zurich:20260309T090000"),
    ),
    "shifted": (ZURICH, shifted),
    "shifted to another zone": (ZURICH, into_another_zone),
    "every other week": (ZURICH, swap("FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2")),
    "another day of the week": (ZURICH, swap("FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,TH")),
    "single": (ZURICH, lambda text: without_override(text).replace("RRULE:FREQ=WEEKLY\r\n", "")),
    "a day more": (ZURICH, with_line(_zurich("RDATE", "20260501T110000"))),
    "days instead of times": (ZURICH, lambda _: DAYS),
    "times instead of days": (DAYS, lambda _: ZURICH),
}  # name: series, what is done

EDITS: dict[str, Edit] = {
    "cancel": cancelled(_at_nine("EXDATE", "20260126")),
    "cancel in UTC": cancelled("EXDATE:20260209T080000Z"),
    "move": moved("20260216", "20260217T100000"),
    "retitle": swap("SUMMARY:Weekly (moved)", "SUMMARY:Weekly (elsewhere)"),
    "move again": swap("20260203T090000", "20260204T110000"),
    "late cancel": cancelled(_at_nine("EXDATE", "20260323")),
    "late move": moved("20260330", "20260331T100000"),
    "late retitle": moved("20260406", "20260406T090000", title="Weekly (with guests)"),
}
COMPATIBLE = [
    ("cancel", "move"),
    ("cancel", "cancel in UTC"),
    ("cancel", "retitle"),
    ("move", "move again"),
    ("late move", "cancel in UTC"),
    ("late cancel", "late move"),
]
SPELLINGS = {
    "in its zone": _at_nine("EXDATE", "20260323"),
    "in UTC": "EXDATE:20260323T080000Z",
}
