"""Push in its parts: when a hint makes a binding due, how it is told, who may call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from agendahub.board import Board
from agendahub.health import Health
from agendahub.outcome import Outcome, Result
from agendahub.push_door import BURST, RATE, Bucket
from agendahub.push_health import push_of, sentence
from agendahub.push_hooks import Entry, Hooks, digest
from agendahub.push_states import States, only_polled
from config import AccountSettings, BindingSettings, Settings
from connectors.push import Notice
from storage import schema
from storage.database import Database
from storage.push_subscriptions import PushState, push_states
from sync_engine.errors import Unavailable

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
OK = Outcome(Result.OK, NOW, NOW)
FAILED = Outcome(Result.FAILED, NOW, NOW, error=Unavailable("down"))


def board(*names: str) -> Board:
    """Each binding has finished a cycle, and is due at 50."""
    made = Board()
    made.set_bindings(
        [BindingSettings(name=n, account="a", remote=n, collection="C", kinds=("event",)) for n in names], 0, 100
    )
    for number, slot in enumerate(made.take_due(0), 1):
        slot.id = number
        made.begin(slot)
        made.finish(slot, OK, 50)
    return made


def due(made: Board, now: float) -> list[str]:
    return [slot.settings.name for slot in made.take_due(now)]


def test_what_is_told_within_the_gathering_time_is_one_cycle_and_the_poll_stays() -> None:
    made = board("x", "y")
    made.hint([1], 12)
    made.hint([1], 13)
    assert (due(made, 11.9), due(made, 12)) == ([], ["x"])
    slot = made.take_due(12)[0]
    made.begin(slot)
    made.finish(slot, OK, 62)
    assert due(made, 49) == []
    assert due(made, 50) == ["y"]
    assert due(made, 62) == ["y", "x"]


def test_a_hint_during_a_cycle_is_for_the_next_one_and_never_a_second_at_a_time() -> None:
    made = board("x")
    made.hint([1], 12)
    slot = made.take_due(12)[0]
    made.begin(slot)
    made.hint([1], 14)
    assert due(made, 20) == []
    made.finish(slot, OK, 70)
    assert due(made, 20) == ["x"]


def test_a_hint_shortens_no_pause_after_a_failure() -> None:
    made = board("x")
    slot = made.take_due(50)[0]
    made.begin(slot)
    made.finish(slot, FAILED, 300)
    made.hint([1], 61)
    assert due(made, 299) == []
    assert due(made, 300) == ["x"]


def test_a_hint_about_a_binding_that_is_not_there_or_paused_does_nothing() -> None:
    made = board("x")
    made.hint([7], 10)
    assert due(made, 49) == []


# ---------------------------------------------------------------- what is told


def test_what_is_only_polled_is_counted_in_proper_words() -> None:
    assert only_polled(1) == "but 1 collection is only polled"
    assert only_polled(3) == "but 3 collections are only polled"


def test_the_state_moves_since_only_when_it_changes_and_is_written_once(tmp_path: Path) -> None:
    schema.upgrade(f"sqlite:///{tmp_path}/hub.db")
    database = Database(f"sqlite:///{tmp_path}/hub.db")
    states = States()
    for minute, detail in enumerate(["", "", only_polled(1)]):
        states.report("work", "live", detail, NOW + timedelta(minutes=minute))
    states.write(database)
    expected = PushState("work", "live", only_polled(1), NOW)
    with database.read() as unit:
        assert push_states(unit.session.connection) == {"work": expected}
    assert states.all() == [expected]
    States().write(database)  # of a daemon that knows nothing of this account any more
    with database.read() as unit:
        assert push_states(unit.session.connection) == {}
    database.dispose()


def health(account: str, state: str) -> Health:
    values = dict.fromkeys(Health.__dataclass_fields__)
    return Health(**{**values, "binding": "b", "account": account, "state": state})  # type: ignore[arg-type]


def test_what_a_daemon_that_was_killed_said_is_not_believed() -> None:
    accounts = tuple(AccountSettings(name=name, connector="exchange") for name in ("a", "b"))
    settings = Settings.model_construct(accounts=accounts, bindings=())
    stored = {name: PushState(name, "live", "", NOW) for name in ("a", "b", "gone")}
    found = push_of(settings, stored, [health("a", "late"), health("b", "late"), health("b", "ok")])
    assert [(one.account, one.state) for one in found] == [("a", "unknown"), ("b", "live")]
    assert sentence(found[1]) == "b: push live since 2026-01-01 12:00:00 UTC"
    assert sentence(found[0]).endswith("does `agendahub serve` run?")


# ---------------------------------------------------------------- who may call


def test_a_bucket_lets_a_burst_pass_and_then_so_many_a_second() -> None:
    now = [0.0]
    bucket = Bucket(lambda: now[0])
    assert sum(bucket.take() for _ in range(1000)) == BURST
    now[0] = 1.0
    assert sum(bucket.take() for _ in range(1000)) == RATE
    now[0] = 1000.0
    assert sum(bucket.take() for _ in range(1000)) == BURST


def test_an_address_is_found_by_its_secret_alone() -> None:
    hooks = Hooks()
    entry = Entry(
        1, "a", digest("state"), lambda _query: None, lambda _headers, _body: [], lambda _number, _event: None
    )
    hooks.put(digest("key"), entry)
    assert hooks.find("key") is entry
    assert (hooks.find(digest("key")), hooks.find("KEY"), hooks.find(""), hooks.find("\udcff")) == (None,) * 4
    assert [entry.is_meant(Notice("s", secret)) for secret in ("state", "State", "", "\ud800")] == [
        True, False, False, False
    ]  # fmt: skip
    hooks.keep_only("b", set())
    assert hooks.find("key") is entry
    hooks.keep_only("a", set())
    assert hooks.find("key") is None
