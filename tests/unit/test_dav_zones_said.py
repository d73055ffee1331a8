"""What a CalDAV server is sent: zones with their rules, and everything else as it was."""

from __future__ import annotations

import pytest

from connectors.dav.zones_said import text_with_zones
from sync_engine.item import Item
from sync_engine.model import Event

_EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{zone}BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID={name}:20260601T090000\r\nX-OWN;A=b:c\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize("name", ["Europe/Prague", "Central Europe Standard Time"])
def test_r19_a_zone_by_name_goes_out_with_its_rules_and_nothing_else_changes(name: str) -> None:
    text = _EVENT.format(zone="", name=name)
    sent = text_with_zones(Item.read(text))
    start, end = sent.index("BEGIN:VTIMEZONE"), sent.index("END:VTIMEZONE\r\n") + len("END:VTIMEZONE\r\n")
    assert sent[:start] + sent[end:] == text
    assert f"TZID:{name}\r\n" in sent[start:end]
    record = Item.read(sent).record
    assert isinstance(record, Event)
    assert record == Item.read(text).record
    assert len(record.zones) == 1


@pytest.mark.parametrize("name", ["Nowhere", ""])
def test_r19_a_zone_that_nobody_knows_stays_as_it_is(name: str) -> None:
    text = _EVENT.format(zone="", name=name)
    assert text_with_zones(Item.read(text)) == text


def test_a_zone_that_is_described_and_a_contact_stay_as_they_are() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\n"
        "TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:TZID=x\r\nEND:VCARD\r\n"
    for text in (_EVENT.format(zone=zone, name="Mine"), card):
        assert text_with_zones(Item.read(text)) == text
