"""Texts that are made to be expensive are read in the time and memory that their length allows."""

from __future__ import annotations

import time
import tracemalloc
from itertools import islice

import pytest

from sync_engine.formats import parts_of, split


@pytest.mark.parametrize("inner", ["VEVENT", "X-A"])
def test_a_deep_nest_is_split_in_linear_time(inner: str) -> None:
    text = "BEGIN:VCALENDAR\r\n" + f"BEGIN:{inner}\r\n" * 30_000 + "END:VALARM\r\n" * 30_000
    started = time.process_time()
    split(text)
    assert time.process_time() - started < 1


def test_what_items_share_is_not_all_in_memory_at_once() -> None:
    shared = "".join(f"X-LONG-{n}:{'x' * 60}\r\n" for n in range(10_000))
    items = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\nEND:VEVENT\r\n" for n in range(2_000))
    text = f"BEGIN:VCALENDAR\r\n{shared}{items}END:VCALENDAR\r\n"
    tracemalloc.start()
    try:
        assert sum(1 for _ in islice(parts_of(text), 60)) == 60
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
