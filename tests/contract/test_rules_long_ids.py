"""Remote items whose ids are longer than any index takes: R09 of the rules of sync."""

from __future__ import annotations

from pathlib import Path

from storage import tables as t
from tests import samples
from tests.world import World

LONG = "/cal/" + "x" * 3000


def test_r09_items_with_ids_of_any_length_are_shown_in_the_quarantine_and_the_others_go_on(tmp_path: Path) -> None:
    world = World.new(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    a.put(samples.task("short"))
    a.put(samples.task("one"), f"{LONG}1")
    a.put(samples.task("two"), f"{LONG}2")
    world.settle()
    assert set(b.items()) == set(world.hub()) == {"short"}
    entries = sorted(world.rows(t.quarantine), key=lambda entry: str(entry.remote_id))
    assert [entry.remote_id for entry in entries] == [f"{LONG}1", f"{LONG}2"]
    assert "3,006 characters" in entries[0].message
    assert world.cycle("a").quarantined == 0  # nothing new: it is not told again
    a.put(samples.task("later"))
    world.settle()
    assert set(b.items()) == {"short", "later"}
    assert len(world.rows(t.quarantine)) == 2
    assert set(a.items()) == {"short", "one", "two", "later"}


def test_r09_such_an_item_leaves_the_quarantine_when_it_is_gone_or_has_a_shorter_id(tmp_path: Path) -> None:
    world = World.new(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    a.put(samples.task("one"), f"{LONG}1")
    a.put(samples.task("two"), f"{LONG}2")
    world.settle()
    a.remove("one")
    item = a.items()["two"]
    a.remove("two")
    a.put(item, "/cal/two")
    world.settle()
    assert world.rows(t.quarantine) == []
    assert set(b.items()) == {"two"}


def test_r09_an_item_that_moved_to_such_an_id_is_not_deleted_and_the_others_go_on(tmp_path: Path) -> None:
    world = World.new(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    a.put(samples.task("one"))
    a.put(samples.task("two"))
    world.settle()
    item = a.items()["one"]
    a.remove("one")
    a.put(item, f"{LONG}1")
    world.settle()
    a.remove("two")
    a.put(samples.task("later"))
    world.settle()
    assert set(world.hub()) == set(b.items()) == set(a.items()) == {"one", "later"}
    assert [entry.remote_id for entry in world.rows(t.quarantine)] == [f"{LONG}1"]
    a.remove("one")
    a.put(item)
    world.settle()
    a.edit("one", lambda text: text.replace("Call", "Ring"))
    world.settle()
    assert "Ring" in b.texts()["one"]
    assert world.rows(t.quarantine) == []
