"""Who is in an event, as all connectors see it."""

from __future__ import annotations

from connectors.people import guests_in, organizer_in, people_in
from tests.integration.microsoft.microsoft365_desk import calendar_of, card

_DAY = "DTSTART:20260316T090000Z\r\nSUMMARY:Standup\r\n"
_OWN = _DAY + "RRULE:FREQ=WEEKLY\r\nORGANIZER:MAILTO:Ada@Example.com\r\nATTENDEE:mailto:Bob@example.com\r\n"
_ONCE = "RECURRENCE-ID:20260323T090000Z\r\n" + _DAY + "ATTENDEE:urn:uuid:1\r\nATTENDEE:mailto: eve@example.com\r\n"


def test_all_who_are_in_a_series_or_in_one_occurrence_of_it() -> None:
    record = calendar_of("series", _OWN, _ONCE).record
    assert guests_in(record) == {"bob@example.com", "", "eve@example.com"}  # somebody without an address is a guest
    assert organizer_in(record) == "ada@example.com"
    assert people_in(record) == guests_in(record) | {"ada@example.com"}


def test_an_occurrence_alone_has_people_too() -> None:
    record = calendar_of("series", _ONCE + "ORGANIZER:mailto:ada@example.com\r\n").record
    assert people_in(record) == {"", "eve@example.com", "ada@example.com"}
    assert organizer_in(record) == "ada@example.com"


def test_nobody_is_in_an_event_without_people_nor_in_a_contact() -> None:
    for record in (calendar_of("plain", _DAY).record, card().record):
        assert (people_in(record), guests_in(record), organizer_in(record)) == (frozenset(), frozenset(), "")
