"""Conflicts as `agendahub conflicts` shows and resolves them (R07), over a real store."""

from __future__ import annotations

from pathlib import Path

import pytest

from agendahub.failure import Failure
from agendahub.resolving import ConflictView, carry_out, decide, find, view
from storage.admin_actions import resolve_conflict
from tests import samples
from tests.world import START, World


def _world(folder: Path) -> World:
    """A series whose moved occurrence was edited on both sides, and another field before by somebody else."""
    world = World.sqlite(folder)
    a, _b = world.bind("a"), world.bind("b")
    a.put(samples.series())
    world.settle()
    world.phone_edit("se-1", lambda text: text.replace("(moved)", "(mine)"))
    world.sides["b"].edit(
        "se-1", lambda text: text.replace("SUMMARY:Weekly\r\n", "SUMMARY:Weekly\r\nLOCATION:Room\r\n")
    )
    world.cycle("b")
    a.edit("se-1", lambda text: text.replace("(moved)", "(theirs)"))
    world.cycle("a")
    return world


def _view(world: World) -> ConflictView:
    with world.database.read() as unit:
        return view(unit, find(unit, 1))


def _resolve(world: World, choices: dict[str, str], everything: str = "") -> bool:
    with world.database.begin() as unit:
        decision = decide(unit, find(unit, 1), choices, everything)
        carry_out(unit, decision)
        return resolve_conflict(unit.session.connection, 1, decision.words, "admin ada", START)


def test_r07_a_nested_field_is_shown_with_both_values_and_who_edited_it(tmp_path: Path) -> None:
    found = _view(_world(tmp_path))
    (field,) = found.fields
    assert field.field == "overrides[20260310T080000].summary"
    assert (field.base, field.hub, field.remote) == ("Weekly (moved)", "Weekly (mine)", "Weekly (theirs)")
    assert field.hub_actor == "user ada, device phone", "not account b, which edited the item last"
    assert (found.hub.actor, found.remote.actor) == ("account b", "account a")
    assert found.hub.at is not None
    assert found.remote.at is not None
    assert [(f.field, f.hub, f.remote) for f in found.others if f.hub != f.remote] == [("location", "Room", "")]
    assert found.edited_since == ""


def test_r07_a_choice_goes_to_every_account_and_is_made_once(tmp_path: Path) -> None:
    world = _world(tmp_path)
    world.phone_edit("se-1", lambda text: text.replace("LOCATION:Room", "LOCATION:Hall"))
    assert _view(world).edited_since == "user ada, device phone"
    assert _resolve(world, {"overrides": "remote"})
    world.settle()
    for side in world.sides.values():
        text = side.texts()["se-1"]
        assert "Weekly (theirs)" in text
        assert "LOCATION:Hall" in text, "the later edit of another field stays"
    with pytest.raises(Failure, match="resolved already"):
        _resolve(world, {}, "hub")
    with world.database.read() as unit:
        row = find(unit, 1)
    assert (row.resolution, row.resolved_by) == ("overrides[20260310T080000].summary=remote", "admin ada")


def test_r07_a_deleted_item_stays_deleted_or_comes_back_with_the_choice(tmp_path: Path) -> None:
    world = _world(tmp_path)
    world.phone_remove("se-1")
    world.settle()
    assert _view(world).deleted
    with world.database.read() as unit:
        assert not decide(unit, find(unit, 1), {}, "hub").changes_something
    assert _resolve(world, {}, "remote")
    world.settle()
    assert all("Weekly (theirs)" in side.texts()["se-1"] for side in world.sides.values())
