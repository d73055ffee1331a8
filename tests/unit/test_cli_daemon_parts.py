"""The parts of the daemon that decide: what is due, how long to wait, how a binding is told to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agendahub.board import Board
from agendahub.calendar_file import calendars
from agendahub.connections import Connections
from agendahub.health import health_of
from agendahub.outcome import Outcome, Result
from agendahub.status_page import page
from agendahub.waiting import GONE_PAUSE, LONGEST_PAUSE, SIGN_IN_PAUSE, mailbox_pause, pause_after
from config import AccountSettings, BindingSettings, Settings
from storage.admin_lists import BindingRow
from sync_engine.errors import CollectionGone, NotAuthorised, Throttled, Unavailable

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
OK = Outcome(Result.OK, NOW, NOW)
FAILED = Outcome(Result.FAILED, NOW, NOW, error=Unavailable("down"))


def binding(name: str = "b", **more: Any) -> BindingSettings:
    values = {"account": "a", "remote": f"/{name}/", "collection": "C", "kinds": ("event",), **more}
    return BindingSettings(name=name, **values)


def row(**more: Any) -> BindingRow:
    values: dict[str, Any] = dict.fromkeys(BindingRow.__dataclass_fields__, 0)
    values |= dict.fromkeys(("last_started_at", "last_ok_at", "last_change_in_at", "last_change_out_at"))
    values |= {"name": "b", "account": "a", "account_state": "ok", "account_detail": "", "last_error": ""}
    return BindingRow(**{**values, **more})


# ---------------------------------------------------------------- pauses


def test_pauses_follow_the_kind_of_error() -> None:
    assert 90 <= pause_after(None, 0, 100) <= 110
    assert pause_after(Throttled("", retry_after=1234), 1, 100) == 1234
    assert pause_after(NotAuthorised(""), 1, 100) == SIGN_IN_PAUSE
    assert pause_after(CollectionGone(""), 1, 100) == GONE_PAUSE
    assert mailbox_pause(CollectionGone(""), 1, 100) == LONGEST_PAUSE
    assert mailbox_pause(NotAuthorised(""), 1, 100) == SIGN_IN_PAUSE


def test_pauses_grow_with_jitter_and_stay_below_a_few_minutes() -> None:
    first = [pause_after(Unavailable(""), 1, 100) for _ in range(50)]
    assert 5 <= min(first) < max(first) <= 10
    assert all(pause_after(Unavailable(""), n, 100) <= LONGEST_PAUSE for n in (10, 100, 10_000))
    assert pause_after(Unavailable(""), 10, 100) >= LONGEST_PAUSE / 2


# ---------------------------------------------------------------- the board


def test_new_and_changed_bindings_are_due_at_once_and_unchanged_ones_keep_their_time() -> None:
    board = Board()
    board.set_bindings([binding("x"), binding("y")], 0, 100)
    for slot in board.take_due(0):
        board.finish(slot, OK, 50)
    changed = board.set_bindings([binding("x"), binding("y", direction="in"), binding("z")], 10, 100)
    assert changed == {"y"}
    assert [slot.settings.name for slot in board.take_due(10)] == ["y", "z"]
    assert board.set_bindings([], 10, 100) == {"x", "y", "z"}


def test_running_and_paused_bindings_are_not_due() -> None:
    board = Board()
    board.set_bindings([binding("x"), binding("y", paused=True)], 0, 100)
    (slot,) = board.take_due(0)
    slot.running = True
    assert board.take_due(0) == []
    board.set_bindings([binding("x", prefer="remote")], 1, 100)
    assert board.take_due(1) == [], "the old cycle still runs"
    board.finish(slot, OK, 50)
    assert len(board.take_due(1)) == 1


def test_a_change_in_the_hub_hurries_all_but_those_that_failed() -> None:
    board = Board()
    board.set_bindings([binding("x"), binding("y")], 0, 100)
    for number, slot in enumerate(board.take_due(0)):
        slot.id = number
        board.finish(slot, FAILED if number else OK, 50)
    board.hurry([0, 1], 10)
    assert [slot.settings.name for slot in board.take_due(10)] == ["x"]
    board.hurry([1], 10, even_failed=True)
    assert [slot.settings.name for slot in board.take_due(10)] == ["x", "y"]


def test_only_what_finished_well_and_is_not_written_yet_is_flushed() -> None:
    board = Board()
    board.set_bindings([binding("x"), binding("y")], 0, 100)
    first, second = board.take_due(0)
    first.id, second.id = 1, 2
    board.finish(first, OK, 50)
    board.finish(second, FAILED, 50)
    assert [slot.id for slot, _at in board.unflushed()] == [1]
    first.flushed_at = NOW
    assert board.unflushed() == []


# ---------------------------------------------------------------- connectors


class Plug:
    """Counts what is open; stands for a connector here because only opening and closing matters."""

    open = 0

    def __init__(self) -> None:
        Plug.open += 1

    def close(self) -> None:
        Plug.open -= 1


def test_connectors_are_kept_bounded_and_renewed_when_the_account_changes() -> None:
    Plug.open = 0
    account = AccountSettings(name="a", url="https://x.example", connections=2)
    connections = Connections(lambda _account: Plug())  # type: ignore[arg-type, return-value]
    first, second = connections.lend(account), connections.lend(account)
    assert not connections.free(account)
    connections.take_back(account, first, keep=True)
    assert connections.lend(account) is first
    connections.take_back(account, first, keep=True)
    other = account.model_copy(update={"url": "https://y.example"})
    assert connections.lend(other) is not first
    connections.take_back(account, second, keep=True)
    assert Plug.open == 1, "those of the old settings are closed"
    connections.drop_idle()
    assert Plug.open == 1, "the one in use stays"


# ---------------------------------------------------------------- health


@pytest.mark.parametrize(
    ("stored", "state"),
    [
        (None, "new"),
        (row(), "new"),
        (row(last_ok_at=NOW), "ok"),
        (row(last_ok_at=NOW, last_error="down"), "failed"),
        (row(last_ok_at=NOW, last_error="401", account_state="needs_sign_in"), "needs_sign_in"),
        (row(last_ok_at=NOW, account_state="needs_sign_in"), "ok"),
        (row(last_ok_at=NOW, last_started_at=NOW + timedelta(seconds=1)), "unfinished"),
        (row(last_started_at=NOW), "unfinished"),
        (row(last_ok_at=NOW - timedelta(hours=1)), "late"),
    ],
)
def test_r25_ok_needs_a_finished_last_cycle(stored: BindingRow | None, state: str) -> None:
    settings = Settings(accounts=(AccountSettings(name="a"),), bindings=(binding(),))
    (health,) = health_of(settings, {"b": stored} if stored else {}, {}, NOW)
    assert health.state == state
    assert health.is_well == (state in {"ok", "new"})
    paused = Settings(accounts=settings.accounts, bindings=(binding(paused=True),))
    assert health_of(paused, {"b": stored} if stored else {}, {}, NOW)[0].state == "paused"


def test_r25_a_binding_that_never_ran_is_as_well_as_its_account() -> None:
    settings = Settings(accounts=(AccountSettings(name="a"),), bindings=(binding(),))
    for account, state in (("ok", "new"), ("unavailable", "failed"), ("needs_sign_in", "needs_sign_in")):
        (health,) = health_of(settings, {}, {"a": (account, "why")}, NOW)
        assert (health.state, health.detail) == (state, "" if account == "ok" else "why")


def test_held_deletions_need_attention_and_name_the_command() -> None:
    settings = Settings(accounts=(AccountSettings(name="a"),), bindings=(binding(),))
    (health,) = health_of(settings, {"b": row(last_ok_at=NOW, held=7)}, {}, NOW)
    assert not health.is_well
    assert 'agendahub held show "b"' in health.detail


def test_the_status_page_escapes_names_and_says_in_words_what_is_wrong() -> None:
    settings = Settings(accounts=(AccountSettings(name="a"),), bindings=(binding(),))
    (health,) = health_of(settings, {"b": row(last_error="<b>down</b> & out")}, {}, NOW)
    html = page([replace(health, binding="<script>x")], ["line 3: <i>"], NOW)
    assert "<script>" not in html
    assert "&lt;b&gt;down&lt;/b&gt; &amp; out" in html
    assert "Something needs attention" in html
    assert "All is well" in page([], [], NOW)
    assert '<a href="sign-in">' in page([], [], NOW)


# ---------------------------------------------------------------- files


def test_calendars_share_zones_of_one_meaning_and_keep_others_apart() -> None:
    def text(uid: str, offset: str) -> str:
        zone = f"BEGIN:VTIMEZONE\r\nTZID:X\r\nTZOFFSETTO:{offset}\r\nEND:VTIMEZONE\r\n"
        event = f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:long\r\n  folded\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT\r\n"
        return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{zone}{event}END:VCALENDAR\r\n"

    same = list(calendars([text("a", "+0100"), text("b", "+0100")]))
    assert len(same) == 1
    assert same[0].count("BEGIN:VTIMEZONE") == 1
    assert same[0].count("SUMMARY:long\r\n  folded\r\nBEGIN:VALARM") == 2
    assert len(list(calendars([text("a", "+0100"), text("b", "+0500"), text("c", "+0100")]))) == 2
