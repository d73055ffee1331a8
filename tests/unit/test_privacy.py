"""What others see of what is private (SYNC.md R32): when, and no word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_engine import recurrence
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.privacy import is_private, is_secret, masked

MARK = "Zyxw"  # begins all that others must not read
_PROPERTIES = (
    *("SUMMARY:", "DESCRIPTION:", "LOCATION:", "CATEGORIES:", "COMMENT:", "CONTACT:", "RESOURCES:", "URL:http://"),
    *("ORGANIZER;CN=Zyxw:mailto:", "ATTENDEE;PARTSTAT=ACCEPTED;CN=Zyxw:mailto:", "ATTACH:http://", "X-ANYTHING:"),
    *("X-ALT-DESC;FMTTYPE=text/html:", "GEO:", "CONFERENCE;LABEL=Zyxw:tel:", "STYLED-DESCRIPTION:", "RELATED-TO:"),
)
_ALARM = f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:{MARK}\r\nEND:VALARM\r\n"
_PART = f"BEGIN:PARTICIPANT\r\nUID:p\r\nSUMMARY:{MARK}\r\nEND:PARTICIPANT\r\n"


def component(uid: str, when: str, classification: str, properties: list[str], more: str = "") -> str:
    said = "".join(f"{name}{MARK}{number}\r\n" for number, name in enumerate(properties))
    shown = f"CLASS:{classification}\r\n" if classification else ""
    head = f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
    return f"{head}{when}{shown}{said}{more}END:VEVENT\r\n"


def event(*components: str) -> Event:
    text = (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:{MARK}\r\n{''.join(components)}END:VCALENDAR\r\n"
    )
    record = Item.read(text).record
    assert isinstance(record, Event)
    return record


def times(record: Event) -> list[tuple[datetime, datetime]]:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    return [found[:2] for found in recurrence.instances(record, start, end)]


WHEN = "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\n"
SERIES = f"{WHEN}RRULE:FREQ=WEEKLY;COUNT=9\r\nEXDATE:20260315T090000Z\r\nRDATE:20260402T170000Z\r\n"
MOVED = "RECURRENCE-ID:20260308T090000Z\r\nDTSTART:20260309T110000Z\r\nDTEND:20260309T113000Z\r\n"


@given(
    st.sampled_from((WHEN, SERIES, "DTSTART;VALUE=DATE:20260301\r\n", "DTSTART:20260301T090000\r\nDURATION:PT2H\r\n")),
    st.lists(st.sampled_from(_PROPERTIES), unique=True),
    st.sampled_from(("PRIVATE", "CONFIDENTIAL", "X-MINE", "private")),
    st.sampled_from(("", "TRANSP:TRANSPARENT\r\n", "STATUS:TENTATIVE\r\n", _ALARM, _PART)),
)
def test_r32_not_a_word_is_left_and_all_the_times_are(when: str, words: list[str], kind: str, more: str) -> None:
    overrides = [component("u", MOVED, "", words)] if "RRULE" in when else []
    record = event(component("u", when, kind, words, more), *overrides)
    shown = masked(record)
    text = Item.of(shown).text
    assert MARK not in text
    assert times(shown) == times(record)
    assert text.count("SUMMARY:Busy") == 1 + len(overrides)
    assert ("TRANSP:TRANSPARENT" in text) == ("TRANSP" in more)
    assert Item.read(text).record == shown
    assert is_secret(record)


@pytest.mark.parametrize("kind", ["PRIVATE", "CONFIDENTIAL"])
def test_r32_of_a_series_with_one_private_occurrence_the_others_stay(kind: str) -> None:
    record = event(component("u", SERIES, "PUBLIC", ["SUMMARY:"]), component("u", MOVED, kind, ["SUMMARY:"]))
    shown = masked(record)
    assert is_secret(record)
    assert shown.master == record.master
    assert [one.summary for one in shown.overrides] == ["Busy"]
    assert times(shown) == times(record)


@pytest.mark.parametrize(("kind", "private"), [("", False), ("PUBLIC", False), ("public", False), ("PRIVATE", True)])
def test_a_class_that_nobody_knows_is_private(kind: str, private: bool) -> None:
    assert is_private(kind) is private
    assert is_private("X-WHATEVER")
    assert is_secret(event(component("u", WHEN, kind, []))) is private


def test_a_card_has_a_class_too() -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Ada\r\n{}END:VCARD\r\n"
    assert is_secret(Item.read(card.format("CLASS:PRIVATE\r\n")).record)
    assert not is_secret(Item.read(card.format("CLASS:PUBLIC\r\n")).record)
    assert not is_secret(Item.read(card.format("")).record)
