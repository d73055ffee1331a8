"""VTIMEZONEs that are wrong at night only, and the Windows zones that series at other hours may be in."""

from __future__ import annotations

from datetime import datetime

from connectors.microsoft.zone_names import windows_name
from demo.items import demo_items
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.zones import local_time


def _in_zurich() -> Event:
    """Its clocks change at two, where Zurich's in autumn change at three."""
    texts = (item.text for item in demo_items() if item.kind == "event" and "TZID:Europe/Zurich" in item.text)
    record = Item.read(next(texts)).record
    assert isinstance(record, Event)
    return record


def test_r19_a_zone_that_is_wrong_at_another_hour_only_is_known_by_its_name() -> None:
    event = _in_zurich()
    assert event.master
    assert event.master.start
    assert windows_name("Europe/Zurich", event.zones) is None
    assert windows_name("Europe/Zurich", event.zones, local_time(event.master.start)) == "W. Europe Standard Time"


def test_r19_a_zone_that_is_wrong_at_this_hour_is_not() -> None:
    assert windows_name("Europe/Zurich", _in_zurich().zones, datetime(2026, 11, 2, 2, 30)) is None
