"""Records in the spelling in which Microsoft's world gives them back, and recurrences of every kind."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from connectors.microsoft.pattern_to_rule import rule_of
from connectors.microsoft.patterns import Pattern, PatternKind, Recurrence
from connectors.microsoft.phones import PHONE_KINDS
from connectors.reminders import reminder, reminder_at
from sync_engine.model import Address, Contact, Event, EventDetails, Labelled, Moment, Name, Task, TaskDetails

letters = st.text("ab <&>'é\"1;,\\-", min_size=1, max_size=8).map(str.strip).filter(bool)
maybe = st.just("") | letters
texts = st.lists(maybe, max_size=3).map(lambda lines: "\n".join(lines).strip())
parts = st.just(()) | letters.map(lambda text: (text,))
days = st.dates(date(1900, 1, 1), date(2100, 12, 31)).map(date.isoformat) | st.sampled_from(["", "--0412", "--0229"])
categories = st.sets(letters, max_size=3).map(lambda found: tuple(sorted(found)))
addresses = st.builds(Address, street=parts, locality=parts, region=parts, postal_code=parts, country=parts)


@st.composite
def contacts(draw: Any) -> Contact:
    emails = sorted(draw(st.sets(st.sampled_from(["a@x", "b@x", "c@x"]))))
    first = draw(st.sampled_from(emails)) if emails else ""
    phones = []
    for kind in draw(st.sets(st.sampled_from(PHONE_KINDS), max_size=5)):
        numbers = draw(st.sets(st.sampled_from(["+41 1", "2", "33"]), min_size=1, max_size=kind.places))
        phones += [Labelled(number, kind.types) for number in numbers]
    at = [(types, draw(addresses)) for types in draw(st.sets(st.sampled_from([(), ("home",), ("work",)])))]
    where = [Address(a.po_box, a.extended, a.street, a.locality, a.region, a.postal_code, a.country, t) for t, a in at]
    return Contact(
        "uid-1",
        full_name=draw(letters),
        name=Name(*(draw(parts) for _ in range(5))),
        organization=draw(st.sampled_from([(), ("A",), ("A", "B"), ("", "B", "C")])),
        title=draw(maybe),
        role=draw(maybe),
        nicknames=draw(st.sampled_from([(), ("Nic",), ("Nic", "Nac")])),
        emails=tuple(
            Labelled(e, preferred=e == first and len(emails) > 1) for e in sorted(emails, key=lambda e: (e != first, e))
        ),
        phones=tuple(sorted(phones, key=lambda phone: (phone.types, phone.value))),
        addresses=tuple(sorted((a for a in where if a != Address(types=a.types)), key=lambda a: a.types)),
        urls=draw(st.sampled_from([(), (Labelled("https://example.org"),)])),
        chats=draw(st.sampled_from([(), (Labelled("sip:a@x"),), (Labelled("sip:a@x"), Labelled("xmpp:b@x"))])),
        birthday=draw(days),
        anniversary=draw(days),
        note=draw(texts),
        categories=draw(categories),
    )


# ---------------------------------------------------------------- events

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Tokyo", "Pacific/Kiritimati"]
starts = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31)).map(
    lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
)


def _weekday_sets() -> st.SearchStrategy[tuple[int, ...]]:
    return st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found)))


@st.composite
def patterns(draw: Any, day: date) -> Pattern:
    """A pattern that takes place on this day."""
    kind = draw(st.sampled_from(list(PatternKind)))
    interval = draw(st.integers(1, 4))
    month = day.month if "early" in kind.value else 0
    if kind is PatternKind.DAILY:
        return Pattern(kind, interval)
    if kind is PatternKind.WEEKLY:
        weekdays = tuple(sorted({day.weekday(), *draw(_weekday_sets())}))
        return Pattern(kind, interval, weekdays, week_start=draw(st.sampled_from([0, 6])))
    last = monthrange(day.year, day.month)[1]
    if kind in (PatternKind.MONTHLY, PatternKind.YEARLY):
        longest = monthrange(2024, month)[1] if month else 31
        number = draw(st.integers(day.day, longest)) if day.day == last else day.day
        return Pattern(kind, interval, day=number, month=month)
    index = -1 if day.day + 7 > last and draw(st.booleans()) else (day.day - 1) // 7 + 1
    return Pattern(kind, interval, (day.weekday(),), index=-1 if index == 5 else index, month=month)


@st.composite
def recurrences(draw: Any, day: date) -> Recurrence:
    how = draw(st.sampled_from(["no end", "end", "count"]))
    pattern = draw(patterns(day))
    until = day + timedelta(days=draw(st.integers(0, 900))) if how == "end" else None
    return Recurrence(pattern, day, until, draw(st.integers(1, 40)) if how == "count" else None)


@st.composite
def first_moments(draw: Any) -> tuple[Moment, Moment]:
    """Start and end."""
    at = draw(starts)
    if draw(st.booleans()):
        return Moment(f"{at:%Y%m%d}"), Moment(f"{at + timedelta(days=draw(st.integers(1, 3))):%Y%m%d}")
    zone = draw(st.sampled_from(ZONES))
    end = at + timedelta(minutes=15 * draw(st.integers(0, 20)))
    return Moment(f"{at:%Y%m%dT%H%M%S}", zone), Moment(f"{end:%Y%m%dT%H%M%S}", zone)


_WORDS = {
    "summary": maybe,
    "description": texts,
    "location": maybe,
    "priority": st.sampled_from(["", "1", "9"]),
    "categories": categories,
}
_SHOWN = st.sampled_from([("", ""), ("TRANSPARENT", ""), ("", "TENTATIVE")])


@st.composite
def event_words(draw: Any) -> dict[str, Any]:
    transparency, status = draw(_SHOWN)
    minutes = draw(st.none() | st.sampled_from([0, 5, 15, 60, 90, 1440]))
    found = {name: draw(strategy) for name, strategy in _WORDS.items()}
    return found | {"transparency": transparency, "status": status, "alarms": reminder(minutes)}


@st.composite
def events(draw: Any) -> Event:
    """Single ones and series, without single occurrences."""
    start, end = draw(first_moments())
    day = datetime.strptime(start.value[:8], "%Y%m%d").date()
    recurrence = draw(st.none() | recurrences(day))
    return Event(
        "uid-1",
        EventDetails(
            start=start,
            end=end,
            rules=(rule_of(recurrence, start),) if recurrence else (),
            classification=draw(st.sampled_from(["", "PRIVATE", "CONFIDENTIAL", "X-PERSONAL"])),
            **draw(event_words()),
        ),
    )


@st.composite
def tasks(draw: Any) -> Task:
    due = draw(st.none() | st.dates(date(2025, 1, 1), date(2026, 12, 31)))
    moment = Moment(f"{due:%Y%m%d}") if due else None
    recurrence = draw(st.none() | recurrences(due)) if due else None
    done = draw(st.booleans())
    return Task(
        "uid-1",
        TaskDetails(
            due=moment,
            status="COMPLETED" if done else draw(st.sampled_from(["", "IN-PROCESS", "CANCELLED"])),
            completed=draw(st.none() | st.just(Moment("20260131T080000", "UTC"))) if done else None,
            alarms=reminder_at(draw(st.none() | st.just("20260131T080000Z"))),
            rules=(rule_of(recurrence, moment),) if recurrence and moment else (),
            **{name: draw(strategy) for name, strategy in _WORDS.items() if name != "location"},
        ),
    )
