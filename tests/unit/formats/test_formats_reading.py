"""What real software writes is read, whatever its habits."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from sync_engine.errors import Unreadable
from sync_engine.formats import parse, render
from sync_engine.formats.building import builder
from sync_engine.model import Contact, Event, Labelled, Moment, Task

SAMPLES = Path(__file__).parents[2] / "samples"


def card(*lines: str, ends: str = "\r\n") -> str:
    return ends.join(["BEGIN:VCARD", "VERSION:3.0", "UID:u", "FN:Ada", *lines, "END:VCARD", ""])


def contact(*lines: str) -> Contact:
    record = parse(card(*lines))
    assert isinstance(record, Contact)
    return record


def event(*lines: str) -> Event:
    text = [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "UID:u",
        "DTSTART:20260105T090000Z",
        *lines,
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    record = parse("\r\n".join(text))
    assert isinstance(record, Event)
    return record


def sample(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode()


def test_a_phone_s_card_is_read_into_fields() -> None:
    record = parse(sample("contact_ios.vcf"))
    assert isinstance(record, Contact)
    assert record.name.family == ("Lovelace7",)
    assert record.organization == ("Analytical Engines Ltd.", "Research")
    assert [e.value for e in record.emails] == ["ada.lovelace7@analytical.example", "ada7@home.example"]
    assert record.emails[0].preferred
    assert record.emails[0].types == ("internet", "work")
    assert record.addresses[0].companions[0].name == "X-ABADR"
    assert record.urls[0].companions[0].written == "X-ABLabel"
    assert record.categories == ("Customers", "Friends", "Mathematics")
    assert record.note.startswith("Met at the exhibition, stand 7.\nPrefers letters; call")
    assert record.photo
    assert record.photo.media_type == "image/jpeg"
    assert record.photo.data.endswith("/2Q==")


def test_vcard_21_is_read_and_written_as_30() -> None:
    record = parse(sample("contact_21_outlook.vcf"))
    assert isinstance(record, Contact)
    assert record.full_name == "Jürgen Müller"
    assert record.name.family == ("Müller",)
    assert record.phones[0].types == ("fax", "work")
    assert record.phones[0].preferred
    assert record.addresses[0].street == ("Hauptstraße 1\nHof",)
    assert record.note == "first line\nsecond line with = 3D"
    assert record.photo
    assert record.photo.data == "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQN"
    text = render(record)
    assert "VERSION:3.0\r\n" in text
    assert "QUOTED" not in text
    assert "CHARSET" not in text


def test_vcard_4_keeps_its_version_and_its_picture() -> None:
    record = parse(sample("contact_4.vcf"))
    assert isinstance(record, Contact)
    assert record.photo
    assert (record.photo.media_type, record.photo.data) == ("image/png", "iVBORw0KGgoAAAANSUhEUg==")
    text = render(record)
    assert "VERSION:4.0\r\n" in text
    assert "PHOTO:data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==\r\n" in text
    assert 'X-Foo-Bar;X-P="a;b:c":kept\\, as it is\r\n' in text
    assert "TEL;VALUE=URI:tel:+46-8-999;ext=7\r\n" in text
    assert "item1.X-ABLabel:_$!<Anniversary>!$_\r\n" in text


def test_a_series_with_an_override_is_one_record() -> None:
    record = parse(sample("event_overrides_outlook.ics"))
    assert isinstance(record, Event)
    assert record.master
    assert record.master.start == Moment("20260105T090000", "Customized Time Zone")
    assert [moment.value for moment in record.master.exception_dates] == ["20260112T090000", "20260119T090000"]
    assert record.master.attachments[0].value == "SGVsbG8sIHdvcmxkIQ=="
    assert record.overrides[0].summary == "Stand-up, later"
    assert record.zones[0].name == "VTIMEZONE"
    assert {line.name for line in record.stamps} == {"METHOD", "PRODID", "VERSION"}


def test_a_task_is_read() -> None:
    record = parse(sample("task_recurring.ics"))
    assert isinstance(record, Task)
    assert record.master
    assert record.master.due == Moment("20260106")
    assert record.master.rules == ("FREQ=WEEKLY;COUNT=5",)
    assert record.master.status == "IN-PROCESS"
    assert record.master.params == (("SUMMARY", (("LANGUAGE", ("en",)),)),)
    assert record.master.alarms[0].name == "VALARM"


@pytest.mark.parametrize("ends", ["\n", "\r", "\r\n", "\r\n\r\n", "\n\n"])
def test_any_line_ends(ends: str) -> None:
    assert parse(card("NOTE:a\\nb", ends=ends)) == parse(card("NOTE:a\\nb"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("note:x", "NOTE:x"),
        ("NOTE:long\r\n er", "NOTE:longer"),
        ("NOTE:long\r\n\ter", "NOTE:longer"),
        ("NO\r\n TE:x", "NOTE:x"),
        ("TEL;home:1", "TEL;TYPE=HOME:1"),
        ("TEL;TYPE=home;TYPE=cell:1", "TEL;TYPE=CELL,HOME:1"),
        ('TEL;TYPE="home,cell":1', "TEL;TYPE=CELL,HOME:1"),
        ("EMAIL;PREF=1:a@b", "EMAIL;TYPE=pref:a@b"),
        ("NOTE:a, b; c", "NOTE:a\\, b\\; c"),
        ("NOTE:a\x00\x0bb", "NOTE:ab"),
        ("NOTE:first\r\nsecond", "NOTE:first\\nsecond"),
        ("ORG:Company;", "ORG:Company"),
        ("NOTE:", "TITLE:"),
        ("CATEGORIES:b,a\r\nCATEGORIES:c", "CATEGORIES:a,b,c"),
    ],
)
def test_habits_that_mean_the_same(written: str, meant: str) -> None:
    assert parse(card(written)) == parse(card(meant))


def test_a_byte_order_mark_is_no_part_of_the_card() -> None:
    assert parse("\ufeff" + card()) == parse(card())


def test_a_missing_uid_can_be_supplied() -> None:
    text = card().replace("UID:u\r\n", "")
    with pytest.raises(Unreadable, match="no UID"):
        parse(text)
    assert parse(text, uid_if_missing="made").uid == "made"


def test_a_missing_name_is_made_from_the_others() -> None:
    text = "BEGIN:VCARD\r\nUID:u\r\nN:Lovelace;Ada\r\nEND:VCARD\r\n"
    record = parse(text)
    assert isinstance(record, Contact)
    assert record.full_name == "Ada Lovelace"


def test_repeated_and_unreadable_properties_are_kept_as_lines() -> None:
    record = contact("TITLE:one", "TITLE:two")
    assert record.title == "one"
    assert [(line.name, line.value) for line in record.extra] == [("TITLE", "two")]
    found = event("DTEND:tomorrow")
    assert found.master
    assert found.master.end is None
    assert found.master.extra[0].value == "tomorrow"
    assert "DTEND:tomorrow\r\n" in render(found)


def test_params_of_single_properties_are_kept() -> None:
    record = event("SUMMARY;LANGUAGE=de:Treffen", 'LOCATION;ALTREP="cid:a;b":Raum')
    text = render(record)
    assert "SUMMARY;LANGUAGE=de:Treffen\r\n" in text
    assert 'LOCATION;ALTREP="cid:a;b":Raum\r\n' in text


@pytest.mark.parametrize(
    "zone", ["/mozilla.org/2005/Basic_1/Europe/Berlin", "Pacific Time (US & Canada), Tijuana", "a: b"]
)
def test_zone_names_are_kept_as_written(zone: str) -> None:
    record = event(f'RECURRENCE-ID;TZID="{zone}";RANGE=THISANDFUTURE:20260105T090000')
    override = record.overrides[0]
    assert override.recurrence_id == Moment("20260105T090000", zone)
    assert override.this_and_future
    assert parse(render(record)) == record


def test_periods_and_lists_of_dates_are_single_moments() -> None:
    record = event("RDATE;VALUE=PERIOD:20260201T100000Z/PT1H,20260202T100000Z/20260202T110000Z")
    assert record.master
    assert [moment.value for moment in record.master.recurrence_dates] == [
        "20260201T100000/PT1H",
        "20260202T100000/20260202T110000",
    ]
    assert "RDATE;VALUE=PERIOD:20260202T100000Z/20260202T110000Z\r\n" in render(record)


def test_a_card_in_a_card_becomes_a_value() -> None:
    record = contact("AGENT:", "BEGIN:VCARD", "VERSION:2.1", "N:Bond;James", "END:VCARD", "TITLE:Boss")
    assert record.title == "Boss"
    assert "N:Bond\\;James" in record.extra[0].value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither a vCard nor an iCalendar"),
        ("<html><body>Sign in</body></html>", "neither a vCard nor an iCalendar"),
        (card() + card(), "split it first"),
        (card()[:-12], "cut off"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no event and no task"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nUID:u\r\nEND:VJOURNAL\r\nEND:VCALENDAR", "journal"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:soon\r\nEND:VEVENT\r\nEND:VCALENDAR", "DTSTART"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nBEGIN:VALARM\r\nACTION:DIS", "cut off"),
        ("BEGIN:A\r\n" * 5000 + "END:A\r\n" * 5000, "nested"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse(text)


def test_a_missing_end_of_the_calendar_alone_loses_nothing() -> None:
    text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:x\r\nEND:VEVENT\r\n"
    assert parse(text) == parse(text + "END:VCALENDAR\r\n")


def test_an_end_that_belongs_to_nothing_is_dropped() -> None:
    record = event("SUMMARY:x", "END:VALARM")
    assert "VALARM" not in render(record)


def test_what_is_built_quickly_is_the_record_itself() -> None:
    made = builder(Labelled)("a", ("x",), group="item1")
    assert type(made) is Labelled
    assert (made, hash(made)) == (Labelled("a", ("x",)), hash(Labelled("a", ("x",))))
    with pytest.raises(FrozenInstanceError):
        made.value = "b"  # type: ignore[misc]
    with pytest.raises(TypeError):
        builder(Labelled)()  # type: ignore[call-arg]
