"""Deletions: R01, R03, R04, R08, R22 of the rules of sync. What the brake holds (R02): test_rules_brake.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Account, MemoryConnector
from storage import tables as t
from sync_engine.errors import SuspectListing, Unavailable, Unreadable
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, Cursor, KnownVersions, Page, Policy, RemoteRef, Removed
from tests import samples
from tests.contract.listings import Listing, forget_cursor, full_world
from tests.world import Side, World


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
    world, a, b = full_world(tmp_path)
    forget_cursor(world, a)
    for _ in range(3):
        with pytest.raises((SuspectListing, Unavailable)):
            world.cycle("a", Listing(a.account, pages, error))
        world.cycle("b")
    assert _cursor(world, a) is None
    assert len(world.hub()) == len(a.items()) == len(b.items()) == 5


def test_r01_a_listing_that_leaves_items_out_deletes_nothing_that_is_still_there(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path)
    forget_cursor(world, a)
    world.clock.pass_time(days=1)
    one = MemoryConnector(a.account).fetch(a.collection, [a.id_of("t000")])
    world.cycle("a", Listing(a.account, [Page(list(one), "9", complete=True)]))
    world.cycle("b")
    assert len(world.hub()) == len(a.items()) == len(b.items()) == 5


@pytest.mark.parametrize("error", [None, Unavailable("cut off")])
def test_r01_a_listing_that_breaks_off_half_way_notes_no_deletion(tmp_path: Path, error: Exception | None) -> None:
    world, a, _ = full_world(tmp_path)
    a.remove("t004")
    forget_cursor(world, a)
    world.clock.pass_time(days=1)
    some = MemoryConnector(a.account).fetch(a.collection, [a.id_of("t000"), a.id_of("t001")])
    with pytest.raises((SuspectListing, Unavailable)):
        world.cycle("a", Listing(a.account, [Page(list(some), "9")], error))
    assert _cursor(world, a) is None
    assert {row.state for row in world.rows(t.links)} == {"live"}
    assert len(world.hub()) == 5
    assert world.cycle("a").pulled_deleted == 1


def test_r01_an_item_that_is_there_but_unreadable_is_not_deleted_nor_reported_again_and_again(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path)
    forget_cursor(world, a)
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

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from (Broken(RemoteRef(i, "v"), "BEGIN:garbage", Unreadable("no END")) for i in ids)


# ---------------------------------------------------------------- R03


def test_r03_a_deletion_can_be_taken_back_everywhere_under_the_same_uid(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path)
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
    world, a, b = full_world(tmp_path, 8)
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
    world, a, _ = full_world(tmp_path, 10, Policy(brake_count=3, brake_percent=0))
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
    world, a, b = full_world(tmp_path)
    editing, deleting = (a, b) if edited == "a" else (b, a)
    editing.edit("t001", lambda text: text.replace("Task 1", "Edited"))
    deleting.remove("t001")
    assert world.settle() <= 2
    assert "Edited" in a.texts()["t001"]
    assert "Edited" in b.texts()["t001"]
    assert len(world.hub()) == 5


def test_r08_edited_at_the_remote_and_deleted_in_the_hub_survives(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path)
    a.edit("t001", lambda text: text.replace("Task 1", "Edited"))
    world.phone_remove("t001")
    assert world.settle() <= 2
    for side in (a, b):
        assert "Edited" in side.texts()["t001"]


def test_r08_edited_in_the_hub_and_deleted_at_the_remote_survives(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path)
    world.phone_edit("t001", lambda text: text.replace("Task 1", "Edited"))
    a.remove("t001")
    assert world.settle() <= 2
    for side in (a, b):
        assert "Edited" in side.texts()["t001"]


def test_r08_deleted_on_both_sides_is_gone_and_forgotten(tmp_path: Path) -> None:
    world, a, b = full_world(tmp_path)
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
    world, a, _ = full_world(tmp_path)
    world.phone_put(samples.task("mine", "Mine"))
    world.cycle("a")
    hiding = _Hiding(a.account, f"{a.collection}mine")
    forget_cursor(world, a)
    world.cycle("a", hiding)
    assert hiding.asked == []
    world.clock.pass_time(hours=1)
    world.cycle("a", hiding)
    assert hiding.asked == [f"{a.collection}mine"]
    assert "mine" in world.hub()
    assert "mine" in a.items()


def test_r22_after_the_settle_time_a_direct_no_is_believed(tmp_path: Path) -> None:
    world, a, _ = full_world(tmp_path)
    world.phone_put(samples.task("mine", "Mine"))
    world.cycle("a")
    a.remove("mine")
    forget_cursor(world, a)
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

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        self.asked += ids
        return super().fetch(collection, ids)


class _GarbledThere(MemoryConnector):
    """One item is told as something that cannot be read."""

    garbled = ""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in super().changes(collection, since, known):
            yield replace(page, changes=[self._told(change) for change in page.changes])

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from (self._told(answer) for answer in super().fetch(collection, ids))

    def _told(self, change: Any) -> Any:
        if not isinstance(change, Changed) or change.ref.id != self.garbled:
            return change
        return Broken(change.ref, change.item.text.replace("UID:t0", "UID;X-A=b:t\r\n 0"), Unreadable("no END"))


@pytest.mark.parametrize("edited", [False, True], ids=["as agreed", "edited in the hub"])
def test_r01_r08_what_has_moved_and_cannot_be_read_there_is_neither_gone_nor_made_again(
    tmp_path: Path, edited: bool
) -> None:
    world, a, b = full_world(tmp_path)
    a.connector = _GarbledThere(a.account)
    a.connector.garbled = "/work/elsewhere"
    item = a.items()["t000"]
    a.remove("t000")
    a.put(item, "/work/elsewhere")
    if edited:
        world.phone_edit("t000", lambda text: text.replace("Task 0", "Task zero"))
    world.cycle("a")
    world.clock.pass_time(days=1)
    world.settle()
    assert set(world.hub()) == set(a.items()) == set(b.items())
    assert len(a.account.items(a.collection)) == len(world.hub()) == 5
    assert [row.remote_id for row in world.rows(t.quarantine)] == ["/work/elsewhere"]
    a.connector.garbled = ""
    a.edit("t000", lambda text: text.replace("STATUS", "X-SEEN:1\r\nSTATUS"))
    world.settle()
    assert "X-SEEN:1" in world.hub()["t000"].text
    assert a.texts()["t000"].count("Task zero") == b.texts()["t000"].count("Task zero") == edited
    assert set(world.hub()) == set(a.items()) == set(b.items())
    assert world.rows(t.quarantine) == []
