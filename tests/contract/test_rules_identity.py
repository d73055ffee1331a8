"""Which item is which: R10, R11, R23, R29, R34, R36, R37 of the rules of sync."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.memory import Unkind
from storage import tables as t
from sync_engine.item import Item
from sync_engine.ports import Cursor, KnownVersions, Page, Removed
from tests import samples
from tests.faults import Fault, FaultyConnector, Script
from tests.world import Side, World


def _world(folder: Path, count: int = 4) -> tuple[World, Side, Side]:
    world = World.new(folder)
    a, b = world.bind("a"), world.bind("b")
    for n in range(count):
        a.put(samples.event(f"e{n}", f"Event {n}"))
    a.put(samples.card())
    world.settle()
    return world, a, b


def _states(world: World) -> list[dict[str, str]]:
    return [{uid: i.text for uid, i in world.hub().items()}, *(side.texts() for side in world.sides.values())]


def _renamed(item: Item, uid: str) -> Item:
    return Item.read(item.text.replace(f"UID:{item.uid}\r\n", f"UID:{uid}\r\n"))


# ---------------------------------------------------------------- R10


def test_r10_an_update_is_never_delete_and_create(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    world.sides["b"].edit("e2", lambda text: text.replace("Room 1", "Room 3"))
    world.cycle("b")
    spy = FaultyConnector(a.account)
    world.cycle("a", spy)
    assert spy.writes() == ["update", "update"]


def test_r10_an_item_deleted_in_the_hub_before_it_was_ever_sent_is_not_sent(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    broken = FaultyConnector(a.account)
    broken.refuses = {"bad"}
    world.phone_put(samples.event("bad"))
    world.cycle("a", broken)
    assert len(world.rows(t.quarantine)) == 1
    world.phone_remove("bad")
    good = FaultyConnector(a.account)
    world.cycle("a", good)
    assert good.writes() == []
    assert world.rows(t.intents) == []
    assert world.rows(t.quarantine) == []


# ---------------------------------------------------------------- R11, R34


def test_r34_unlinking_leaves_both_sides_untouched(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    hub, remote = {u: i.text for u, i in world.hub().items()}, a.texts()
    world.unbind("a")
    world.settle()
    assert {u: i.text for u, i in world.hub().items()} == hub
    assert a.texts() == remote


def test_r11_unlinked_and_linked_again_nothing_is_made_or_lost(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    before = _states(world)
    world.unbind("a")
    world.bind("a", account=a.account)
    counts = world.cycle("a")
    assert (counts.linked, counts.changes) == (5, 0)
    assert world.settle() == 0
    assert sorted(map(str, _states(world))) == sorted(map(str, before))
    assert world.rows(t.quarantine) == []


@pytest.mark.parametrize("cursor_too", [True, False])
def test_r11_a_lost_link_table_makes_no_copies(tmp_path: Path, cursor_too: bool) -> None:
    world, a, b = _world(tmp_path)
    with world.database.engine.begin() as connection:
        connection.execute(t.links.delete())
        if cursor_too:
            connection.execute(t.bindings.update().values(cursor=None, hub_cursor=0))
    world.settle()
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    a.edit("e2", lambda text: text.replace("Room 1", "Room 3"))
    world.settle()
    assert set(world.hub()) == set(a.items()) == set(b.items())
    assert len(world.hub()) == 5
    for side in (a, b):
        assert "Room 2" in side.texts()["e1"]
        assert "Room 3" in side.texts()["e2"] + str([row.fields for row in world.rows(t.conflicts)])


def test_r11_edited_on_both_sides_while_unlinked_both_edits_are_kept_or_in_a_conflict(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    world.unbind("a")
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    a.edit("e1", lambda text: text.replace("Room 1", "Room 3"))
    a.edit("e2", lambda text: text.replace("CATEGORIES:team,daily", "CATEGORIES:team,daily,new"))
    world.bind("a", account=a.account)
    world.settle()
    assert "Room 2" in world.hub()["e1"].text
    assert "Room 3" in str([row.fields for row in world.rows(t.conflicts)])
    assert "new" in world.hub()["e2"].text


def test_r11_a_first_sync_of_the_same_items_under_other_uids_matches_by_content(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    c = world.bind("c")
    for uid, item in a.items().items():
        c.put(_renamed(item, f"other-{uid}"))
    assert world.cycle("c").linked == 5
    world.settle()
    assert len(world.hub()) == len(c.items()) == len(a.items()) == 5
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    c.edit("other-e2", lambda text: text.replace("Room 1", "Room 3"))
    world.settle()
    assert "Room 2" in c.texts()["other-e1"]
    assert "Room 3" in a.texts()["e2"]
    assert set(a.items()) == set(world.hub())


@pytest.mark.parametrize("in_doubt", [True, False])
def test_r11_an_item_whose_place_is_tied_to_another_is_reported_and_the_others_go_on(
    tmp_path: Path, in_doubt: bool
) -> None:
    world, a, _ = _world(tmp_path)
    c = world.bind("c")
    for uid, item in a.items().items():
        c.put(_renamed(item, f"other-{uid}"))
    world.settle()
    c.connector = connector = FaultyConnector(c.account)
    world.phone_put(_renamed(samples.event("x", "Another"), "other-e1"))
    if in_doubt:
        connector.script = Script(Fault.LOST_REQUEST, 1)
    for _ in range(3):
        world.cycle("c")
    assert "find" in connector.script.calls
    world.phone_edit("e2", lambda text: text.replace("Room 1", "Room 2"))
    world.settle()
    assert [(row.title, row.operation) for row in world.rows(t.quarantine)] == [("Another", "create")]
    assert "Room 2" in c.texts()["other-e2"]
    assert "Event 1" in c.texts()["other-e1"]
    assert len(c.items()) == 5


# ---------------------------------------------------------------- R23


def test_r23_an_item_that_left_the_listing_but_exists_is_kept_and_not_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, b = _world(tmp_path)
    world.clock.pass_time(days=1)
    a.account.expire_cursors(a.collection)
    hiding = FaultyConnector(a.account)
    whole = hiding.inner.changes
    edge = a.id_of("e1")

    def windowed(collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in whole(collection, since, known):
            shown = [c for c in page.changes if isinstance(c, Removed) or c.ref.id != edge]
            yield replace(page, changes=shown)

    monkeypatch.setattr(hiding.inner, "changes", windowed)
    for _ in range(3):
        assert world.cycle("a", hiding).changes == 0
    world.settle()
    assert len(world.hub()) == len(a.items()) == len(b.items()) == 5


# ---------------------------------------------------------------- R29


def test_r29_ids_that_differ_in_case_only_are_different(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    a.put(samples.event("Case", "Upper"), "/work/X")
    a.put(samples.event("case", "Lower"), "/work/x")
    world.settle()
    assert "Upper" in b.texts()["Case"]
    assert "Lower" in b.texts()["case"]
    a.remove("case")
    world.settle()
    assert "Case" in b.items()
    assert "case" not in b.items()


# ---------------------------------------------------------------- R36


@pytest.mark.parametrize("first", ["/work/a-copy", "/work/z-copy"])
@pytest.mark.parametrize("page_size", [1, 100])
def test_r36_several_items_with_one_uid_hurt_nobody(tmp_path: Path, first: str, page_size: int) -> None:
    world, a, b = _world(tmp_path)
    a.account.unkind = Unkind(page_size=page_size)
    for remote_id in (first, "/work/m-copy", "/work/n-copy"):
        a.put(samples.event("twin", "Twins"), remote_id)
    a.put(samples.event("single", "Single"))
    world.cycle("a")
    world.cycle("b")
    assert {"twin", "single"} <= set(b.items())
    assert len(a.account.items(a.collection)) == 9
    assert len(world.rows(t.quarantine)) == 2
    world.cycle("a")
    assert sum(row.tries for row in world.rows(t.quarantine)) == 2  # reported once
    assert len(a.account.items(a.collection)) == 9


@pytest.mark.parametrize("mood", [Unkind(), Unkind(no_versions=True)])
def test_r36_when_one_of_two_goes_the_other_takes_over(tmp_path: Path, mood: Unkind) -> None:
    world, a, b = _world(tmp_path)
    a.account.unkind = mood
    a.put(samples.event("twin", "Twins"), "/work/one")
    a.put(samples.event("twin", "Twins"), "/work/two")
    world.cycle("a")
    world.cycle("b")
    (linked,) = (row.remote_id for row in world.rows(t.links) if row.remote_id in ("/work/one", "/work/two"))
    a.account.remove(a.collection, linked)
    for _ in range(3):
        world.cycle("a")
        world.cycle("b")
    assert "twin" in world.hub()
    assert "twin" in a.items()
    assert "twin" in b.items()
    assert world.rows(t.quarantine) == []
    a.edit("twin", lambda text: text.replace("Room 1", "Room 2"))
    world.settle()
    assert "Room 2" in b.texts()["twin"]


@pytest.mark.parametrize("mood", [Unkind(), Unkind(no_versions=True), Unkind(page_size=1)])
@pytest.mark.parametrize("new_first", [True, False])
def test_r36_an_item_that_moved_to_another_id_stays_the_same_item(
    tmp_path: Path, mood: Unkind, new_first: bool
) -> None:
    world, a, b = _world(tmp_path)
    a.account.unkind = mood
    a.account.expire_cursors(a.collection)  # the links learn the versions of this mood
    world.settle()
    item, old = a.items()["e1"], a.id_of("e1")
    if new_first:
        a.account.put(a.collection, "/work/elsewhere", item)
        a.account.remove(a.collection, old)
    else:
        a.account.remove(a.collection, old)
        a.account.put(a.collection, "/work/elsewhere", item)
    for _ in range(3):
        assert world.cycle("a").changes == 0
        assert world.cycle("b").changes == 0
    world.clock.pass_time(days=1)
    a.account.expire_cursors(a.collection)
    world.settle()
    assert set(world.hub()) == set(a.items()) == set(b.items())
    assert "e1" in world.hub()
    a.edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    world.settle()
    assert "Room 2" in b.texts()["e1"]


def test_r36_a_refused_item_that_is_deleted_at_the_remote_is_no_twin_of_itself(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    fussy = FaultyConnector(a.account)
    fussy.refuses = {"late"}
    world.phone_put(samples.event("late"))
    world.cycle("a", fussy)
    a.put(samples.event("late"))  # the same item comes to the account another way
    world.cycle("a")
    assert world.rows(t.quarantine) == []
    a.remove("late")
    world.settle()
    assert "late" not in {**world.hub(), **b.items()}
    assert all(row.remote_id for row in world.rows(t.links))


# ---------------------------------------------------------------- R37


def test_r37_a_copy_of_an_item_is_a_new_item(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    original = a.id_of("e1")
    a.put(_renamed(a.items()["e1"], "copy"), "/work/0-copy")
    world.settle()
    assert {"e1", "copy"} <= set(b.items())
    a.edit("copy", lambda text: text.replace("Room 1", "Room 9"))
    world.settle()
    assert "Room 9" not in b.texts()["e1"]
    assert original in {row.remote_id for row in world.rows(t.links)}


@pytest.mark.parametrize("page_size", [1, 100])
def test_r37_a_copy_does_not_take_the_originals_link_when_links_are_made_anew(tmp_path: Path, page_size: int) -> None:
    world, a, b = _world(tmp_path)
    world.unbind("a")
    a.account.unkind = Unkind(page_size=page_size)
    copy, original = _renamed(a.items()["e1"], "copy"), a.items()["e1"]
    a.remove("e1")
    a.put(copy, "/work/0-copy")  # listed first
    a.put(original)
    a = world.bind("a", account=a.account)
    world.settle()
    assert {"e1", "copy"} <= set(b.items())
    assert {"e1", "copy"} <= set(a.items())
    assert world.rows(t.quarantine) == []


def test_r36_a_reported_duplicate_that_vanishes_before_a_full_listing_leaves_the_quarantine(tmp_path: Path) -> None:
    world = World.new(tmp_path)
    side = world.bind("a")
    side.put(samples.event("e"))
    world.settle()
    side.account.put(side.collection, "/work/copy", samples.event("e"))
    world.cycle("a")
    assert [entry.remote_id for entry in world.rows(t.quarantine)] == ["/work/copy"]
    side.account.remove(side.collection, "/work/copy")
    side.account.expire_cursors(side.collection)  # its removal is in no feed any more
    world.cycle("a")
    assert world.rows(t.quarantine) == []
    assert set(side.items()) == set(world.hub()) == {"e"}
