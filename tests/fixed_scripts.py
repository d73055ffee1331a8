"""What people do in the tests in which every call fails once: fixed, and short enough to try every call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

from sync_engine.item import Item
from sync_engine.ports import Policy, Prefer
from tests import samples as full
from tests.scripted_world import ScriptedWorld
from tests.simulation.samples import card, event

Act = Callable[[ScriptedWorld], None]
Wanted: TypeAlias = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Script:
    """``before`` and all sides get in step; ``change``, and the next cycle of r0 is the one in which a call fails."""

    before: Act | None  # None: nothing was synced before
    change: Act
    wanted: Wanted  # title -> words that all sides hold in the end; nothing else is there
    conflicts: int = 0
    policy: Policy = field(default_factory=lambda: Policy(write_limit=100))


def _three(world: ScriptedWorld) -> None:
    world.make_there(0, event("one", "One", "room1"))
    world.make_there(0, card("two", "Two", "title1"))
    world.make_there(1, event("three", "Three", "room1"))


_THREE: dict[str, tuple[str, ...]] = {"One": ("room1",), "Two": ("title1",), "Three": ("room1",)}


def _first_sync(world: ScriptedWorld) -> None:
    _three(world)
    world.make_here(event("four", "Four", "room4"))
    world.make_here(event("one", "One", "room1"))  # the same on both sides


def _created(world: ScriptedWorld) -> None:
    world.make_there(0, event("there", "There", "room2"))
    world.make_here(card("here", "Here", "title2"))
    world.make_here(event("here2", "Here2", "room3"))


def _changed(world: ScriptedWorld) -> None:
    world.edit_there(0, "One", location="room2")
    world.edit_here("Two", title="title2")
    world.edit_here("Three", location="room3")


def _deleted(world: ScriptedWorld) -> None:
    world.drop_there(0, "One")
    world.drop_here("Two")
    world.drop_here("Three")


def _merged(world: ScriptedWorld) -> None:
    world.edit_there(0, "One", location="room2")
    world.edit_here("One", summary="One", priority="5", status="CONFIRMED")


def _clashed(world: ScriptedWorld) -> None:
    world.edit_there(0, "One", location="there")
    world.edit_here("One", location="here")


def _edited_there_deleted_here(world: ScriptedWorld) -> None:
    world.edit_there(0, "One", location="room2")
    world.drop_here("One")


def _edited_here_deleted_there(world: ScriptedWorld) -> None:
    world.edit_here("One", location="room2")
    world.drop_there(0, "One")


def _deleted_on_both_sides(world: ScriptedWorld) -> None:
    world.drop_here("One")
    world.drop_there(0, "One")


def _a_series(world: ScriptedWorld) -> None:
    world.make_there(0, full.series("series", "Weekly"))


def _one_moved_one_cancelled(world: ScriptedWorld) -> None:
    text = world.texts_at(0)["Weekly"][0]
    assert "20260311T100000Z" in text
    moved = text.replace("20260311T100000Z", "20260311T120000Z").replace("20260311T110000Z", "20260311T130000Z")
    world.put_there(0, "Weekly", Item.read(moved))
    text = world.hub_texts()["Weekly"][0]
    cancelled = text.replace("RRULE:FREQ=WEEKLY", "EXDATE:20260317T080000Z\r\nRRULE:FREQ=WEEKLY")
    world.put_here("Weekly", Item.read(cancelled))


def _cursor_expires(world: ScriptedWorld) -> None:
    world.drop_there(0, "One")
    world.edit_there(0, "Two", title="title2")
    world.make_there(0, event("four", "Four", "room4"))
    world.edit_here("Three", location="room3")
    world.remotes[0].expire()
    world.clock.pass_time(days=1)


def _three_less_one(world: ScriptedWorld) -> None:
    _three(world)
    world.settle()
    world.drop_there(0, "One")


def _undone(world: ScriptedWorld) -> None:
    world.restore_here("One")
    world.edit_there(0, "Two", title="title2")


def _an_old_version_put_back(world: ScriptedWorld) -> None:
    old = world.hub_texts()["One"][0]
    world.edit_there(1, "One", location="room9")
    world.settle()
    world.put_here("One", Item.read(old))
    world.edit_there(0, "One", status="TENTATIVE")


def _relinked(world: ScriptedWorld) -> None:
    world.relink(0)
    world.edit_there(0, "One", status="TENTATIVE")
    world.edit_here("Two", birthday="1985-04-12")
    world.make_here(event("four", "Four", "room4"))


def _moved(world: ScriptedWorld) -> None:
    world.move_there(0, "One")
    world.edit_here("One", location="room2")


def _five(world: ScriptedWorld) -> None:
    numbers = count()
    for n in range(5):
        world.make_there(n % 2, event(f"e{next(numbers)}", f"E{n}", f"room{n}"))


def _many_deleted_there(world: ScriptedWorld) -> None:
    for n in range(3):
        world.drop_there(0, f"E{n}")


def _many_deleted_here(world: ScriptedWorld) -> None:
    for n in range(3):
        world.drop_here(f"E{n}")


_CAREFUL = Policy(write_limit=100, brake_count=1, brake_percent=0)
_TWO: Wanted = {"E3": ("room3",), "E4": ("room4",)}
SCRIPTS: dict[str, Script] = {
    "first sync": Script(None, _first_sync, _THREE | {"Four": ("room4",)}),
    "created": Script(_three, _created, _THREE | {"There": ("room2",), "Here": ("title2",), "Here2": ("room3",)}),
    "changed": Script(_three, _changed, {"One": ("room2",), "Two": ("title2",), "Three": ("room3",)}),
    "deleted": Script(_three, _deleted, {}),
    "merged": Script(_three, _merged, _THREE | {"One": ("room2", "PRIORITY:5", "STATUS:CONFIRMED")}),
    "conflict, the hub wins": Script(_three, _clashed, _THREE | {"One": ("here",)}, 1),
    "conflict, the remote wins": Script(
        _three, _clashed, _THREE | {"One": ("there",)}, 1, Policy(write_limit=100, prefer=Prefer.REMOTE)
    ),
    "edited there, deleted here": Script(_three, _edited_there_deleted_here, _THREE | {"One": ("room2",)}),
    "edited here, deleted there": Script(_three, _edited_here_deleted_there, _THREE | {"One": ("room2",)}),
    "deleted on both sides": Script(_three, _deleted_on_both_sides, {"Two": (), "Three": ()}),
    "series with an override": Script(
        _a_series, _one_moved_one_cancelled, {"Weekly": ("EXDATE:20260317T080000Z", "DTSTART:20260311T120000Z")}
    ),
    "expired cursor": Script(
        _three, _cursor_expires, {"Two": ("title2",), "Three": ("room3",), "Four": ("room4",)}
    ),
    "deletion undone": Script(_three_less_one, _undone, _THREE | {"Two": ("title2",)}),
    "old version put back": Script(
        _three, _an_old_version_put_back, _THREE | {"One": ("room1", "STATUS:TENTATIVE")}
    ),
    "relinked": Script(
        _three, _relinked,
        {"One": ("STATUS:TENTATIVE",), "Two": ("BDAY:1985-04-12",), "Three": ("room1",), "Four": ("room4",)},
    ),
    "moved to another id": Script(_three, _moved, _THREE | {"One": ("room2",)}),
    "many deleted there": Script(_five, _many_deleted_there, _TWO, policy=_CAREFUL),
    "many deleted here": Script(_five, _many_deleted_here, _TWO, policy=_CAREFUL),
}  # fmt: skip
