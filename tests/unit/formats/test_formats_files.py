"""Octets to text, files to items, and the size limits."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from sync_engine.errors import Rejected, Unreadable
from sync_engine.formats import decode, parse, split
from sync_engine.limits import check

SAMPLES = Path(__file__).parents[2] / "samples"
EVENT = "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART;TZID={zone}:20260101T090000\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n"
RULES = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
ZONE = "BEGIN:VTIMEZONE\r\nTZID:{zone}\r\n" + RULES + "END:VTIMEZONE\r\n"


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        ("Grüße".encode(), None),
        ("Grüße".encode("utf-8-sig"), "iso-8859-1"),
        ("Grüße".encode("latin-1"), None),
        ("Grüße".encode("cp1252"), "no-such-charset"),
        ("Grüße".encode("latin-1"), "latin-1"),
        ("Grüße".encode("utf-16"), None),
        ("Grüße".encode(), "zlib"),
        ("Grüße".encode(), "a\0b"),
    ],
)
def test_octets_become_text(raw: bytes, charset: str | None) -> None:
    assert decode(raw, charset) == "Grüße"


def test_utf16_without_mark_and_octets_that_fit_nowhere() -> None:
    assert decode("BEGIN:VCARD".encode("utf-16-be")) == "BEGIN:VCARD"
    assert decode(b"\x81\x8d\xff") == "\x81\x8d\xff"


def test_a_file_of_cards_is_cut_and_nothing_is_lost() -> None:
    parts = split(decode((SAMPLES / "contacts_export.vcf").read_bytes()))
    assert len(parts) == 5
    assert parse(parts[1], uid_if_missing="made").uid == "made"
    with pytest.raises(Unreadable):
        parse(parts[2])
    assert [parse(part).uid for part in parts[3:]] == ["no-end", "last"]


def test_a_calendar_is_cut_by_uid_with_the_zones_each_item_uses() -> None:
    items = [
        EVENT.format(uid=uid, zone=zone, title=title)
        for uid, zone, title in (("a", "A", "1"), ("b", "B", "2"), ("a", "B", "3"))
    ]
    zones = ZONE.format(zone="A") + ZONE.format(zone="B") + ZONE.format(zone="C")
    parts = split(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Mine\r\n{zones}{''.join(items)}END:VCALENDAR\r\n")
    assert len(parts) == 2
    assert [part.count("BEGIN:VEVENT") for part in parts] == [2, 1]
    assert [part.count("BEGIN:VTIMEZONE") for part in parts] == [2, 1]
    assert all("X-WR-CALNAME:Mine\r\n" in part for part in parts)
    assert items[1] in parts[1]


def test_one_item_comes_back_as_it_is() -> None:
    for path in ("event_overrides_outlook.ics", "contact_4.vcf"):
        text = decode((SAMPLES / path).read_bytes())
        assert split(text) == [text]


def test_cutting_is_linear() -> None:
    text = (
        f"BEGIN:VCALENDAR\r\n{''.join(EVENT.format(uid=n, zone='A', title=n) for n in range(20_000))}END:VCALENDAR\r\n"
    )
    started = process_time()
    assert len(split(text)) == 20_000
    assert process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("BEGIN:VCARD\r\nNOTE:" + "x" * 2_100_000, "2048 KiB"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nX:" + "ä" * 300_000, "512 KiB"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + "ATTENDEE:mailto:a@b\n" * 501, "500 attendees"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + "X-A:1\n" * 2001, "2000 properties"),
        ("BEGIN:A\n" * 9, "8 deep"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_parsed(text: str, limit: str) -> None:
    with pytest.raises(Rejected, match=limit):
        check(text)


def test_what_is_within_the_limits_passes() -> None:
    check("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + "ATTENDEE:mailto:a@b\n" * 500 + "END:VEVENT\nEND:VCALENDAR\n")
    check("BEGIN:VCARD\nPHOTO:" + "x\n " * 600_000)
