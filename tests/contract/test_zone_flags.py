"""R19: an event in a zone that nobody knows is passed on as it is, and people are told."""

from __future__ import annotations

from pathlib import Path

from storage.zone_flags import in_unknown_zones
from sync_engine.item import Item
from tests import series_samples as samples
from tests.world import World

ODD = samples.calendar(samples.component("DTSTART;TZID=Fictitious:20260328T090000", "SUMMARY:Once", uid="odd"))


def test_r19_an_unknown_zone_is_passed_on_noted_once_and_listed(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    a.put(Item.read(ODD))
    a.put(Item.read(ODD.replace("UID:odd", "UID:odd2").replace("SUMMARY:Once", "SUMMARY:Twice")))
    a.put(Item.read(samples.ZURICH))
    a.put(Item.read(samples.into_another_zone(samples.SINGLE.replace("UID:s", "UID:described"))))
    notes = world.cycle("a").notes
    assert len(notes) == 1
    assert "'Once' (20260328T090000): the time zone 'Fictitious' is not known here" in notes[0]
    world.settle()
    assert b.texts() == a.texts()
    assert world.cycle("a").notes == []
    with world.database.read() as unit:
        listed = in_unknown_zones(unit.session.connection)
    assert sorted((one.title, one.zone) for one in listed) == [("Once", "Fictitious"), ("Twice", "Fictitious")]


def test_r19_a_zone_that_gets_its_rules_is_listed_no_more(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    a = world.bind("a")
    a.put(Item.read(ODD))
    world.settle()
    a.edit("odd", samples.swap("TZID=Fictitious:20260328T09", "TZID=Europe/Berlin:20260328T10"))
    world.settle()
    with world.database.read() as unit:
        assert in_unknown_zones(unit.session.connection) == []
