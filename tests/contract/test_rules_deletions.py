"""Deletions: R01, R02, R03, R04, R08, R22 of the rules of sync."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors.memory import Account, MemoryConnector
from storage import tables as t
from sync_engine.cycle import run_cycle
from sync_engine.errors import SuspectListing, Unavailable, Unreadable
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, Cursor, KnownVersions, Page, Policy, RemoteRef, Removed
from tests import samples
from tests.faults import FaultyConnector, Script
from tests.world import Side, World


class _Listing(MemoryConnector):
    """Lists what it is told, and answers direct questions truthfully."""

    def __init__(self, account: Account, pages: list[Page], error: Exception | None = None) -> None:
        super().__init__(account)
        self.pages, self.error = pages, error

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        yield from self.pages
        if self.error:
            raise self.error


def _full(folder: Path, count: int = 5, policy: Policy | None = None) -> tuple[World, Side, Side]:
    world = World.new(folder)
    a, b = world.bind("a", policy), world.bind("b", policy)
    for n in range(count):
        a.put(samples.task(f"t{n:03}", f"Task {n}"))
    world.settle()
    return world, a, b


def _forget_cursor(world: World, side: Side) -> None:
    with world.database.engine.begin() as connection:
        connection.execute(update(t.bindings).where(t.bindings.c.id == side.binding_id).values(cursor=None))


def _cursor(world: World, side: Side) -> str | None:
    with world.database.read() as uow:
        return uow.binding(side.binding_id).cursor


# ---------------------------------------------------------------- R01


@pytest.mark.parametrize(
    ("pages", "error"),
    [
        ([], None),
        ([Page((), "9", complete=True)], None),
        ([Page((), "9")], None),
        ([], Unavailable("502 bad gateway")),
        ([Page(())], SuspectListing("cut off (507)")),
    ],
)
def test_r01_a_listing_that_cannot_be_true_deletes_nothing_and_keeps_the_cursor(
    tmp_path: Path, pages: list[Page], error: Exception | None
) -> None:
    world, a, b = _full(tmp_path)
    _forget_cursor(world, a)
    for _ in range(3):
        with pytest.raises((SuspectListing, Unavailable)):
            world.cycle("a", _Listing(a.account, pages, error))
        world.cycle("b")
    assert _cursor(world, a) is None
    assert len(world.hub()) == len(a.items()) == len(b.items()) == 5


def test_r01_a_listing_that_leaves_items_out_deletes_nothing_that_is_still_there(tmp_path: Path) -> None:
    world, a, b = _full(tmp_path)
    _forget_cursor(world, a)
    world.clock.pass_time(days=1)
    one = MemoryConnector(a.account).fetch(a.collection, [a.id_of("t000")])
    world.cycle("a", _Listing(a.account, [Page(list(one), "9", complete=True)]))
    world.cycle("b")
    assert len(world.hub()) == len(a.items()) == len(b.items()) == 5


@pytest.mark.parametrize("error", [None, Unavailable("cut off")])
def test_r01_a_listing_that_breaks_off_half_way_notes_no_deletion(tmp_path: Path, error: Exception | None) -> None:
    world, a, _ = _full(tmp_path)
    a.remove("t004")
    _forget_cursor(world, a)
    world.clock.pass_time(days=1)
    some = MemoryConnector(a.account).fetch(a.collection, [a.id_of("t000"), a.id_of("t001")])
    with pytest.raises((SuspectListing, Unavailable)):
        world.cycle("a", _Listing(a.account, [Page(list(some), "9")], error))
    assert _cursor(world, a) is None
    assert {row.state for row in world.rows(t.links)} == {"live"}
    assert len(world.hub()) == 5
    assert world.cycle("a").pulled_deleted == 1


def test_r01_an_item_that_is_there_but_unreadable_is_not_deleted_nor_reported_again_and_again(tmp_path: Path) -> None:
    world, a, b = _full(tmp_path)
    _forget_cursor(world, a)
    world.clock.pass_time(days=1)
    broken = _BrokenThere(a.account, a.id_of("t000"))
    for _ in range(3):
        world.cycle("a", broken)
    world.cycle("b")
    assert len(world.hub()) == len(b.items()) == 5
    assert [row.tries for row in world.rows(t.quarantine)] == [1]
    assert {row.state for row in world.rows(t.links)} == {"live"}


class _BrokenThere(MemoryConnector):
    """One item is not listed at first, and can be asked for, but not read."""

    def __init__(self, account: Account, broken: str) -> None:
        super().__init__(account)
        self.broken = broken

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in super().changes(collection, since, known):
            yield replace(page, changes=[c for c in page.changes if isinstance(c, Removed) or c.ref.id != self.broken])

    def fetch(self, collection: str, ids: list[str]) -> Iterator[Changed | Removed | Broken]:  # type: ignore[override]
        yield from (Broken(RemoteRef(i, "v"), "BEGIN:garbage", Unreadable("no END")) for i in ids)


# ---------------------------------------------------------------- R02


@pytest.mark.parametrize("policy", [Policy(brake_count=3, brake_percent=0), Policy(brake_count=0, brake_percent=30)])
def test_r02_as_many_deletions_as_allowed_pass_at_once(tmp_path: Path, policy: Policy) -> None:
    world, a, b = _full(tmp_path, 10, policy)
    for n in range(3):
        a.remove(f"t{n:03}")
    world.settle()
    assert len(world.hub()) == len(b.items()) == 7
    assert world.rows(t.holds) == []


@pytest.mark.parametrize("policy", [Policy(brake_count=3, brake_percent=0), Policy(brake_count=0, brake_percent=30)])
def test_r02_one_more_deletion_at_the_remote_is_held_whole_until_approved_once(tmp_path: Path, policy: Policy) -> None:
    world, a, b = _full(tmp_path, 10, policy)
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
    world, a, b = _full(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
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


def test_r02_an_approval_outlives_a_cycle_that_could_not_finish(tmp_path: Path) -> None:
    world, a, _ = _full(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    for n in range(4):
        world.phone_remove(f"t{n:03}")
    world.cycle("a")
    world.answer("a")
    broken = FaultyConnector(a.account, Script())
    broken.delete = _unavailable  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.cycle("a", broken)  # type: ignore[arg-type]
    assert world.cycle("a").pushed_deleted == 4


def _unavailable(*_: object) -> None:
    raise Unavailable("503")


def test_r02_held_deletions_that_are_undone_are_held_no_more(tmp_path: Path) -> None:
    world, a, _ = _full(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
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
    world, a, _ = _full(tmp_path)
    for n in range(5):
        a.remove(f"t{n:03}")
    _forget_cursor(world, a)
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
    world, a, _ = _full(tmp_path)
    empty = [Page((), "9", complete=True)]
    _forget_cursor(world, a)
    with pytest.raises(SuspectListing):
        world.cycle("a", _Listing(a.account, empty))
    world.answer("a")
    a.put(samples.task("late", "Late"))
    late = MemoryConnector(a.account).fetch(a.collection, [a.id_of("late")])
    with pytest.raises(Unavailable):  # a cycle that links one more item and does not finish
        world.cycle("a", _Listing(a.account, [Page(list(late))], Unavailable("cut off")))
    with pytest.raises(SuspectListing):
        world.cycle("a", _Listing(a.account, empty))
    assert len(world.hub()) == 6
    assert {hold.count for hold in world.rows(t.holds)} == {6}


def test_r02_an_approval_is_for_the_listed_deletions_and_not_for_later_ones(tmp_path: Path) -> None:
    world, a, _b = _full(tmp_path, 20, Policy(brake_count=3, brake_percent=0))
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
    world, a, _ = _full(tmp_path, 20, Policy(brake_count=3, brake_percent=0))
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
    world, a, b = _full(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
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
    world, a, _ = _full(tmp_path)
    for n in range(3):
        a.remove(f"t{n:03}")
    lies = _Listing(a.account, [Page((), "9", complete=True)])
    _forget_cursor(world, a)
    with pytest.raises(SuspectListing):
        world.cycle("a", lies)
    world.answer("a", "discard")
    world.cycle("a", lies)
    world.settle()
    assert len(world.hub()) == len(a.items()) == 5
    assert world.rows(t.holds) == []


def test_r02_an_answer_in_the_middle_of_a_cycle_is_for_the_next_one(tmp_path: Path) -> None:
    world, _a, _ = _full(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    for n in range(4):
        world.phone_remove(f"t{n:03}")
    world.phone_edit("t009", lambda text: text.replace("Task 9", "Other"))
    cycle = world.context("a")
    cycle.progress = lambda what, _n: what == "writing" and world.answer("a")
    assert run_cycle(cycle).held == 4
    assert world.cycle("a").pushed_deleted == 4


# ---------------------------------------------------------------- R03


def test_r03_a_deletion_can_be_taken_back_everywhere_under_the_same_uid(tmp_path: Path) -> None:
    world, a, b = _full(tmp_path)
    text = world.hub()["t001"].text
    a.remove("t001")
    world.settle()
    assert "t001" not in world.hub()
    assert "t001" not in b.items()
    kept = [row.text for row in world.rows(t.revisions) if row.role == "deleted"]
    assert kept == [text]
    world.phone_put(Item.read(kept[0]))
    world.settle()
    assert world.hub()["t001"].text == text
    assert a.items()["t001"].record == b.items()["t001"].record == Item.read(text).record


# ---------------------------------------------------------------- R04


def test_r04_an_expired_cursor_lists_once_finds_the_gap_and_writes_nothing_else(tmp_path: Path) -> None:
    world, a, b = _full(tmp_path, 8)
    a.remove("t000")
    a.put(samples.task("new", "New"))
    a.edit("t001", lambda text: text.replace("Task 1", "Other"))
    a.account.expire_cursors(a.collection)
    world.clock.pass_time(days=1)
    counts = world.cycle("a")
    done = (counts.pulled_new, counts.pulled_changed, counts.pulled_deleted)
    assert (done, counts.changes) == ((1, 1, 1), 3)
    assert any("expired" in note for note in counts.notes)
    world.settle()
    assert set(world.hub()) == set(b.items()) == set(a.items())
    assert world.cycle("a").notes == []


def test_r04_deletions_found_by_a_full_list_are_under_the_brake(tmp_path: Path) -> None:
    world, a, _ = _full(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
    for n in range(4):
        a.remove(f"t{n:03}")
    a.account.expire_cursors(a.collection)
    world.clock.pass_time(days=1)
    assert world.cycle("a").held == 4
    assert len(world.hub()) == 10


# ---------------------------------------------------------------- R08


@pytest.mark.parametrize("edited", ["a", "b"])
def test_r08_edited_at_one_remote_and_deleted_at_the_other_survives_and_is_back_once(
    tmp_path: Path, edited: str
) -> None:
    world, a, b = _full(tmp_path)
    editing, deleting = (a, b) if edited == "a" else (b, a)
    editing.edit("t001", lambda text: text.replace("Task 1", "Edited"))
    deleting.remove("t001")
    assert world.settle() <= 2
    assert "Edited" in a.texts()["t001"]
    assert "Edited" in b.texts()["t001"]
    assert len(world.hub()) == 5


def test_r08_edited_at_the_remote_and_deleted_in_the_hub_survives(tmp_path: Path) -> None:
    world, a, b = _full(tmp_path)
    a.edit("t001", lambda text: text.replace("Task 1", "Edited"))
    world.phone_remove("t001")
    assert world.settle() <= 2
    for side in (a, b):
        assert "Edited" in side.texts()["t001"]


def test_r08_edited_in_the_hub_and_deleted_at_the_remote_survives(tmp_path: Path) -> None:
    world, a, b = _full(tmp_path)
    world.phone_edit("t001", lambda text: text.replace("Task 1", "Edited"))
    a.remove("t001")
    assert world.settle() <= 2
    for side in (a, b):
        assert "Edited" in side.texts()["t001"]


def test_r08_deleted_on_both_sides_is_gone_and_forgotten(tmp_path: Path) -> None:
    world, a, b = _full(tmp_path)
    world.phone_remove("t001")
    a.remove("t001")
    counts = world.cycle("a")
    assert counts.changes == 0  # nothing was done: it was gone on both sides (R25)
    world.settle()
    assert "t001" not in {**world.hub(), **a.items(), **b.items()}
    assert len(world.rows(t.links)) == 8
    assert world.rows(t.intents) == []


# ---------------------------------------------------------------- R22


def test_r22_our_new_item_missing_from_a_listing_is_not_a_deletion(tmp_path: Path) -> None:
    world, a, _ = _full(tmp_path)
    world.phone_put(samples.task("mine", "Mine"))
    world.cycle("a")
    hiding = _Hiding(a.account, f"{a.collection}mine")
    _forget_cursor(world, a)
    world.cycle("a", hiding)
    assert hiding.asked == []
    world.clock.pass_time(hours=1)
    world.cycle("a", hiding)
    assert hiding.asked == [f"{a.collection}mine"]
    assert "mine" in world.hub()
    assert "mine" in a.items()


def test_r22_after_the_settle_time_a_direct_no_is_believed(tmp_path: Path) -> None:
    world, a, _ = _full(tmp_path)
    world.phone_put(samples.task("mine", "Mine"))
    world.cycle("a")
    a.remove("mine")
    _forget_cursor(world, a)
    world.cycle("a")
    assert "mine" in world.hub()
    world.clock.pass_time(hours=1)
    world.cycle("a")
    assert "mine" not in world.hub()
    assert "mine" not in a.items()


class _Hiding(MemoryConnector):
    """Its listings do not show one item yet."""

    def __init__(self, account: Account, hidden: str) -> None:
        super().__init__(account)
        self.hidden = hidden
        self.asked: list[str] = []

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in super().changes(collection, since, known):
            yield replace(page, changes=[c for c in page.changes if isinstance(c, Removed) or c.ref.id != self.hidden])

    def fetch(self, collection: str, ids: list[str]) -> Iterator[Changed | Removed | Broken]:  # type: ignore[override]
        self.asked += ids
        return super().fetch(collection, ids)
