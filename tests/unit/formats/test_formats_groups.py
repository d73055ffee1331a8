"""Groups of vCards on properties with one value, and names with blanks in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_engine.formats import parse, render
from sync_engine.model import Contact, ContentLine, Event, Labelled


def card(*lines: str) -> Contact:
    read = parse("\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "UID:u", "FN:Ada", *lines, "END:VCARD", ""]))
    assert isinstance(read, Contact)
    return read


def groups(text: str) -> dict[str, str]:
    """The group of each property that has one."""
    heads = (line.partition(":")[0].partition(";")[0] for line in text.split("\r\n"))
    return {name: group for group, dot, name in (head.partition(".") for head in heads) if dot}


@pytest.mark.parametrize(
    "line", ["NOTE;LANGUAGE=de:Hallo", "ORG:Works", "N:Love;Ada;;;", "BDAY:1815-12-10", "NICKNAME:A"]
)
def test_a_label_stays_with_the_single_value_it_is_for(line: str) -> None:
    read = card(
        f"item7.{line}", "item7.X-ABLabel:Mine", "item7.X-Other:more", "item1.EMAIL:a@b", "item1.X-ABLabel:Desk"
    )
    written = groups(render(read))
    name = line.partition(":")[0].partition(";")[0]
    assert written[name] == written["X-Other"] == "item7"
    assert render(read).count("X-ABLabel") == 2
    assert f"item7.{line}\r\n" in render(read)
    assert parse(render(read)) == read


def test_the_group_may_be_called_otherwise_and_be_written_in_any_order() -> None:
    one = card("item1.NOTE:x", "item1.X-ABLabel:Mine")
    assert one == card("Item9.X-ABLabel:Mine", "item9.NOTE:x")
    assert one != card("NOTE:x", "item1.X-ABLabel:Mine")


def test_a_group_whose_name_is_taken_takes_its_property_along() -> None:
    read = card("item1.NOTE:x", "item1.X-ABLabel:Mine")
    phone = Labelled("1", companions=(ContentLine("X-ABLABEL", "Desk"),), group="item1")
    merged = replace(read, phones=(phone,))
    written = render(merged)
    assert "item1.TEL:1\r\n" in written
    assert groups(written)["NOTE"] == "item2"
    assert parse(written) == merged


def test_a_property_that_is_gone_takes_nothing_else_with_it() -> None:
    read = card("item1.NOTE:x", "item1.X-ABLabel:Mine")
    written = render(replace(read, note=""))
    assert "item1.X-ABLabel:Mine\r\n" in written
    assert "NOTE" not in written


CALENDAR = (
    "BEGIN:VCALENDAR\r\n{line}\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20260101T090000Z\r\n{text}"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_a_known_name_with_blanks_is_a_line_of_its_own() -> None:
    text = CALENDAR.format(line="VERSION:2.0\r\nPRODID:x\r\nREFRESH - INTERVAL; VALUE = DURATION:PT48H", text="")
    read = parse(text)
    assert isinstance(read, Event)
    assert read.extra == (ContentLine("REFRESH-INTERVAL", "PT48H", (("VALUE", ("DURATION",)),)),)
    assert [line.value for line in read.stamps if line.name == "PRODID"] == ["x"]
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT48H\r\n" in render(read)
    assert parse(render(read)) == read


def test_a_line_of_a_text_that_looks_like_a_name_stays_in_its_text() -> None:
    text = CALENDAR.format(line="VERSION:2.0", text="DESCRIPTION:Agenda\r\nPLEASE - NOTE: bring the books\r\n")
    read = parse(text)
    assert isinstance(read, Event)
    assert read.master
    assert read.master.description == "Agenda\nPLEASE - NOTE: bring the books"


def test_a_range_without_a_recurrence_id_says_nothing() -> None:
    read = parse(CALENDAR.format(line="VERSION:2.0", text="RECURRENCE-ID;RANGE=THISANDFUTURE:\r\n"))
    assert isinstance(read, Event)
    assert read.master
    assert not read.master.this_and_future


def test_a_photo_whose_media_type_is_said_twice() -> None:
    assert card("PHOTO;MEDIATYPE=image/gif;MEDIATYPE=image/gif:http://a.example/p").photo
    odd = card("PHOTO;MEDIATYPE=image/gif;MEDIATYPE=image/png:http://a.example/p")
    assert (odd.photo, odd.extra[0].name) == (None, "PHOTO")
