"""Whether a guest's copy is private (SYNC.md R32): what an organiser keeps to his guests, others do not see there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dav_gateway.scheduling.itip_attendee import following
from sync_engine.item import Item
from sync_engine.model import Event
from tests.servers.meetings import calendar, meeting

OWN = frozenset(("bob@example.org",))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def said(*lines: str) -> Event:
    record = Item.read(calendar(meeting(*(line for line in lines if line))).decode()).record
    assert isinstance(record, Event)
    return record


@pytest.mark.parametrize(
    ("before", "his", "after", "then"),
    [
        ("CLASS:PUBLIC", "CLASS:PUBLIC", "CLASS:PRIVATE", "PRIVATE"),  # not chosen by the guest
        ("", "CLASS:PUBLIC", "CLASS:PRIVATE", "PRIVATE"),  # programs write it by themselves
        ("", "", "CLASS:CONFIDENTIAL", "CONFIDENTIAL"),
        ("", "CLASS:PRIVATE", "", "PRIVATE"),  # his choice
        ("CLASS:PRIVATE", "CLASS:PUBLIC", "CLASS:PRIVATE", "PUBLIC"),  # his choice
        ("CLASS:PRIVATE", "CLASS:PRIVATE", "CLASS:PUBLIC", "PRIVATE"),  # nothing is opened by others
    ],
)
def test_r32_a_guests_copy_is_as_private_as_the_meeting_or_as_he_wants(
    before: str, his: str, after: str, then: str
) -> None:
    fresh = following(said(his), said(before), said(after, "SUMMARY:Secret"), OWN, NOW)
    assert fresh.master is not None
    assert fresh.master.classification == then


def test_r32_an_occurrence_that_only_the_guest_answered_becomes_private_with_the_series() -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=4"
    at = ("RECURRENCE-ID:20261202T090000Z", "DTSTART:20261202T090000Z", "DTEND:20261202T100000Z")
    copy = Item.read(calendar(meeting(rule, "CLASS:PUBLIC"), meeting(*at, "CLASS:PUBLIC", "X-MINE:1")).decode()).record
    assert isinstance(copy, Event)
    after = said(rule, "CLASS:PRIVATE", "SUMMARY:Secret")
    fresh = following(copy, said(rule, "CLASS:PUBLIC"), after, OWN, NOW)
    assert [one.classification for one in fresh.overrides] == ["PRIVATE"]
