"""A birthday as an event: all day, every year, from the day somebody was born. Pure."""

from __future__ import annotations

import re
from datetime import date

from sync_engine.formats.content_lines import fold
from sync_engine.formats.text_values import escape

_DATE = re.compile(r"(\d{4}|-)-?(\d\d)-?(\d\d)(?:[T ].*)?\Z")
_NO_YEAR = frozenset(("-", "1604", "0000"))  # 1604 stands for none in what Apple's programs write
_LEAP = 1972  # of birthdays whose year nobody knows
_FIRST = 1753  # the first year that every database can compare


def born_on(written: str) -> tuple[date, bool] | None:
    """The day that a BDAY says (RFC 6350 6.2.5), and whether its year is known; None where it says no day."""
    found = _DATE.match(written.strip())
    if found is None:
        return None
    known = found[1] not in _NO_YEAR and int(found[1]) >= _FIRST
    try:
        return date(int(found[1]) if known else _LEAP, int(found[2]), int(found[3])), known
    except ValueError:
        return None


def uid_of(item_id: int) -> str:
    """The UID of a contact's birthday."""
    return f"birthday-of-contact-{item_id}"


def text_of(item_id: int, name: str, born: date, *, year_known: bool) -> str:
    """The event's text, always the same for the same card. Who was born on a leap day celebrates on February's last."""
    leap = ";BYMONTH=2;BYMONTHDAY=-1" if (born.month, born.day) == (2, 29) else ""
    said = f"{name} ({born.year})" if year_known else name
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//AgendaHub//Birthdays//EN", "BEGIN:VEVENT"),
        f"UID:{uid_of(item_id)}",
        "DTSTAMP:19700101T000000Z",
        f"DTSTART;VALUE=DATE:{born:%Y%m%d}",
        f"RRULE:FREQ=YEARLY{leap}",
        f"SUMMARY:{escape(said)}",
        *("TRANSP:TRANSPARENT", "CATEGORIES:Birthday", "END:VEVENT", "END:VCALENDAR"),
    )
    return fold(lines)


def falls_between(born: date, start: date, end: date) -> bool:
    """Whether a birthday is on a day from `start` to `end`, both included."""
    if end < born or start > end:
        return False
    if (end - start).days >= 366:
        return True
    return any(_in_year(born, year) >= start and _in_year(born, year) <= end for year in {start.year, end.year})


def _in_year(born: date, year: int) -> date:
    if (born.month, born.day) != (2, 29):
        return born.replace(year=year)
    leaps = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 2, 29 if leaps else 28)
