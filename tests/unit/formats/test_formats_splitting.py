"""Cutting files of many items."""

from __future__ import annotations

import pytest

from sync_engine.errors import Unreadable
from sync_engine.formats import parse, split


def test_a_file_that_is_cut_off_in_an_item_gives_that_item_as_cut_off() -> None:
    whole = "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART:20260101T000000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\n"
    for cut in (len("END:VEVENT\r\n"), 20, 30):
        text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + whole.format("a") + whole.format("b")[:-cut]
        first, second = split(text)
        assert parse(first).uid == "a"
        with pytest.raises(Unreadable):
            parse(second)
