"""R23: an item crosses the edge of the sync window - nothing deleted, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory import Account
from sync_engine.ports import Policy
from tests.samples import card, event, series, task
from tests.world import World

WINDOW = Policy(window_days_past=30, window_days_future=60)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.new(tmp_path)  # the clock starts at 2026-03-01


def list_everything(world: World, name: str) -> None:
    """What the daemon does once a day."""
    with world.database.begin() as uow:
        uow.set_cursor(world.sides[name].binding_id, None)
        uow.set_hub_cursor(world.sides[name].binding_id, 0)


def test_r23_only_what_lies_in_the_window_begins_to_sync(world: World) -> None:
    a, b = world.bind("a", WINDOW), world.bind("b")
    for item in (event("now"), event("old", day="20251201"), event("far", day="20261201"), card("c"), task("t")):
        a.put(item)
    b.put(event("far-at-b", day="20261201"))
    world.settle()
    assert set(b.items()) == {"now", "c", "t", "far-at-b"}
    assert set(a.items()) == {"now", "old", "far", "c", "t"}


def test_r23_what_leaves_the_window_stays_linked_and_in_step(world: World) -> None:
    a, b = world.bind("a", WINDOW), world.bind("b", WINDOW)
    a.put(event("e"))
    world.settle()
    world.clock.pass_time(days=400)
    list_everything(world, "a")
    list_everything(world, "b")
    world.settle()
    assert set(a.items()) == set(b.items()) == set(world.hub()) == {"e"}
    a.edit("e", lambda text: text.replace("Stand-up", "Looked up"))
    world.settle()
    assert "Looked up" in b.texts()["e"]


def test_r23_what_comes_into_the_window_arrives_once_with_the_daily_listing(world: World) -> None:
    a, b = world.bind("a", WINDOW), world.bind("b", WINDOW)
    a.put(event("from-a", day="20260801"))
    world.settle()
    assert set(b.items()) == set()
    world.clock.pass_time(days=120)
    world.phone_put(event("from-phone", day="20261201"))
    world.settle()
    world.clock.pass_time(days=100)
    for name in ("a", "b"):
        list_everything(world, name)
    world.settle()
    assert "from-phone" in a.items()
    assert "from-phone" in b.items()
    assert "from-a" not in b.items()  # over 30 days ago by now


def test_r23_an_endless_series_is_always_in_the_window(world: World) -> None:
    a, b = world.bind("a", WINDOW), world.bind("b", Policy(), Account())
    text = series("s").text.replace(";COUNT=10", "")
    a.put(type(series("s")).read(text))
    world.clock.pass_time(days=3000)
    world.settle()
    assert set(b.items()) == {"s"}
