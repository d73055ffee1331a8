"""Birthdays, anniversaries and other days of a person: Google's dates, which may lack a year, and those of a card."""

from __future__ import annotations

import re
from typing import Any

from connectors.days import day_of, text_of_day
from connectors.described import Document, Json
from connectors.google_workspace.mapping_labels import as_a_set, by_words, label_of, labelled, own
from sync_engine.formats.text_values import escape, unescape
from sync_engine.model import Contact, ContentLine

OTHER_DAY = "X-ABDATE"  # Apple's
_OMIT = ("X-APPLE-OMIT-YEAR", ("1604",))
_YEARLESS = 1604
_PART = re.compile(r"(?:(\d{4})|-)(?:-(\d\d))?\Z")  # 1985, 1985-04, --04 (RFC 6350 4.3.1)
_ANNIVERSARY = "anniversary"


def date_of(text: str) -> dict[str, int] | None:
    """Google's date; None of free text."""
    day = day_of(text)
    if day is not None:
        year = {} if day.year == _YEARLESS else {"year": day.year}
        return year | {"month": day.month, "day": day.day}
    match = _PART.match(text.strip())
    if match is None or not any(match.groups()) or not 1 <= int(match[2] or 1) <= 12:
        return None
    named = {"year": int(match[1] or 0), "month": int(match[2] or 0)}
    return {name: number for name, number in named.items() if number}


def text_of(date: Document | None) -> str:
    """As a card has it: 1985-04-12, --0412, 1985-04, 1985, --04."""
    year, month, day = (int((date or {}).get(part) or 0) for part in ("year", "month", "day"))
    if month and day:
        return text_of_day(day_of(f"{year or _YEARLESS:04}-{month:02}-{day:02}"))
    if year:
        return f"{year:04}-{month:02}" if month else f"{year:04}"
    return f"--{month:02}" if month else ""


def put_birthday(contact: Contact) -> dict[str, Json]:
    """BDAY. Google wants a date."""
    date = date_of(contact.birthday)
    return {"birthdays": [{"date": date}] if date else []}


def get_birthday(person: Document) -> dict[str, Any]:
    """BDAY."""
    entry = next(iter(own(person.get("birthdays"))), {})
    return {"birthday": text_of(entry.get("date")) or entry.get("text") or ""}


# ---------------------------------------------------------------- other days


def put_days(contact: Contact) -> dict[str, Json]:
    """ANNIVERSARY and Apple's labelled days."""
    date = date_of(contact.anniversary)
    found: list[Json] = [{"type": _ANNIVERSARY, "date": date}] if date else []
    return {"events": as_a_set([*found, *map(_put_day, contact.extra)])}


def _put_day(line: ContentLine) -> dict[str, Json] | None:
    """An anniversary that stands beside ANNIVERSARY keeps Apple's spelling, so that it comes back as what it was."""
    date = date_of(unescape(line.value)) if line.name == OTHER_DAY else None
    if date is None:
        return None
    label = label_of(line.companions)
    kind = "other" if label.lower() == "other" else label
    return {"date": date} | ({"type": kind} if kind else {})


def get_days(person: Document) -> tuple[str, list[ContentLine]]:
    """The anniversary, and the lines of all other days."""
    entries = [one for one in own(person.get("events")) if text_of(one.get("date"))]
    first = next((one for one in sorted(entries, key=by_words) if one.get("type") == _ANNIVERSARY), None)
    others = [_day_line(one) for one in entries if one is not first]
    return text_of(first["date"]) if first else "", others


def _day_line(entry: Document) -> ContentLine:
    text = text_of(entry["date"])
    companions = labelled(entry.get("type") or "")
    if text.startswith("--") and len(text) == 6:
        value = f"{_YEARLESS}-{text[2:4]}-{text[4:]}"
        return ContentLine(OTHER_DAY, value, (_OMIT,), companions=companions)
    return ContentLine(OTHER_DAY, escape(text), companions=companions)
