"""Undo of what reached every account: R03 of the rules of sync."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agendahub.refusals import Missing, Stale
from agendahub.undoing import Plan, Wish, carry_out, plan_undo
from agendahub.work import NotingStore
from storage import tables as t
from storage.admin_history import Scope, close_runs, deleted_items, find_items, finish_run, has_run, runs
from storage.pruning import prune
from sync_engine.cycle import run_cycle
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import Origin, Policy
from tests import samples
from tests.world import Side, World

ADMIN = Origin("admin")


def _world(folder: Path, count: int = 4, policy: Policy | None = None) -> tuple[World, Side, Side]:
    world = World.sqlite(folder)
    a, b = world.bind("a", policy), world.bind("b", policy)
    for n in range(count):
        a.put(samples.task(f"t{n}", f"Task {n}"))
    world.settle()
    return world, a, b


def _undo(world: World, wish: Wish) -> tuple[Plan, int]:
    with world.database.read() as unit:
        shown = plan_undo(unit, wish, {})
    with world.database.begin() as unit:
        plan = plan_undo(unit, wish, {})
        _done, run = carry_out(unit, plan, wish, ADMIN, shown.mark)
    return plan, run


def _actions(plan: Plan) -> list[tuple[str, str]]:
    return [(step.title, step.action) for step in plan.steps]


def test_r03_a_deletion_is_undone_on_every_account_once_under_its_uid_and_so_is_the_undo(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    before = world.hub()["t1"].text
    a.remove("t1")
    world.settle()
    assert "t1" not in b.items()
    plan, run = _undo(world, Wish(item_id=world.hub_id("t1")))
    assert _actions(plan) == [("Task 1", "bring back")]
    world.settle()
    assert world.hub()["t1"].text == before
    assert a.items()["t1"].record == b.items()["t1"].record == Item.read(before).record
    plan, again = _undo(world, Wish(Scope(run_id=run)))
    assert _actions(plan) == [("Task 1", "delete")]
    world.settle()
    assert "t1" not in {**world.hub(), **a.items(), **b.items()}
    _undo(world, Wish(Scope(run_id=again)))
    world.settle()
    assert set(world.hub()) == set(a.items()) == set(b.items()) == {"t0", "t1", "t2", "t3"}


def test_r03_what_is_put_back_is_not_older_than_what_clients_have_seen(tmp_path: Path) -> None:
    """RFC 5546 2.1.4: a lower SEQUENCE is taken for news of the past."""
    world = World.new(tmp_path)
    a = world.bind("a")
    a.put(samples.series())
    world.settle()
    uid, old = "se-1", world.hub()["se-1"]
    a.edit(uid, lambda text: text.replace("SUMMARY:Weekly\r\n", "SUMMARY:Renamed\r\nSEQUENCE:4\r\n"))
    world.settle()
    _undo(world, Wish(item_id=world.hub_id(uid)))
    world.settle()
    back = a.items()[uid].record
    assert back == old.record
    assert isinstance(back, Event)
    assert back.master
    assert back.master.sequence == 4


def test_r03_what_comes_back_goes_to_an_account_whose_window_it_has_left(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, policy=Policy(window_days_past=30))
    a.put(samples.event())
    world.settle()
    world.clock.pass_time(days=90)
    a.remove("ev-1")
    world.settle()
    assert "ev-1" not in b.items()
    _undo(world, Wish(item_id=world.hub_id("ev-1")))
    world.settle()
    assert {"ev-1"} <= set(a.items()) & set(b.items())


def test_r03_everything_that_an_account_did_since_a_time_is_undone_and_what_others_did_stays(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    a.edit("t0", lambda text: text.replace("Task 0", "Early"))
    world.settle()
    since = world.clock()
    a.edit("t0", lambda text: text.replace("Early", "Late"))
    a.remove("t1")
    a.put(samples.task("new", "Made by a"))
    world.settle()
    b.edit("t2", lambda text: text.replace("Task 2", "By b"))
    b.edit("t0", lambda text: text.replace("END:VTODO", "LOCATION:By b\r\nEND:VTODO"))
    world.settle()
    plan, _run = _undo(world, Wish(Scope(since=since, actor="account a")))
    found = dict(_actions(plan))
    assert found == {"Early": "put back", "Task 1": "bring back", "Made by a": "delete"}
    world.settle()
    for side in (a, b):
        texts = side.texts()
        assert set(texts) == {"t0", "t1", "t2", "t3"}
        assert "Early" in texts["t0"]
        assert "LOCATION:By b" in texts["t0"]
        assert "By b" in texts["t2"]


def test_r03_until_ends_what_is_undone(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    since = world.clock()
    a.remove("t0")
    world.settle()
    until = world.clock()
    a.remove("t1")
    world.settle()
    plan, _run = _undo(world, Wish(Scope(since=since, until=until)))
    assert _actions(plan) == [("Task 0", "bring back")]


def test_r03_a_field_that_was_edited_again_is_told_and_kept_unless_forced(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    since = world.clock()
    a.edit("t0", lambda text: text.replace("Task 0", "By a"))
    world.settle()
    b.edit("t0", lambda text: text.replace("By a", "By b"))
    world.settle()
    plan, run = _undo(world, Wish(Scope(actor="account a", since=since)))
    (step,) = plan.steps
    assert (step.action, step.reason, run) == ("skip", "changed later by account b", 0)
    assert step.kept == ("master.summary",)
    plan, _run = _undo(world, Wish(Scope(actor="account a", since=since), force=True))
    world.settle()
    assert "Task 0" in a.texts()["t0"]
    assert "Task 0" in b.texts()["t0"]


def test_r03_a_deletion_of_an_approved_batch_is_undone(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, 8, Policy(brake_count=2, brake_percent=0))
    since = world.clock()
    for n in range(5):
        a.remove(f"t{n}")
    for name in ("a", "b"):  # each side holds them, and an admin lets them pass
        assert world.cycle(name).held == 5
        world.answer(name)
        world.cycle(name)
    world.settle()
    assert len(b.items()) == 3
    plan, _run = _undo(world, Wish(Scope(since=since, actor="account a")))
    assert [step.action for step in plan.steps] == ["bring back"] * 5
    world.settle()
    assert set(a.items()) == set(b.items()) == set(world.hub()) == {f"t{n}" for n in range(8)}


def test_r03_an_item_whose_uid_somebody_used_again_is_not_doubled(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    number = world.hub_id("t0")
    a.remove("t0")
    world.settle()
    with world.database.begin() as unit:
        made = unit.create_item(world.collection_id, samples.task("t0", "Another"), Origin("user x"), href="new.ics")
    assert made.id != number
    plan, _run = _undo(world, Wish(item_id=number))
    assert [(step.action, step.reason) for step in plan.steps] == [("skip", f"item {made.id} has its UID now")]
    world.settle()
    assert "Another" in b.texts()["t0"]


def test_r03_what_changed_since_it_was_shown_is_not_done(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.remove("t0")
    world.settle()
    wish = Wish(item_id=world.rows(t.items)[0].id)
    with world.database.read() as unit:
        mark = plan_undo(unit, wish, {}).mark
    _undo(world, wish)
    with world.database.begin() as unit, pytest.raises(Stale):
        carry_out(unit, plan_undo(unit, wish, {}), wish, ADMIN, mark)
    with world.database.read() as unit, pytest.raises(Missing):
        plan_undo(unit, Wish(item_id=wish.item_id, version=999), {})


def test_r03_what_was_replaced_in_the_last_30_days_is_kept_however_old_it_is(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    world.clock.pass_time(days=400)
    a.edit("t0", lambda text: text.replace("Task 0", "Other"))
    world.settle()
    world.clock.pass_time(days=10)
    prune(world.database, world.clock() - timedelta(days=30))
    plan, _run = _undo(world, Wish(item_id=world.hub_id("t0")))
    assert _actions(plan) == [("Task 0", "put back")]
    world.settle()
    assert "Task 0" in b.texts()["t0"]
    world.clock.pass_time(days=31)
    prune(world.database, world.clock() - timedelta(days=30))
    with world.database.read() as unit:
        plan = plan_undo(unit, Wish(item_id=world.hub_id("t0")), {})
    assert [(step.action, step.reason) for step in plan.steps] == [("skip", "the version before is no longer kept")]


def test_r03_a_deleted_item_is_found_by_its_title(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.remove("t0")
    world.settle()
    with world.database.read() as unit:
        connection = unit.session.connection
        assert [row.title for row in find_items(connection, "task 0")] == ["Task 0"]
        assert [row.title for row in find_items(connection, "t0")] == ["Task 0"]
        assert [row.title for row in deleted_items(connection)] == ["Task 0"]


def test_r03_a_living_item_does_not_hide_a_deleted_one_of_the_same_title(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.edit("t1", lambda text: text.replace("Task 1", "Task 0"))
    a.remove("t0")
    world.settle()
    with world.database.read() as unit:
        found = find_items(unit.session.connection, "task 0")
        assert [(row.uid, row.deleted) for row in found] == [("t1", False), ("t0", True)]


def test_r03_a_run_that_never_was_is_not_known(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.remove("t0")
    world.settle()
    _, made = _undo(world, Wish(item_id=world.hub_id("t0")))
    with world.database.read() as unit:
        connection = unit.session.connection
        assert has_run(connection, made)
        assert not has_run(connection, made + 1000)


def test_r07_a_version_that_only_a_remote_held_can_be_put_back(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path)
    a.edit("t0", lambda text: text.replace("Task 0", "By a"))
    b.edit("t0", lambda text: text.replace("Task 0", "By b"))
    world.settle()
    (conflict,) = world.rows(t.conflicts)
    plan, _run = _undo(world, Wish(item_id=world.hub_id("t0"), version=conflict.remote_revision))
    assert _actions(plan) == [("By b", "put back")]
    world.settle()
    assert "By b" in a.texts()["t0"]


# ---------------------------------------------------------------- runs


def test_a_run_has_its_number_with_the_first_change_of_a_cycle_and_not_before(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)

    def cycle(store: NotingStore) -> None:
        context = world.context("a")
        context.store = store
        run_cycle(context)

    idle = NotingStore(world.database, a.binding_id, world.clock())
    cycle(idle)
    assert idle.run_id is None
    assert world.rows(t.runs) == []
    a.remove("t0")
    store = NotingStore(world.database, a.binding_id, world.clock())
    with pytest.raises(ZeroDivisionError), store.begin() as unit:  # noqa: PT012
        unit.create_item(world.collection_id, samples.task("lost", "Lost"), ADMIN)
        raise ZeroDivisionError
    assert world.rows(t.runs) == []
    cycle(store)  # and then it is killed: nobody finishes the run
    (run,) = world.rows(t.runs)
    assert (run.id, run.outcome, run.finished_at) == (store.run_id, "running", None)
    plan, _undone = _undo(world, Wish(Scope(run_id=run.id)))
    assert _actions(plan) == [("Task 0", "bring back")]
    with world.database.begin() as unit:
        close_runs(unit.session.connection, a.binding_id, world.clock())
        closed = runs(unit.session.connection)
    assert [row.outcome for row in closed] == ["ok", "broken off"]
    with world.database.begin() as unit:
        told = {"outcome": "ok", "counts": {"pulled_deleted": 1}, "message": ""}
        finish_run(unit.session.connection, run.id, finished_at=world.clock(), **told)  # type: ignore[arg-type]
        assert runs(unit.session.connection)[1].counts == {"pulled_deleted": 1}
