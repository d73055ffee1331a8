"""When the hub's own store fails: short pauses, a quick return, and no account is blamed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from agendahub.board import Board
from agendahub.failure import StoreTrouble
from agendahub.outcome import Outcome, Result
from agendahub.waiting import LONGEST_STORE_PAUSE, pause_after
from agendahub.work import times_of
from config import BindingSettings
from storage import schema
from storage.admin_config import note_times
from sync_engine.errors import Unavailable
from tests.databases import hub_in

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FULL = Outcome(Result.FAILED, NOW, NOW, error=StoreTrouble("The disk is full."))
DOWN = Outcome(Result.FAILED, NOW, NOW, error=Unavailable("The server is down."))
OK = Outcome(Result.OK, NOW, NOW)


def board_with(**outcomes: Outcome) -> Board:
    board = Board()
    names = [BindingSettings(name=n, account="a", remote=f"/{n}/", collection="C", kinds=("event",)) for n in outcomes]
    board.set_bindings(names, 0, 1000)
    for slot in board.take_due(0):
        board.finish(slot, outcomes[slot.settings.name], 300)
    return board


def test_pauses_after_our_own_store_failed_are_short() -> None:
    assert pause_after(FULL.error, 1, 300) <= 1
    assert LONGEST_STORE_PAUSE / 2 <= pause_after(FULL.error, 50, 300) <= LONGEST_STORE_PAUSE


def test_a_store_that_is_back_hurries_those_that_it_held_up_and_no_others() -> None:
    board = board_with(ours=FULL, theirs=DOWN, well=OK)
    board.hurry_store(5)
    assert [slot.settings.name for slot in board.take_due(5)] == ["ours"]


def test_a_store_that_failed_once_pauses_briefly_after_many_failures_of_the_server() -> None:
    board = board_with(one=DOWN)
    (slot,) = board.take_due(300)
    for outcome in (DOWN, DOWN, DOWN, FULL):
        board.finish(slot, outcome, 300)
    assert (slot.failures, slot.store_failures) == (4, 1)
    board.hurry_store(5)
    assert (slot.failures, slot.store_failures, slot.due) == (4, 0, 5), "not called well before a cycle was (R25)"
    board.finish(slot, OK, 300)
    assert (slot.failures, slot.store_failures) == (0, 0)


def test_what_the_store_said_is_told_once_and_until_a_cycle_went_well() -> None:
    board = board_with(one=FULL, two=FULL, three=DOWN)
    assert board.store_troubles() == ["The disk is full."]
    for slot in board.take_due(300):
        board.finish(slot, OK, 600)
    assert board.store_troubles() == []


def test_a_cycle_that_was_stopped_with_nothing_to_note_is_no_error(tmp_path: Path) -> None:
    """Found by `make torture` (SIGTERM in a cycle): UPDATE bindings SET WHERE."""
    stopped = Outcome(Result.STOPPED, NOW, NOW)
    assert times_of(stopped) == {}
    schema.upgrade(url := f"sqlite:///{tmp_path / 'hub.db'}")
    with hub_in(url) as hub, hub.database.begin() as unit:
        note_times(unit.session.connection, {hub.binding: times_of(stopped)})
