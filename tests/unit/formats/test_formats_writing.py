"""What is written is valid, complete, and cannot be abused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_engine.formats import parse, render, with_uid
from sync_engine.model import (
    CalendarUser,
    Component,
    Contact,
    ContentLine,
    Event,
    EventDetails,
    Labelled,
    Moment,
    Name,
    Photo,
)

EVIL = ["a\r\nEND:VCARD\r\nBEGIN:VCARD", "a\nATTENDEE:mailto:x@y", "a\rX-EVIL:1", "a\x0b\x0c\x00b", "a\ud800b"]


@pytest.mark.parametrize("evil", EVIL)
def test_no_value_of_a_contact_brings_in_a_line(evil: str) -> None:
    record = Contact(
        uid=evil,
        full_name=evil,
        name=Name((evil,), (evil,)),
        organization=(evil,),
        emails=(Labelled(evil, (evil,), params=(("X-P", (evil,)),)),),
        urls=(Labelled(evil, companions=(ContentLine("X-ABLABEL", evil),), group="item1"),),
        note=evil,
        categories=(evil,),
        photo=Photo(uri=evil, media_type=evil),
        params=(("NOTE", (("LANGUAGE", (evil,)),)),),
        extra=(ContentLine("X-A", evil, (("X-P", (evil,)),)),),
    )
    lines = render(record).replace("\r\n ", "").split("\r\n")
    names = {line.partition(":")[0].partition(";")[0] for line in lines if line}
    assert names <= {
        *("BEGIN", "VERSION", "UID", "FN", "N", "ORG", "EMAIL", "item1.URL", "item1.X-ABLABEL"),
        *("NOTE", "CATEGORIES", "PHOTO", "X-A", "END"),
    }
    assert sum(line.startswith("BEGIN:") for line in lines) == 1


@pytest.mark.parametrize("evil", EVIL)
def test_no_value_of_an_event_brings_in_a_line(evil: str) -> None:
    details = EventDetails(
        start=Moment("20260101T090000", evil),
        summary=evil,
        url=evil,
        status=evil,
        rules=(evil,),
        organizer=CalendarUser(evil, (("CN", (evil,)),)),
        alarms=(Component("VALARM", (ContentLine("X-B", evil),)),),
        extra=(ContentLine("X-A", evil),),
    )
    lines = render(Event(evil, details)).replace("\r\n ", "").split("\r\n")
    names = {line.partition(":")[0].partition(";")[0] for line in lines if line}
    expected = {"BEGIN", "VERSION", "PRODID", "UID", "DTSTAMP", "DTSTART", "SUMMARY", "URL", "STATUS", "RRULE"}
    assert names <= expected | {"ORGANIZER", "X-A", "X-B", "END"}
    assert sum(line.startswith("BEGIN:") for line in lines) == 3


def test_lines_are_folded_at_75_octets_between_characters() -> None:
    note = "ä€😀" * 100 + "x" * 200
    text = render(Contact("u", "Ada", note=note))
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75
    parsed = parse(text)
    assert isinstance(parsed, Contact)
    assert parsed.note == note


def test_mandatory_properties_are_supplied() -> None:
    assert "FN:\r\n" in render(Contact("u"))
    text = render(Event("u", EventDetails(start=Moment("20260101"))))
    for line in ("VERSION:2.0", "PRODID:-//AgendaHub", "DTSTAMP:19700101T000000Z", "DTSTART;VALUE=DATE:20260101"):
        assert f"\r\n{line}" in text


def test_params_are_quoted_and_encoded() -> None:
    user = CalendarUser("mailto:a@b", (("CN", ('He said "hi": ^n',)),))
    text = render(Event("u", EventDetails(attendees=(user,))))
    assert "ATTENDEE;CN=\"He said ^'hi^': ^^n\":mailto:a@b\r\n" in text
    record = parse(text)
    assert isinstance(record, Event)
    assert record.master
    assert record.master.attendees == (user,)


def test_groups_of_two_elements_that_clash_get_other_names() -> None:
    one = Labelled("1", companions=(ContentLine("X-ABLABEL", "one"),), group="item1")
    two = Labelled("2", companions=(ContentLine("X-ABLABEL", "two"),), group="item1")
    record = Contact("u", "Ada", emails=(one,), phones=(two,))
    read = parse(render(record))
    assert isinstance(read, Contact)
    assert read.emails[0].companions[0].value == "one"
    assert read.phones[0].companions[0].value == "two"


def test_one_label_for_two_elements_stays_with_both() -> None:
    grouped = "item1.TEL:1\r\nitem1.EMAIL:a@b\r\nitem1.X-ABLabel:Desk\r\n"
    text = f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:A\r\n{grouped}END:VCARD\r\n"
    record = parse(text)
    assert isinstance(record, Contact)
    assert record.phones[0].companions == record.emails[0].companions != ()
    assert render(record).count("X-ABLabel") == 1
    assert parse(render(record)) == record


def test_a_contact_can_be_written_in_the_other_version() -> None:
    photo = Photo("AAAA", media_type="image/png")
    record = Contact("u", "Ada", kind="group", emails=(Labelled("a@b", ("work",), preferred=True),), photo=photo)
    four = replace(record, version="4.0")
    assert "EMAIL;TYPE=WORK,PREF:a@b" in render(record)
    assert "EMAIL;PREF=1;TYPE=work:a@b" in render(four)
    assert "X-ADDRESSBOOKSERVER-KIND:group" in render(record)
    assert "PHOTO;ENCODING=b;TYPE=PNG:AAAA" in render(record)
    assert "PHOTO:data:image/png;base64,AAAA" in render(four)
    assert parse(render(record)) == parse(render(four)) == record


def test_a_uid_can_be_changed() -> None:
    assert parse(render(with_uid(Contact("u", "Ada"), "v"))).uid == "v"


def test_uris_keep_their_commas_and_semicolons() -> None:
    record = Event("u", EventDetails(url="https://example.org/?a=1,2;b"))
    assert "URL:https://example.org/?a=1,2;b\r\n" in render(record)
