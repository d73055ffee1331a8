"""The brake on mass deletions, and what an admin answers to it: R02, with R01 for emptied collections."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory import MemoryConnector
from storage import tables as t
from sync_engine.cycle import run_cycle
from sync_engine.errors import SuspectListing, Unavailable
from sync_engine.item import Item
from sync_engine.ports import Page, Policy
from tests import samples
from tests.contract.listings import Listing, forget_cursor, full_world
from tests.faults import FaultyConnector, Script


@pytest.mark.parametrize("policy", [Policy(brake_count=3, brake_percent=0), Policy(brake_count=0, brake_percent=30)])
def test_r02_as_many_deletions_as_allowed_pass_at_once(tmp_path: Path, policy: Policy) -> None:
    world, a, b = full_world(tmp_path, 10, policy)
    for n in range(3):
        a.remove(f"t{n:03}")
    world.settle()
    assert len(world.hub()) == len(b.items()) == 7
    assert world.rows(t.holds) == []


@pytest.mark.parametrize("policy", [Policy(brake_count=3, brake_percent=0), Policy(brake_count=0, brake_percent=30)])
def test_r02_one_more_deletion_at_the_remote_is_held_whole_until_approved_once(tmp_path: Path, policy: Policy) -> None:
    world, a, b = full_world(tmp_path, 10, policy)
    for n in range(4):
        a.remove(f"t{n:03}")
    a.edit("t009", lambda text: text.replace("Task 9", "Other"))
    for _ in range(3):
        counts = world.cycle("a")
        assert counts.held == 4
        assert counts.pulled_deleted == 0
        world.cycle("b")
    (hold,) = world.rows(t.holds)
    assert (hold.side, hold.count) == ("hub", 4)
    assert "Task 0" in hold.samples
    assert 'held approve "a"' in hold.reason
    assert len(world.hub()) == len(b.items()) == 10
    assert "Other" in b.texts()["t009"]  # the rest goes on
    world.answer("a")
    assert world.cycle("a").pulled_deleted == 4
    assert world.rows(t.holds) == []
    assert not any(row.approved for row in world.rows(t.bindings))
    assert world.cycle("b").held == 4
    assert world.answer("b") == 4
    world.settle()
    assert len(world.hub()) == len(b.items()) == len(a.items()) == 6
    for n in range(4, 8):  # the approval was for one cycle
        a.remove(f"t{n:03}")
    assert world.cycle("a").held == 4


def test_r02_mass_deletion_in_the_hub_is_held_whole_until_approved_once(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    for n in range(4):
        world.phone_remove(f"t{n:03}")
    world.phone_edit("t009", lambda text: text.replace("Task 9", "Other"))
    for _ in range(3):
        counts = world.cycle("a")
        assert (counts.held, counts.pushed_deleted) == (4, 0)
    (hold,) = world.rows(t.holds)
    assert (hold.side, hold.count) == ("remote", 4)
    assert len(a.items()) == 10
    assert "Other" in a.texts()["t009"]
    world.answer("a")
    assert world.cycle("a").pushed_deleted == 4
    assert len(a.items()) == 6
    assert world.rows(t.holds) == []
    world.cycle("b")
    assert len(b.items()) == 10  # another binding's approval is its own


def test_r02_an_approval_outlives_a_cycle_that_could_not_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, _ = full_world(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    for n in range(4):
        world.phone_remove(f"t{n:03}")
    world.cycle("a")
    world.answer("a")
    broken = FaultyConnector(a.account, Script())
    monkeypatch.setattr(broken, "delete", _unavailable)
    with pytest.raises(Unavailable):
        world.cycle("a", broken)
    assert world.cycle("a").pushed_deleted == 4


def _unavailable(*_: object) -> None:
    raise Unavailable("503")


def test_r02_held_deletions_that_are_undone_are_held_no_more(tmp_path: Path) -> None:
    world, a, _ = full_world(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    gone = {n: a.items()[f"t{n:03}"] for n in range(4)}
    for n in gone:
        a.remove(f"t{n:03}")
    assert world.cycle("a").held == 4
    for item in gone.values():
        a.put(item)
    world.settle()
    assert world.rows(t.holds) == []
    assert len(world.hub()) == len(a.items()) == 10


def test_r02_an_emptied_collection_is_believed_after_approval(tmp_path: Path) -> None:
    world, a, _ = full_world(tmp_path)
    for n in range(5):
        a.remove(f"t{n:03}")
    forget_cursor(world, a)
    for _ in range(2):
        with pytest.raises(SuspectListing, match='held approve "a"'):
            world.cycle("a")
    (hold,) = world.rows(t.holds)
    assert (hold.side, hold.count) == ("hub", 5)
    assert "Task 0" in hold.samples
    assert world.answer("a") == 5
    assert world.cycle("a").pulled_deleted == 5
    assert world.rows(t.holds) == world.rows(t.hold_answers) == []


def test_r01_an_emptied_collection_is_not_believed_of_items_that_came_after_the_approval(tmp_path: Path) -> None:
    world, a, _ = full_world(tmp_path)
    empty = [Page((), "9", complete=True)]
    forget_cursor(world, a)
    with pytest.raises(SuspectListing):
        world.cycle("a", Listing(a.account, empty))
    world.answer("a")
    a.put(samples.task("late", "Late"))
    late = MemoryConnector(a.account).fetch(a.collection, [a.id_of("late")])
    with pytest.raises(Unavailable):  # a cycle that links one more item and does not finish
        world.cycle("a", Listing(a.account, [Page(list(late))], Unavailable("cut off")))
    with pytest.raises(SuspectListing):
        world.cycle("a", Listing(a.account, empty))
    assert len(world.hub()) == 6
    assert {hold.count for hold in world.rows(t.holds)} == {6}


def test_r02_an_approval_is_for_the_listed_deletions_and_not_for_later_ones(tmp_path: Path) -> None:
    world, a, _b = full_world(tmp_path, 20, Policy(brake_count=3, brake_percent=0))
    for n in range(5):
        a.remove(f"t{n:03}")
    assert world.cycle("a").held == 5
    assert world.answer("a") == 5
    for n in range(5, 15):
        a.remove(f"t{n:03}")
    counts = world.cycle("a")
    assert (counts.pulled_deleted, counts.held) == (5, 10)
    assert set(world.hub()) == {f"t{n:03}" for n in range(5, 20)}
    (hold,) = world.rows(t.holds)
    assert hold.count == 10
    assert world.cycle("a").held == 10
    assert len(world.hub()) == 15


def test_r02_an_approval_for_the_remote_is_for_the_listed_deletions_and_not_for_later_ones(tmp_path: Path) -> None:
    world, a, _ = full_world(tmp_path, 20, Policy(brake_count=3, brake_percent=0))
    for n in range(5):
        world.phone_remove(f"t{n:03}")
    assert world.cycle("a").held == 5
    assert world.answer("a") == 5
    for n in range(5, 15):
        world.phone_remove(f"t{n:03}")
    counts = world.cycle("a")
    assert (counts.pushed_deleted, counts.held) == (5, 10)
    assert set(a.items()) == {f"t{n:03}" for n in range(5, 20)}


def test_r02_refused_deletions_are_made_again_at_the_remote_once_under_their_uids(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    before = a.texts()
    for n in range(4):
        a.remove(f"t{n:03}")
    world.cycle("a")
    assert world.answer("a", "discard") == 4
    counts = world.cycle("a")
    assert (counts.pushed_new, counts.pulled_deleted, counts.held) == (4, 0, 0)
    assert {uid: item.record for uid, item in a.items().items()} == {
        uid: Item.read(text).record for uid, text in before.items()
    }
    assert world.rows(t.holds) == world.rows(t.hold_answers) == []
    assert world.settle() == 0
    assert len(world.hub()) == len(b.items()) == 10


def test_r01_a_refused_emptying_brings_all_back_and_what_was_never_gone_is_not_doubled(tmp_path: Path) -> None:
    world, a, _ = full_world(tmp_path)
    for n in range(3):
        a.remove(f"t{n:03}")
    lies = Listing(a.account, [Page((), "9", complete=True)])
    forget_cursor(world, a)
    with pytest.raises(SuspectListing):
        world.cycle("a", lies)
    world.answer("a", "discard")
    world.cycle("a", lies)
    world.settle()
    assert len(world.hub()) == len(a.items()) == 5
    assert world.rows(t.holds) == []


def test_r02_an_answer_in_the_middle_of_a_cycle_is_for_the_next_one(tmp_path: Path) -> None:
    world, _a, _ = full_world(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    for n in range(4):
        world.phone_remove(f"t{n:03}")
    world.phone_edit("t009", lambda text: text.replace("Task 9", "Other"))
    cycle = world.context("a")

    def answer(what: str, _count: int) -> None:
        if what == "writing":
            world.answer("a")

    cycle.progress = answer
    assert run_cycle(cycle).held == 4
    assert world.cycle("a").pushed_deleted == 4
