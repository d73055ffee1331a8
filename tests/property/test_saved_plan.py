"""A saved plan that is carried out when nothing changed is the cycle, and does nothing that it does not say (R33)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from storage import tables as t
from sync_engine.dry_run import Rehearsal, rehearsal
from sync_engine.ports import Direction, Policy
from sync_engine.saved_plan import BindingPlan, Difference, SavedPlan, differences
from sync_engine.saved_plan_file import from_document, to_document
from sync_engine.saved_plan_gate import Gate, carry_out
from tests import samples
from tests.faults import Crash, Fault, FaultyStore, ReadingBack, Script
from tests.world import Side, World

pytestmark = pytest.mark.slow

POLICY = Policy(brake_count=2, brake_percent=0, settle_seconds=0)
SEEDS = range(10)
_WATCHED = (t.items, t.revisions, t.links, t.intents, t.conflicts, t.quarantine, t.holds, t.bindings, t.collections)


def _world(folder: Path) -> World:
    """Two accounts in step."""
    folder.mkdir(exist_ok=True)
    world = World.sqlite(folder)
    a, b = world.bind("a", POLICY), world.bind("b", POLICY)
    for n in range(6):
        a.put(samples.event(f"e{n}", f"Title {n}"))
    for side in (a, b):
        side.connector = ReadingBack(side.account)
    world.settle()
    return world


def _retitle(title: str, *, place: bool = False) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.split("\r\n")
        name = "LOCATION:" if place else "SUMMARY:"
        return "\r\n".join(f"{name}{title}" if line.startswith(name) else line for line in lines)

    return change


def _disturb(world: World, seed: int) -> None:
    """Edits, deletions and new items on both sides; sometimes a cycle of the other account in between."""
    dice = random.Random(seed)
    for number in range(dice.randrange(1, 9)):
        _edit(world, dice, f"New {number}")
        if dice.random() < 0.2:
            world.cycle("b")


def _edit(world: World, dice: random.Random, title: str) -> None:
    a, hub = world.sides["a"], world.hub()
    choice = dice.choice(["remote", "hub", "remote", "hub", "gone there", "gone here", "new there", "new here", "twin"])
    there, here = (dice.choice(sorted(found)) if found else "" for found in (a.items(), hub))
    place = dice.random() < 0.5
    if choice == "remote" and there:
        a.edit(there, _retitle(title, place=place))
    elif choice == "hub" and here:
        world.phone_edit(here, _retitle(title, place=place))
    elif choice == "gone there" and there:
        a.remove(there)
    elif choice == "gone here" and here:
        world.phone_remove(here)
    elif choice == "new there":
        a.put(samples.event(f"there-{title[4:]}", title))
    elif choice == "new here":
        world.phone_put(samples.event(f"here-{title[4:]}", title))
    elif choice == "twin":  # in both places, never linked: to be matched
        a.put(samples.event(f"twin-{title[4:]}", title))
        world.phone_put(samples.event(f"twin-{title[4:]}", title))


def _state(world: World) -> dict[str, Any]:
    """What both sides and the books of the binding say, without row ids and times."""
    binding = world.sides["a"].binding_id
    texts = {row.id: row.text for row in world.rows(t.revisions)}
    uids = {row.id: row.uid for row in world.rows(t.items)}
    links = [r for r in world.rows(t.links) if r.binding_id == binding]
    return {
        "a": world.sides["a"].texts(),
        "hub": {uid: item.text for uid, item in world.hub().items()},
        "links": sorted((uids[r.item_id], r.remote_id, r.state, texts[r.base_revision]) for r in links),
        "intents": sorted((uids[r.item_id], r.operation, r.state) for r in world.rows(t.intents)),
        "conflicts": sorted((uids[r.item_id], r.fields) for r in world.rows(t.conflicts)),
        "quarantine": sorted(r.subject for r in world.rows(t.quarantine)),
        "holds": sorted((r.side, r.count) for r in world.rows(t.holds)),
    }


def _planned(world: World) -> tuple[BindingPlan, Rehearsal]:
    """A plan as a file has it; making it touched nothing."""
    before = {table.name: world.rows(table) for table in _WATCHED}, world.sides["a"].texts()
    statements: list[str] = []
    note = lambda _c, _cursor, statement, *_rest: statements.append(statement)  # noqa: E731
    event.listen(world.database.engine, "before_cursor_execute", note)
    found = rehearsal(world.context("a"))
    event.remove(world.database.engine, "before_cursor_execute", note)
    assert ({table.name: world.rows(table) for table in _WATCHED}, world.sides["a"].texts()) == before
    assert [s for s in statements if not s.startswith(("SELECT", "BEGIN", "WITH"))] == []
    plan = SavedPlan("p", "now", "admin", (BindingPlan("a", {}, "", tuple(found.actions)),))
    read = from_document(json.loads(json.dumps(to_document(plan))))
    return read.bindings[0], found


def _changes(world: World, plan: BindingPlan) -> list[Difference]:
    now = BindingPlan("a", {}, "", tuple(rehearsal(world.context("a")).actions))
    return differences(plan, now)


@pytest.mark.parametrize("seed", SEEDS)
def test_r33_a_plan_carried_out_is_the_cycle(seed: int, tmp_path: Path) -> None:
    by_cycle, by_plan = _world(tmp_path / "one"), _world(tmp_path / "two")
    for world in (by_cycle, by_plan):
        _disturb(world, seed)
    assert _state(by_cycle) == _state(by_plan)
    plan, found = _planned(by_plan)
    assert _changes(by_plan, plan) == []
    counts = by_cycle.cycle("a")
    gate, context = Gate(plan.actions), by_plan.context("a")
    carry_out(context, gate, found.feeds, approved=False)
    assert _state(by_plan) == _state(by_cycle)
    assert gate.unplanned == []
    assert {a.identity for a in gate.not_done} == {a.identity for a in plan.held}
    done = [a for a in plan.actions if not a.held and a.operation not in ("link", "keep", "quarantine")]
    assert context.counts.changes == counts.changes == len(done)


@pytest.mark.parametrize("seed", [1, 4, 7, 11])
def test_r33_with_approval_the_held_deletions_of_the_plan_are_done_too(seed: int, tmp_path: Path) -> None:
    world = _world(tmp_path / "one")
    a = world.sides["a"]
    for uid in ("e0", "e1", "e2", "e3")[: 3 + seed % 2]:
        a.remove(uid) if seed % 3 else world.phone_remove(uid)
    plan, found = _planned(world)
    assert len(plan.held) == 3 + seed % 2
    gate = Gate(plan.actions)
    carry_out(world.context("a"), gate, found.feeds, approved=True)
    assert gate.not_done == []
    assert len(world.hub()) == len(a.texts()) == 6 - len(plan.held)
    assert world.rows(t.holds) == []


def _one_of_each(world: World) -> None:
    a = world.sides["a"]
    a.edit("e0", _retitle("From there"))
    world.phone_edit("e1", _retitle("From here"))
    a.remove("e2")
    world.phone_remove("e3")
    a.edit("e4", _retitle("Both there"))
    world.phone_edit("e4", _retitle("Both here", place=True))


SINCE: dict[str, tuple[Callable[[World, Side], object], str]] = {
    "new there": (lambda _w, a: a.put(samples.event("n", "New")), "not in the plan"),
    "new here": (lambda w, _a: w.phone_put(samples.card("n", "New Card")), "not in the plan"),
    "changed there again": (lambda _w, a: a.edit("e0", _retitle("Again")), "changed at the remote since"),
    "changed here again": (lambda w, _a: w.phone_edit("e1", _retitle("Again")), "changed in the hub since"),
    "changed here too": (lambda w, _a: w.phone_edit("e0", _retitle("Too")), "changed in the hub since"),
    "changed there too": (lambda _w, a: a.edit("e1", _retitle("Too")), "changed at the remote since"),
    "deleted there": (lambda _w, a: a.remove("e0"), "now it would be: delete"),
    "deleted here": (lambda w, _a: w.phone_remove("e1"), "now it would be: delete"),
    "synced": (lambda w, _a: w.cycle("a"), "no longer to be done"),
    "touched there": (lambda _w, a: a.put(a.items()["e0"], a.id_of("e0")), "changed at the remote since"),
}


@pytest.mark.parametrize("how", SINCE)
def test_r33_a_plan_is_stale_when_anything_changed(how: str, tmp_path: Path) -> None:
    world = _world(tmp_path / "one")
    _one_of_each(world)
    plan, _ = _planned(world)
    assert _changes(world, plan) == []
    change, told = SINCE[how]
    change(world, world.sides["a"])
    found = _changes(world, plan)
    assert any(told in d.message for d in found), found


def test_r33_settings_and_other_plans_make_a_plan_stale() -> None:
    old = BindingPlan("a", {"direction": "both"}, "", ())
    assert "direction = in" in differences(old, BindingPlan("a", {"direction": "in"}, "", ()))[0].message
    assert "another plan (x)" in differences(old, BindingPlan("a", {"direction": "both"}, "x", ()))[0].message


class _Meanwhile(ReadingBack):
    """A connector that lets somebody in before its first write."""

    act: Callable[[], object] | None = None

    def update(self, *words: Any) -> Any:
        self._let_in()
        return super().update(*words)

    def delete(self, *words: Any) -> Any:
        self._let_in()
        return super().delete(*words)

    def _let_in(self) -> None:
        act, self.act = self.act, None
        if act:
            act()


def test_r33_what_changes_between_the_check_and_the_write_is_not_overwritten(tmp_path: Path) -> None:
    world = _world(tmp_path / "one")
    _one_of_each(world)
    plan, found = _planned(world)
    a = world.sides["a"]
    connector = _Meanwhile(a.account)

    def edit_two() -> None:
        a.edit("e1", _retitle("Mine"))
        a.edit("e4", _retitle("Mine too"))

    connector.act = edit_two
    gate = Gate(plan.actions)
    carry_out(world.context("a", connector), gate, found.feeds, approved=False)
    assert {(x.side, x.uid) for x in gate.not_done} == {("remote", "e1"), ("remote", "e4")}
    assert "SUMMARY:Mine\r\n" in a.texts()["e1"]
    assert "From here" in world.hub()["e1"].text, "nothing that was not planned came into the hub"
    world.settle()
    hub = world.hub()
    assert "Mine too" in hub["e4"].text
    assert "Both here" in hub["e4"].text
    assert {uid: item.text for uid, item in hub.items()}.keys() == a.texts().keys()
    assert len(world.rows(t.conflicts)) == 1  # e1: here and there


def test_r33_what_changes_in_the_hub_before_its_page_is_stored_is_left_for_the_next_cycle(tmp_path: Path) -> None:
    world = _world(tmp_path / "one")
    _one_of_each(world)
    plan, found = _planned(world)
    world.phone_edit("e0", _retitle("Mine", place=True))
    world.phone_remove("e5")
    gate = Gate(plan.actions)
    carry_out(world.context("a"), gate, found.feeds, approved=False)
    assert {(x.side, x.uid) for x in gate.not_done} == {("hub", "e0")}
    assert "From there" not in world.hub()["e0"].text
    assert "e5" in world.sides["a"].texts(), "its deletion was not planned"
    world.settle()
    assert "From there" in world.hub()["e0"].text, "the remote's edit was not lost"
    assert "Mine" in world.sides["a"].texts()["e0"]
    assert "e5" not in world.sides["a"].texts()


def test_r33_a_remotes_change_that_is_left_stays_in_the_feed(tmp_path: Path) -> None:
    """Where nothing is ever written to the remote, only the feed can tell of it again."""
    world = _world(tmp_path / "one")
    a = world.sides["a"]
    a.policy = replace(POLICY, direction=Direction.IN)
    a.edit("e0", _retitle("From there"))
    plan, found = _planned(world)
    world.phone_edit("e0", _retitle("Mine", place=True))
    carry_out(world.context("a"), Gate(plan.actions), found.feeds, approved=False)
    assert "From there" not in world.hub()["e0"].text
    world.cycle("a")
    assert "From there" in world.hub()["e0"].text


def test_r33_a_plan_for_a_binding_that_has_no_row_yet(tmp_path: Path) -> None:
    from sync_engine.ports import Binding

    world = _world(tmp_path / "one")
    a = world.sides["a"]
    cycle = world.context("a")
    cycle.binding_id = 0
    fresh = Binding(0, "new", "acc", world.collection_id, a.collection)
    actions = rehearsal(cycle, fresh).actions
    assert {x.operation for x in actions} == {"link"}
    empty = Binding(0, "new", "acc", 0, a.collection)
    assert {(x.side, x.operation) for x in rehearsal(cycle, empty).actions} == {("hub", "create")}
    assert len(rehearsal(cycle, empty).actions) == 6


def test_r33_a_conflict_is_in_the_plan_with_both_values(tmp_path: Path) -> None:
    world = _world(tmp_path / "one")
    world.sides["a"].edit("e0", _retitle("There"))
    world.phone_edit("e0", _retitle("Here"))
    plan, _ = _planned(world)
    (keep, write) = plan.actions
    assert (keep.side, keep.operation, keep.conflicts[0].hub, keep.conflicts[0].remote) == (
        "hub",
        "keep",
        "Here",
        "There",
    )
    assert (write.side, write.operation, write.reason) == ("remote", "change", "changed on both sides")
    assert [(f.before, f.after) for f in write.fields] == [("There", "Here")]


def test_r33_broken_documents_are_no_plans() -> None:
    from sync_engine.saved_plan_file import NoPlanError

    good = to_document(SavedPlan("p", "now", "admin", (BindingPlan("a", {"x": "y"}, "", ()),)))
    assert from_document(good).bindings[0].settings == {"x": "y"}
    changed: tuple[dict[str, object], ...] = ({"version": 2}, {"bindings": [{}]}, {"id": 7}, {"bindings": 3})
    wrong: list[object] = [[], {}, *(good | change for change in changed)]
    for bad in wrong:
        with pytest.raises(NoPlanError):
            from_document(bad)


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_r33_a_kill_in_the_middle_of_an_apply_does_no_harm(fault: Fault, tmp_path: Path) -> None:
    """At every call of the remote and every commit: afterwards cycles end where they would have ended anyway."""
    quiet = _killed(tmp_path / "none", fault, -1)
    number = 0
    while (world := _killed(tmp_path / str(number), fault, number)) is not None:
        assert quiet is not None
        assert world == quiet, f"killed at call {number}"
        number += 2  # every second one: half of the time
    assert number > 10


def _killed(folder: Path, fault: Fault, at: int) -> dict[str, Any] | None:
    """Where all ends after a kill at this call; None when there are not so many."""
    world = _world(folder)
    _one_of_each(world)
    plan, found = _planned(world)
    side, script = world.sides["a"], Script(fault, at)
    cycle = world.context("a", ReadingBack(side.account, script))
    cycle.store = FaultyStore(world.database, script)
    try:
        carry_out(cycle, Gate(plan.actions), found.feeds, approved=False)
    except Crash:
        pass
    else:
        if at >= 0:
            return None
    world.settle()
    state = _state(world)
    assert state["intents"] == []
    return {"a": state["a"], "b": world.sides["b"].texts(), "hub": state["hub"], "conflicts": len(state["conflicts"])}
