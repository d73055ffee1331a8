"""What a file of many items gives: the good ones, and a reason for each that is not."""

from __future__ import annotations

import pytest

from agendahub.importing import read_items
from sync_engine.item import Item

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
END = "END:VCALENDAR\r\n"


def event(uid: str) -> str:
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260105T100000Z\r\nEND:VEVENT\r\n"


def told(text: str) -> tuple[list[str], list[str]]:
    """UIDs that were read, and what was said."""
    found = list(read_items(text.encode()))
    return [i.uid for i in found if isinstance(i, Item)], [i for i in found if isinstance(i, str)]


def test_a_broken_item_among_good_ones_is_told_and_the_others_are_read() -> None:
    text = HEAD + event("a") + event("b").replace("20260105T100000Z", "soon") + event("c") + END
    read, said = told(text)
    assert read == ["a", "c"]
    assert len(said) == 1
    assert said[0].startswith("item 2: ")
    assert "soon" in said[0]


@pytest.mark.parametrize("lost", range(3, len(event("c") + END), 7))
def test_a_file_that_was_cut_off_gives_whole_items_only_and_says_so(lost: int) -> None:
    text = HEAD + event("a") + event("b") + event("c") + END
    read, said = told(text[:-lost])
    assert read == (["a", "b", "c"] if lost <= len(END) + 2 else ["a", "b"])
    assert len(said) == 1
    assert "cut off" in said[0]


def test_half_of_the_only_event_is_not_read() -> None:
    read, said = told(HEAD + event("a")[:-20])
    assert (read, len(said)) == ([], 1)


def test_a_stream_of_calendars_and_one_event_are_whole() -> None:
    assert told(HEAD + event("a") + END + HEAD + event("b") + END) == (["a", "b"], [])
    assert told(HEAD + event("a") + END) == (["a"], [])


def test_a_recurrence_that_runs_away_and_a_giant_are_told() -> None:
    bomb = event("a").replace("END:VEVENT", "RRULE:FREQ=SECONDLY\r\nEND:VEVENT")
    giant = event("b").replace("END:VEVENT", f"DESCRIPTION:{'x' * 600_000}\r\nEND:VEVENT")
    read, said = told(HEAD + bomb + giant + event("c") + END)
    assert read == ["c"]
    assert len(said) == 2
