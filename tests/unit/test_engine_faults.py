"""The N-th call fails, on a real database; then the program runs again (SYNC.md R05, R06).

Every N and every way to fail, over many scripts and remotes, is in `test_engine_every_call`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.memory import Unkind
from storage import tables as t
from storage.errors import StoreError
from sync_engine.cycle import run_cycle
from sync_engine.errors import AccountError
from tests import samples
from tests.faults import Crash, Fault, FaultyConnector, FaultyStore, Joining, ReadingBack, Script, applies
from tests.world import World

pytestmark = pytest.mark.slow

MOODS: dict[str, Unkind] = {
    "kind": Unkind(),
    "hashes for versions": Unkind(no_versions=True),
    "writes without an answer": Unkind(quiet_writes=True),
    "small pages": Unkind(page_size=1),
}


def _prepared(folder: Path, mood: Unkind) -> World:
    """Both sides in step, then one of each kind of change on each side."""
    world = World.sqlite(folder)
    side, _ = world.bind("a"), world.bind("b")
    side.account.unkind = mood
    for uid in ("edit-there", "edit-here", "edit-both", "drop-there", "drop-here", "keep"):
        side.put(samples.event(uid, summary=uid))
    world.settle()
    side.put(samples.event("new-there"))
    world.phone_put(samples.card("new-here"))
    side.edit("edit-there", lambda text: text.replace("Room 1", "Room 2"))
    world.phone_edit("edit-here", lambda text: text.replace("Room 1", "Room 3"))
    side.edit("edit-both", lambda text: text.replace("Room 1", "Room 4"))
    world.phone_edit("edit-both", lambda text: text.replace("Bring coffee", "Bring tea"))
    side.remove("drop-there")
    world.phone_remove("drop-here")
    return world


def _one_cycle(world: World, script: Script, connector: type[FaultyConnector] = FaultyConnector) -> None:
    cycle = world.context("a", connector(world.sides["a"].account, script))
    cycle.store = FaultyStore(world.database, script)
    try:
        run_cycle(cycle)
    except (Crash, AccountError, StoreError):
        assert script.fault is not None


def _check(world: World) -> None:
    wanted = {"edit-there", "edit-here", "edit-both", "keep", "new-there", "new-here"}
    hub = {uid: item.record for uid, item in world.hub().items()}
    assert set(hub) == wanted
    for side in world.sides.values():
        assert {uid: item.record for uid, item in side.items().items()} == hub
    text = world.hub()["edit-both"].text
    assert "Room 4" in text
    assert "Bring tea" in text
    assert "Room 2" in world.hub()["edit-there"].text
    assert "Room 3" in world.hub()["edit-here"].text
    for table in (t.conflicts, t.quarantine, t.intents, t.holds):
        assert world.rows(table) == []


def _calls(folder: Path, mood: Unkind, connector: type[FaultyConnector]) -> list[str]:
    script = Script()
    _one_cycle(_prepared(folder, mood), script, connector)
    return script.calls


def _all_calls(folder: Path, mood: Unkind, fault: Fault, connector: type[FaultyConnector]) -> None:
    (folder / "calls").mkdir()
    for n, name in enumerate(_calls(folder / "calls", mood, connector)):
        if applies(fault, name):
            (folder / str(n)).mkdir()
            _one_call(folder / str(n), mood, Script(fault, n), connector)


def _one_call(folder: Path, mood: Unkind, script: Script, connector: type[FaultyConnector]) -> None:
    world = _prepared(folder, mood)
    _one_cycle(world, script, connector)
    try:
        assert len(script.calls) > script.at
        world.settle()
        _check(world)
    except AssertionError as err:
        raise AssertionError(f"{script.fault} at call {script.at} of {script.calls}: {err}") from err
    finally:
        world.database.dispose()


_TELLING = (Fault.CRASH_AFTER, Fault.LOST_ANSWER)
_CASES = [
    (mood, fault)
    for mood in MOODS
    for fault in Fault
    if mood == "kind" or fault in _TELLING or "LONG" in os.environ  # a minute more
]


@pytest.mark.parametrize(("mood", "fault"), _CASES)
def test_r05_r06_any_call_may_fail_and_exactly_one_copy_of_each_item_is_everywhere(
    tmp_path: Path, mood: str, fault: Fault
) -> None:
    _all_calls(tmp_path, MOODS[mood], fault, FaultyConnector)


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_r05_changes_and_their_cursor_are_stored_together_or_not_at_all(tmp_path: Path, fault: Fault) -> None:
    _all_calls(tmp_path, Unkind(), fault, Joining)


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.UNAVAILABLE])
def test_r05_a_crash_around_reading_back(tmp_path: Path, fault: Fault) -> None:
    _all_calls(tmp_path, Unkind(quiet_writes=True), fault, ReadingBack)
