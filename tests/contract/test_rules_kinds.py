"""A binding carries the kinds that its admin named: the agenda's tasks are nothing for somebody's calendar."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync_engine.model import Kind
from sync_engine.ports import Policy
from tests.samples import event, task
from tests.world import World

EVENTS, TASKS = (Policy(kinds=frozenset({kind})) for kind in (Kind.EVENT, Kind.TASK))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.new(tmp_path)


def test_a_calendar_and_a_task_list_share_one_agenda(world: World) -> None:
    calendar, tasks, everything = world.bind("calendar", EVENTS), world.bind("tasks", TASKS), world.bind("everything")
    everything.put(event("e"))
    everything.put(task("t"))
    world.phone_put(task("from-phone", summary="Another one"))
    world.settle()
    assert set(calendar.items()) == {"e"}
    assert set(tasks.items()) == {"t", "from-phone"}
    assert set(everything.items()) == {"e", "t", "from-phone"}
    calendar.edit("e", lambda text: text.replace("Stand-up", "Looked up"))
    tasks.remove("t")
    world.settle()
    assert "Looked up" in everything.texts()["e"]
    assert set(world.hub()) == set(everything.items()) == {"e", "from-phone"}


def test_what_others_put_there_is_none_of_its_business(world: World) -> None:
    calendar, other = world.bind("calendar", EVENTS), world.bind("other")
    calendar.put(task("theirs"))
    calendar.put(event("e"))
    world.settle()
    assert set(calendar.items()) == {"theirs", "e"}
    assert set(world.hub()) == set(other.items()) == {"e"}


def test_what_is_linked_stays_in_step_when_the_kinds_are_narrowed(world: World) -> None:
    a, b = world.bind("a"), world.bind("b")
    a.put(task("t"))
    world.settle()
    world.sides["b"].policy = EVENTS
    a.edit("t", lambda text: text.replace("SUMMARY:", "SUMMARY:Now: "))
    world.settle()
    assert "SUMMARY:Now: " in b.texts()["t"]
    a.remove("t")
    world.settle()
    assert set(b.items()) == set()
