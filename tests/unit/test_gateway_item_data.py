"""Texts in answers: in part, expanded, with few overrides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from dav_gateway import expansion
from dav_gateway.answers import Refused
from dav_gateway.data_wanted import data_wanted
from dav_gateway.filters import TimeRange
from dav_gateway.item_data import shown_as
from dav_gateway.when import EARLIEST, LATEST
from storage.dav_items import Leaf
from sync_engine import recurrence
from sync_engine.errors import ItemError
from sync_engine.formats import decode, parse, render, split
from sync_engine.model import Contact, Event, Task

C = 'xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"'
SERIES = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Mine\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Zurich\r\nX-LIC-LOCATION:Europe/Zurich\r\n"
    "BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Zurich:20260302T090000\r\n"
    "DTEND;TZID=Europe/Zurich:20260302T100000\r\nRRULE:FREQ=WEEKLY;COUNT=8\r\nEXDATE;TZID=Europe/Zurich:20260309T090000\r\n"
    "SUMMARY:Weekly\r\nX-OWN;X-P=1:a\\, b\r\nATTENDEE;CN=Bob:mailto:bob@example.org\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Zurich:20260323T090000\r\n"
    "DTSTART;TZID=Europe/Zurich:20260515T140000\r\nDTEND;TZID=Europe/Zurich:20260515T150000\r\nSUMMARY:Moved\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Ada\r\nN:L;Ada;;;\r\nitem1.TEL;type=CELL:+41\r\nitem1.X-ABLabel:Boat\r\n"
    "EMAIL:ada@example.org\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n"
)


def shown(data: str, text: str = SERIES, *, name: str = "C:calendar-data", attributes: str = "") -> str:
    prop = etree.fromstring(f"<prop {C}><{name} {attributes}>{data}</{name}></prop>")
    show = shown_as(data_wanted(prop), UTC)
    leaf = Leaf("a.ics", "e", len(text), "event", uid="s")
    return text if show is None else show(leaf, text)


def expand(start: str, end: str, text: str = SERIES) -> list[str]:
    """Lines that matter, of each occurrence."""
    found = shown(f'<C:expand start="{start}" end="{end}"/>', text)
    assert "VTIMEZONE" not in found
    assert "RRULE" not in found
    assert "EXDATE" not in found
    wanted = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "SUMMARY")
    lines = found.replace("\r\n ", "").split("\r\n")
    return [line for line in lines if line.startswith(wanted)]


# ---------------------------------------------------------------- expand


def test_occurrences_come_one_by_one_in_utc_with_the_time_they_stand_for() -> None:
    assert expand("20260301T000000Z", "20260331T000000Z") == [
        "RECURRENCE-ID:20260302T080000Z",
        "DTSTART:20260302T080000Z",
        "DTEND:20260302T090000Z",
        "SUMMARY:Weekly",
        "RECURRENCE-ID:20260316T080000Z",
        "DTSTART:20260316T080000Z",
        "DTEND:20260316T090000Z",
        "SUMMARY:Weekly",
        "RECURRENCE-ID:20260330T070000Z",  # clocks went forward
        "DTSTART:20260330T070000Z",
        "DTEND:20260330T080000Z",
        "SUMMARY:Weekly",
    ]


def test_a_moved_occurrence_comes_where_it_is_now() -> None:
    assert expand("20260501T000000Z", "20260601T000000Z") == [
        "RECURRENCE-ID:20260323T080000Z",
        "DTSTART:20260515T120000Z",
        "DTEND:20260515T130000Z",
        "SUMMARY:Moved",
    ]


def test_all_else_of_an_occurrence_is_still_there() -> None:
    text = shown('<C:expand start="20260301T000000Z" end="20260303T000000Z"/>')
    for kept in ("X-OWN;X-P=1:a\\, b", "ATTENDEE;CN=Bob:mailto:bob@example.org", "TRIGGER:-PT5M", "X-WR-CALNAME:Mine"):
        assert kept in text
    assert isinstance(parse(text), Event)


def test_days_stay_days_and_times_without_a_zone_stay_so() -> None:
    daily = SERIES.replace(";TZID=Europe/Zurich:20260302T090000", ";VALUE=DATE:20260302")
    daily = daily.replace(";TZID=Europe/Zurich:20260302T100000", ";VALUE=DATE:20260303")
    assert expand("20260301T000000Z", "20260303T000000Z", daily)[:3] == [
        "RECURRENCE-ID;VALUE=DATE:20260302",
        "DTSTART;VALUE=DATE:20260302",
        "DTEND;VALUE=DATE:20260303",
    ]
    floating = SERIES.replace(";TZID=Europe/Zurich", "")
    assert expand("20260301T000000Z", "20260303T000000Z", floating)[:2] == [
        "RECURRENCE-ID:20260302T090000",
        "DTSTART:20260302T090000",
    ]


def test_what_does_not_recur_is_brought_to_utc_wherever_it_is() -> None:
    single = SERIES.partition("RRULE:FREQ=WEEKLY")[0] + "SUMMARY:One\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert expand("20270101T000000Z", "20270201T000000Z", single) == [
        "DTSTART:20260302T080000Z",
        "DTEND:20260302T090000Z",
        "SUMMARY:One",
    ]


def test_later_occurrences_follow_an_override_of_this_and_future() -> None:
    future = SERIES.replace("RECURRENCE-ID;TZID", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID").replace("0515T", "0324T")
    assert expand("20260330T000000Z", "20260401T000000Z", future) == [
        "RECURRENCE-ID:20260330T070000Z",
        "DTSTART:20260331T120000Z",
        "DTEND:20260331T130000Z",
        "SUMMARY:Moved",
    ]


def test_tasks_by_when_they_are_due() -> None:
    task = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:s\r\nDUE:20260301T120000Z\r\nRRULE:FREQ=DAILY\r\n"
        "SUMMARY:Do\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    )
    assert expand("20260310T000000Z", "20260311T000000Z", task) == [
        "RECURRENCE-ID:20260310T120000Z",
        "DUE:20260310T120000Z",
        "SUMMARY:Do",
    ]
    assert isinstance(parse(shown('<C:expand start="20260310T000000Z" end="20260311T000000Z"/>', task)), Task)


def test_one_answer_tells_so_many_occurrences_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MOST_OCCURRENCES", 70)
    data = '<C:calendar-data><C:expand start="20260301T000000Z" end="20260401T000000Z"/></C:calendar-data>'
    show = shown_as(data_wanted(etree.fromstring(f"<prop {C}>{data}</prop>")), UTC)
    assert show is not None
    leaf, daily = Leaf("a.ics", "e", 1, "event", uid="s"), SERIES.replace("WEEKLY;COUNT=8", "DAILY")
    assert [show(leaf, daily).count("BEGIN:VEVENT") for _ in range(2)] == [28, 28]
    with pytest.raises(expansion.TooMuch):
        show(leaf, daily)


TESTS = Path(__file__).parents[1]
FILES = sorted((TESTS / "samples").rglob("*.ics")) + sorted(
    TESTS.parents[1].joinpath("shared", "corpora", "collective-icalendar").rglob("event*.ics")
)
ODD_DAYS = ZoneInfo("America/Santiago")  # days that begin at one o'clock, or have 25 hours


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_expanded_takes_place_when_the_series_does(path: Path) -> None:
    for text in split(decode(path.read_bytes()))[:5]:
        try:
            record = parse(text, uid_if_missing="s")
        except ItemError:
            continue
        assert not isinstance(record, Contact)
        begin = recurrence.span(record, ODD_DAYS)
        year = TimeRange(begin[0], begin[0] + timedelta(days=400)) if begin else TimeRange(EARLIEST, LATEST)
        told = expansion.expanded(record, year, ODD_DAYS, expansion.Work())
        again = parse(render(told)) if told.master or told.overrides else told
        assert not isinstance(again, Contact)
        assert times_of(again, year) == times_of(record, year)


def times_of(record: Event | Task, wanted: TimeRange) -> list[tuple[datetime, datetime]]:
    assert wanted.start
    assert wanted.end
    return [one[:2] for one in recurrence.instances(record, wanted.start, wanted.end, 10_000, ODD_DAYS)]


# ---------------------------------------------------------------- limit-recurrence-set


def limit(start: str, end: str, text: str = SERIES) -> str:
    return shown(f'<C:limit-recurrence-set start="{start}" end="{end}"/>', text)


def test_overrides_that_play_no_part_are_left_out() -> None:
    april = limit("20260401T000000Z", "20260501T000000Z")
    assert ("Moved" in april, "RRULE:FREQ=WEEKLY;COUNT=8" in april, "BEGIN:VTIMEZONE" in april) == (False, True, True)
    assert limit("20260501T000000Z", "20260601T000000Z") == SERIES  # it is there now
    assert limit("20260323T000000Z", "20260324T000000Z") == SERIES  # it was there


def test_an_override_of_this_and_future_plays_a_part_later() -> None:
    future = SERIES.replace("RECURRENCE-ID;TZID", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID")
    assert "Moved" in limit("20270401T000000Z", "20270501T000000Z", future)


# ---------------------------------------------------------------- in part


def test_only_the_wanted_components_and_properties() -> None:
    wanted = (
        '<C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT"><C:prop name="uid"/>'
        '<C:prop name="ATTENDEE" novalue="yes"/></C:comp></C:comp>'
    )
    assert shown(wanted).split("\r\n") == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:s", "ATTENDEE;CN=Bob:", "END:VEVENT",
        "BEGIN:VEVENT", "UID:s", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip


def test_an_empty_component_stands_for_all_of_it() -> None:
    text = shown('<C:comp name="VCALENDAR"><C:comp name="VTIMEZONE"/></C:comp>')
    assert text == SERIES[SERIES.index("BEGIN:VTIMEZONE") : SERIES.index("BEGIN:VEVENT")].join(
        ("BEGIN:VCALENDAR\r\n", "END:VCALENDAR\r\n")
    )


def test_all_components_or_all_properties() -> None:
    assert shown('<C:comp name="VCALENDAR"><C:allprop/><C:allcomp/></C:comp>') == SERIES
    some = shown('<C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:allprop/></C:comp></C:comp>')
    assert ("SUMMARY:Weekly" in some, "VALARM" in some) == (True, False)
    some = shown('<C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:allcomp/></C:comp></C:comp>')
    assert ("SUMMARY" in some, "TRIGGER:-PT5M" in some) == (False, True)


def test_expanded_and_in_part() -> None:
    comp = '<C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:prop name="DTSTART"/></C:comp></C:comp>'
    text = shown(f'{comp}<C:expand start="20260301T000000Z" end="20260303T000000Z"/>')
    assert text == "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260302T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def test_properties_of_cards() -> None:
    def some(inner: str) -> str:
        return shown(inner, CARD, name="A:address-data").partition("VERSION:3.0\r\n")[2]

    assert some('<A:prop name="TEL"/>') == "item1.TEL;type=CELL:+41\r\nEND:VCARD\r\n"
    assert some('<A:prop name="item1.X-ABLABEL"/><A:prop name="photo" novalue="yes"/>') == (
        "item1.X-ABLabel:Boat\r\nPHOTO;ENCODING=b:\r\nEND:VCARD\r\n"
    )
    assert shown("<A:allprop/>", CARD, name="A:address-data") == CARD


def test_another_version_of_a_card_and_its_own() -> None:
    assert "VERSION:4.0\r\n" in shown("", CARD, name="A:address-data", attributes='version="4.0"')
    assert shown("", CARD, name="A:address-data", attributes='content-type="text/vcard" version="3.0"') == CARD
    both = shown('<A:prop name="PHOTO"/>', CARD, name="A:address-data", attributes='version="4.0"')
    assert "PHOTO:data:;base64,AAAA" in both
    assert "EMAIL" not in both


# ---------------------------------------------------------------- what cannot be told


@pytest.mark.parametrize(
    ("name", "attributes", "inner", "status", "condition"),
    [
        ("C:calendar-data", 'content-type="application/calendar+json"', "", 403, "<C:supported-calendar-data/>"),
        ("C:calendar-data", 'version="1.0"', "", 403, "<C:supported-calendar-data/>"),
        ("A:address-data", 'content-type="application/vcard+json"', "", 403, "<A:supported-address-data/>"),
        ("A:address-data", 'version="2.1"', "", 403, "<A:supported-address-data/>"),
        ("C:calendar-data", "", '<C:expand start="20260101T000000Z"/>', 400, ""),
        (
            "C:calendar-data", "", '<C:expand start="19700101T000000Z" end="20260101T000000Z"/>', 403,
            "<D:number-of-matches-within-limits/>",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(name: str, attributes: str, inner: str, status: int, condition: str) -> None:
    with pytest.raises(Refused) as caught:
        shown(inner, name=name, attributes=attributes)
    assert (caught.value.status, caught.value.condition) == (status, condition)


def test_what_cannot_be_read_is_shown_as_it_is() -> None:
    broken = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
    assert shown('<C:expand start="20260301T000000Z" end="20260303T000000Z"/>', broken) == broken
