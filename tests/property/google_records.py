"""Records as phones and other programs write them, for the mapping to Google: more than Google can hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from connectors.microsoft.pattern_to_rule import rule_of
from connectors.reminders import reminder, reminder_at
from sync_engine.formats.outline import in_order
from sync_engine.formats.text_values import escape
from sync_engine.formats.vcard_reader import _ordered
from sync_engine.model import (
    Address,
    CalendarUser,
    Component,
    Contact,
    ContentLine,
    Event,
    EventDetails,
    Labelled,
    Moment,
    Name,
    Task,
    TaskDetails,
)
from sync_engine.zones import local_time
from tests.property.microsoft_records import categories, first_moments, letters, maybe, parts, recurrences, texts
from tests.property.series_drawn import moved_or_not, with_overrides

HORIZON = timedelta(days=800)

# ---------------------------------------------------------------- contacts

_labels = st.sampled_from(["", "Boat", "_$!<Home>!$_", "_$!<Spouse>!$_", "_$!<Other>!$_", "home", "Son", "a;b"])
_types = st.sampled_from(
    [(), ("home",), ("work",), ("cell",), ("cell", "voice"), ("fax", "work"), ("car",), ("x-own",), ("internet",)]
)
_days = st.sampled_from(
    ["", "--0412", "--0229", "1985-04-12", "19850412", "1604-12-10", "1985", "1985-04", "--04", "in spring"]
)


def label(name: str) -> tuple[ContentLine, ...]:
    return (ContentLine("X-ABLABEL", escape(name), (), "X-ABLabel"),) if name else ()


def line(name: str, value: str, companions: tuple[ContentLine, ...] = (), **params: str) -> ContentLine:
    said = tuple(sorted((key.replace("_", "-"), (text,)) for key, text in params.items()))
    return ContentLine(name, value, said, companions=companions)


def _labelled(values: list[str]) -> st.SearchStrategy[Any]:
    one = st.builds(
        Labelled,
        st.sampled_from(values),
        _types,
        st.booleans(),
        st.just(()) | st.just((("X-SERVICE-TYPE", ("GoogleTalk",)),)),
        _labels.map(label),
    )
    sensible = one.map(lambda found: found if found.value.startswith("xmpp:") else replace(found, params=()))
    return st.lists(sensible, max_size=4).map(lambda found: _ordered(list(dict.fromkeys(found))))


_addresses = st.lists(
    st.builds(
        Address,
        street=parts | st.just(("a", "b")),
        locality=parts,
        country=parts,
        types=_types,
        preferred=st.booleans(),
        companions=_labels.map(label) | st.just((ContentLine("X-ABADR", "ch"),)),
    ),
    max_size=3,
).map(lambda found: _ordered(list(dict.fromkeys(found))))
_LINES = [
    line("X-PHONETIC-FIRST-NAME", "Eida"),
    line("X-PHONETIC-ORG", "Enjins"),
    line("X-ABRELATEDNAMES", "William", label("_$!<Spouse>!$_")),
    line("X-ABRELATEDNAMES", "Byron", label("_$!<Father>!$_"), TYPE="pref"),
    line("RELATED", "Mary", VALUE="TEXT", TYPE="friend"),
    line("RELATED", "urn:uuid:1", TYPE="child"),
    line("X-ABDATE", "1835-07-08", label("_$!<Anniversary>!$_")),
    line("X-ABDATE", "1604-07-08", label("Name day"), X_APPLE_OMIT_YEAR="1604"),
    line("X-ABDATE", "1999-01-02"),
    line("X-SHOE-SIZE", "37\\, wide"),
    line("X-GOOGLE-USER-DEFINED", "tea", label("drinks")),
    line("X-ABUID", "5"),
    line("GENDER", "F"),
    line("GENDER", "O;it's complicated"),
    line("PRONOUNS", "she/her"),
    line("INTEREST", "algebra"),
    line("LANG", "en"),
    line("FBURL", "https://example.org/fb"),
    line("CALURI", "https://example.org/c", label("home")),
    line("X-GOOGLE-EXTERNAL-ID", "17", label("loginId")),
    line("X-GOOGLE-LOCATION", "3rd floor", label("desk")),
    line("TZ", "Europe/London"),
]


@st.composite
def contacts(draw: Any) -> Contact:
    organization = draw(st.sampled_from([(), ("A",), ("A", "B"), ("", "B", "C")]))
    title, role = draw(maybe), draw(maybe)
    extra = draw(st.lists(st.sampled_from(_LINES), max_size=5, unique=True))
    extra += draw(st.sampled_from([[], [line("ORG", "Other;Unit", X_TITLE="Boss")]])) if organization else []
    extra += [line("TITLE", "Second")] if title and draw(st.booleans()) else []
    extra += [line("ROLE", "Second")] if role and draw(st.booleans()) else []
    return Contact(
        "uid-1",
        full_name=draw(letters),
        name=Name(*(draw(parts | st.just(("x", "y"))) for _ in range(5))),
        organization=organization,
        title=title,
        role=role,
        nicknames=draw(st.sampled_from([(), ("Nic",), ("Nic", "Nac")])),
        emails=draw(_labelled(["a@x", "b@x", "c@x"])),
        phones=draw(_labelled(["+41 1", "tel:+41 1", "2", "33"])),
        addresses=draw(_addresses),
        urls=draw(_labelled(["https://example.org", "https://example.org/b"])),
        chats=draw(_labelled(["sip:a@x", "xmpp:b@x", "skype:c", "name", "no scheme:x"])),
        birthday=draw(_days),
        anniversary=draw(_days),
        note=draw(texts),
        categories=draw(categories),
        extra=in_order(extra),
    )


# ---------------------------------------------------------------- events

_ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Tokyo Standard Time", ""]
_MORE_RULES = ["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYYEARDAY=1,100", "FREQ=DAILY;COUNT=9"]
_ALARMS = [
    *(reminder(minutes)[0] for minutes in (0, 5, 15, 60, 90, 1440, 50000)),
    *reminder_at("20260131T080000Z"),
    Component("VALARM", (ContentLine("ACTION", "EMAIL"), ContentLine("TRIGGER", "-PT1H"))),
    Component("VALARM", (ContentLine("ACTION", "AUDIO"), ContentLine("TRIGGER", "PT1H"))),
]
_EXTRA = [
    line("COLOR", "red"),
    line("COLOR", "tomato"),
    line("X-FOO", "a\\, b", A="b"),
    line("X-LONG", "é" * 900),
    line("GEO", "1;2"),
    line("X-TOO-LONG", "x" * 9000),
    line("CATEGORIES", "z", LANGUAGE="en"),
]
_ATTACHED = [
    line("ATTACH", "https://drive.example/1", FILENAME="a.pdf", FMTTYPE="application/pdf"),
    line("ATTACH", "https://drive.example/2", SIZE="5"),
    line("ATTACH", "AAAA", ENCODING="BASE64", VALUE="BINARY"),
]
_GUESTS = [
    CalendarUser("mailto:b@x.org", (("CN", ("Bob",)), ("PARTSTAT", ("ACCEPTED",)))),
    CalendarUser("mailto:c@x.org", (("ROLE", ("OPT-PARTICIPANT",)), ("X-NUM-GUESTS", ("2",)))),
    CalendarUser("mailto:room@x.org", (("CUTYPE", ("ROOM",)), ("RSVP", ("TRUE",)))),
    CalendarUser("urn:x", ()),
]


@st.composite
def words(draw: Any) -> dict[str, Any]:
    """What is not about when."""
    return {
        "summary": draw(maybe),
        "description": draw(texts | st.sampled_from(["<b>x</b>\n y", "a &amp; b", "1 < 2 > 0"])),
        "location": draw(maybe),
        "status": draw(st.sampled_from(["", "TENTATIVE", "CONFIRMED", "CANCELLED"])),
        "transparency": draw(st.sampled_from(["", "OPAQUE", "TRANSPARENT"])),
        "classification": draw(st.sampled_from(["", "PUBLIC", "PRIVATE", "CONFIDENTIAL", "X-PERSONAL"])),
        "priority": draw(st.sampled_from(["", "1", "9"])),
        "url": draw(st.sampled_from(["", "https://example.org", "message:1"])),
        "categories": draw(categories),
        "alarms": tuple(sorted(draw(st.lists(st.sampled_from(_ALARMS), max_size=7, unique=True)), key=repr)),
        "attendees": tuple(draw(st.lists(st.sampled_from(_GUESTS), max_size=3, unique=True))),
        "attachments": in_order(draw(st.lists(st.sampled_from(_ATTACHED), max_size=3, unique=True))),
        "extra": in_order(draw(st.lists(st.sampled_from(_EXTRA), max_size=3, unique_by=lambda one: one.name))),
    }


@st.composite
def _times(draw: Any) -> tuple[Moment, Moment]:
    start, end = draw(first_moments())
    zone = draw(st.sampled_from(_ZONES))
    return (start, end) if start.is_date else (Moment(start.value, zone), Moment(end.value, zone))


@st.composite
def events(draw: Any) -> Event:
    """Single ones and series, with changed and cancelled occurrences."""
    start, end = draw(_times())
    rules = draw(st.just(()) | _rules(start))
    dates = (
        tuple(draw(st.sampled_from([[], [_later(start, 3)], [_later(start, 3), _later(start, 40)]]))) if rules else ()
    )
    organizer = CalendarUser("mailto:a@x.org", (("CN", ("Ada",)),))
    timing = draw(st.sampled_from([{"end": end}, {"duration": "P1D" if start.is_date else "PT45M"}, {}]))
    said = timing | draw(words())
    master = EventDetails(start=start, rules=rules, recurrence_dates=dates, organizer=organizer, **said)
    found: Event = draw(with_occurrences(Event("uid-1", master)))
    return found


def _rules(start: Moment) -> st.SearchStrategy[tuple[str, ...]]:
    day = datetime.strptime(start.value[:8], "%Y%m%d").date()
    usual = recurrences(day).map(lambda found: rule_of(found, start if start.zone else Moment(start.value, "UTC")))
    return st.lists(usual | st.sampled_from(_MORE_RULES), min_size=1, max_size=2, unique=True).map(
        lambda found: tuple(sorted(found))
    )


def _later(moment: Moment, days: int) -> Moment:
    at = local_time(moment) + timedelta(days=days)
    return Moment(f"{at:%Y%m%d}" if moment.is_date else f"{at:%Y%m%dT%H%M%S}", moment.zone)


def with_occurrences(event: Event) -> st.SearchStrategy[Event]:
    """Some of its occurrences are cancelled or changed."""
    return with_overrides(event, _override, HORIZON)


@st.composite
def _override(draw: Any, moment: Moment, master: EventDetails) -> EventDetails:
    """Other words, and a start that is moved or not; or nothing but another title."""
    start, end = draw(moved_or_not(moment))
    if draw(st.booleans()):
        plain = replace(master, rules=(), recurrence_dates=(), exception_dates=(), summary=f"{master.summary}!")
        return replace(plain, recurrence_id=moment, start=start, end=end, duration="")
    return EventDetails(recurrence_id=moment, start=start, end=end, **draw(words()))


# ---------------------------------------------------------------- tasks


@st.composite
def tasks(draw: Any) -> Task:
    due = draw(st.none() | st.dates(date(2025, 1, 1), date(2026, 12, 31)))
    moment = (
        draw(st.sampled_from([Moment(f"{due:%Y%m%d}"), Moment(f"{due:%Y%m%dT090000}", "Europe/Berlin")]))
        if due
        else None
    )
    return Task(
        "uid-1",
        TaskDetails(
            due=moment if due else None,
            summary=draw(maybe),
            description=draw(texts),
            priority=draw(st.sampled_from(["", "1"])),
            status=draw(st.sampled_from(["", "NEEDS-ACTION", "COMPLETED", "IN-PROCESS", "CANCELLED"])),
            completed=draw(st.none() | st.just(Moment("20260131T080000", "UTC"))),
            percent_complete=draw(st.sampled_from(["", "50", "100"])),
        ),
    )
