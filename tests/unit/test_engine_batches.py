"""Writes in batches, series in many steps, and items that are written in part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from connectors.memory import Account
from storage import tables as t
from sync_engine.errors import AccountError, ItemError, OutcomeUnknown, PartlyWritten, Rejected, Throttled
from sync_engine.item import Item
from sync_engine.ports import BatchWrites, ManySteps, RemoteRef, Write, Written
from tests import samples
from tests.faults import ReadingBack
from tests.world import Side, World


class Batching(ReadingBack):
    """Takes three writes at once."""

    most_writes = 3

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.sizes: list[int] = []
        self.breaks: dict[int, AccountError] = {}  # by the number of the write, from 0: raised instead of an answer
        self.answers: dict[int, ItemError | OutcomeUnknown] = {}
        self.count = 0

    def write(self, collection: str, writes: Sequence[Write]) -> Iterator[Written]:
        self.sizes.append(len(writes))
        for one in writes:
            number, self.count = self.count, self.count + 1
            if number in self.breaks:
                raise self.breaks.pop(number)
            if number in self.answers:
                yield self.answers.pop(number)
                continue
            try:
                yield self._one(collection, one)
            except (ItemError, OutcomeUnknown) as err:
                yield err

    def _one(self, collection: str, one: Write) -> RemoteRef | None:
        if one.ref is None:
            assert one.item is not None
            return self.create(collection, one.item, one.key)
        if one.item is None:
            self.delete(collection, one.ref)
            return None
        return self.update(collection, one.ref, one.item, one.base)


def _world(folder: Path) -> tuple[World, Side, Batching]:
    world = World.sqlite(folder)
    side = world.bind("a")
    connector = side.connector = Batching(side.account)
    assert isinstance(connector, BatchWrites)
    for n in range(7):
        world.phone_put(samples.event(f"e{n}"))
    return world, side, connector


def _states(world: World) -> list[str]:
    return sorted(row.state for row in world.rows(t.intents))


def test_writes_go_out_in_batches_of_the_size_that_the_system_takes(tmp_path: Path) -> None:
    world, side, connector = _world(tmp_path)
    world.cycle("a")
    assert connector.sizes == [3, 3, 1]
    assert set(side.items()) == {f"e{n}" for n in range(7)}
    for n in range(3):
        world.phone_edit(f"e{n}", lambda text: text.replace("Room 1", "Room 2"))
    world.phone_remove("e5")
    world.settle()
    assert connector.sizes[3:] == [3, 1]
    assert "e5" not in side.items()
    assert "Room 2" in side.texts()["e2"]


def test_r27_what_a_broken_off_batch_did_not_send_waits_for_the_next_cycle(tmp_path: Path) -> None:
    world, side, connector = _world(tmp_path)
    connector.breaks[4] = Throttled("Too many requests.", retry_after=60)
    with pytest.raises(Throttled):
        world.cycle("a")
    assert len(side.items()) == 4
    assert _states(world) == ["ready"] * 3  # not "sent": nobody needs to look for them
    world.settle()
    assert len(side.items()) == 7


def test_r06_a_batch_that_broke_off_in_doubt_is_settled_by_a_read(tmp_path: Path) -> None:
    world, side, connector = _world(tmp_path)
    connector.breaks[4] = OutcomeUnknown("The connection broke.")
    with pytest.raises(OutcomeUnknown):
        world.cycle("a")
    assert _states(world) == ["ready", "sent", "sent"]
    world.settle()
    assert connector.script.calls.count("find") == 2
    assert len(side.items()) == 7


def test_r09_one_refused_write_of_a_batch_holds_up_nobody(tmp_path: Path) -> None:
    world, side, connector = _world(tmp_path)
    connector.answers[1] = Rejected("The server refused the item.", server_said="ErrorInvalidProperty")
    world.cycle("a")
    assert len(side.items()) == 6
    assert [entry.server_said for entry in world.rows(t.quarantine)] == ["ErrorInvalidProperty"]


def test_three_lost_answers_in_a_row_end_the_cycle(tmp_path: Path) -> None:
    world, side, connector = _world(tmp_path)
    connector.answers |= {n: OutcomeUnknown("No answer.") for n in range(3)}
    with pytest.raises(OutcomeUnknown):
        world.cycle("a")
    assert connector.sizes == [3]
    assert _states(world) == ["ready"] * 4 + ["sent"] * 3
    world.settle()
    assert len(side.items()) == 7


# ---------------------------------------------------------------- in many steps, and in part


class Stepping(Batching):
    """Writes the times of a series first, and the rest of it later; both steps are in the text."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.stops = False
        self.finished: list[str] = []

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        if not self.stops:
            return super().update(collection, ref, item, base)
        super().update(collection, ref, Item.read(item.text.replace("Bring coffee", "(not yet)")), base)
        raise OutcomeUnknown("The second step could not be made.")

    def finish(self, collection: str, ref: RemoteRef | None, item: Item, key: str) -> None:
        del key
        self.finished.append(item.uid)
        found = next(iter(self.inner.fetch(collection, [ref.id] if ref else [])), None)
        if found is not None and "(not yet)" in getattr(found, "item", item).text:
            assert isinstance(found.ref, RemoteRef)  # type: ignore[union-attr]
            super().update(collection, found.ref, item, None)  # type: ignore[union-attr]


def test_r05_a_series_that_was_written_by_half_is_finished_before_anything_is_read_from_it(tmp_path: Path) -> None:
    world, side, _ = _world(tmp_path)
    world.settle()
    connector = side.connector = Stepping(side.account)
    assert isinstance(connector, ManySteps)
    connector.stops = True
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    world.cycle("a")
    assert "(not yet)" in side.texts()["e1"]
    connector.stops = False
    world.settle()
    assert connector.finished == ["e1"]
    assert {"Room 2", "Bring coffee"} <= {w for w in ("Room 2", "Bring coffee") if w in side.texts()["e1"]}
    assert {"Room 2", "Bring coffee"} <= {w for w in ("Room 2", "Bring coffee") if w in world.hub()["e1"].text}
    assert world.rows(t.conflicts) == []


class Refusing(Batching):
    """Takes an item without its description."""

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        kept = Item.read(item.text.replace("Bring coffee", ""))
        written = super().update(collection, ref, kept, base)
        raise PartlyWritten("The description is refused.", remote_id=written.id, version=written.version)


def test_what_was_written_in_part_stays_whole_in_the_hub_and_is_told(tmp_path: Path) -> None:
    world, side, _ = _world(tmp_path)
    world.settle()
    side.connector = Refusing(side.account)
    world.phone_edit("e1", lambda text: text.replace("Room 1", "Room 2"))
    world.cycle("a")
    assert [(e.message, e.title) for e in world.rows(t.quarantine)] == [("The description is refused.", "Stand-up")]
    world.settle()
    assert "Bring coffee" not in side.texts()["e1"]
    side.edit("e1", lambda text: text.replace("Room 2", "Room 3"))
    world.settle()
    assert {"Room 3", "Bring coffee"} <= {w for w in ("Room 3", "Bring coffee") if w in world.hub()["e1"].text}
