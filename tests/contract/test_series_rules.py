"""R14-R18: whatever is done to a series, and wherever, all sides show the same occurrences.

What they show is told by others (`tests.series_oracle`: icalendar and dateutil), over two years. One world holds many
series, each with its own edit; nothing of this depends on the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from storage import tables as t
from sync_engine.item import Item
from sync_engine.ports import Policy, Prefer
from tests import series_samples as samples
from tests.series_oracle import occurrences
from tests.world import World

pytestmark = pytest.mark.slow

Edit = Callable[[str], str]
Shown = dict[str, list[tuple[str, str]]]
SIDES = ("a", "b", "phone")
PAIRS = [("a", "b"), ("b", "phone"), ("phone", "a")]


def world_with(folder: Path, series: Mapping[str, str], prefer: Prefer = Prefer.HUB) -> World:
    """A world that is quiet, with these series by UID."""
    world = World.sqlite(folder)
    for name in ("a", "b"):
        world.bind(name, Policy(prefer=prefer))
    for uid, text in series.items():
        add(world, "a", uid, text)
    world.settle()
    return world


def edit(world: World, where: str, uid: str, change: Edit) -> None:
    (world.phone_edit if where == "phone" else world.sides[where].edit)(uid, lambda text: renamed(change(text), uid))


def add(world: World, where: str, uid: str, text: str) -> None:
    item = Item.read(renamed(text, uid))
    if where == "phone":
        world.phone_put(item)
    else:
        world.sides[where].put(item)


def renamed(text: str, uid: str) -> str:
    """The samples under another UID."""
    return text.replace("UID:s\r\n", f"UID:{uid}\r\n")


def shown(world: World) -> Shown:
    """What all sides show when all is quiet, and again after everything was listed anew."""
    world.settle()
    before = seen(world)
    for side in world.sides.values():
        side.account.expire_cursors(side.collection)
    assert world.settle() == 0
    assert seen(world) == before
    return before


def seen(world: World) -> Shown:
    texts = {uid: item.text for uid, item in world.hub().items()}
    found = {uid: occurrences(text) for uid, text in texts.items()}
    for side in world.sides.values():
        for uid, text in side.texts().items():
            assert text == texts[uid] or occurrences(text) == found[uid], (side.name, uid)
        assert side.texts().keys() == texts.keys()
    return found


def conflicts(world: World) -> dict[str, str]:
    titles = {world.hub_id(uid): uid for uid in world.hub()}
    return {titles[row.item_id]: row.fields for row in world.rows(t.conflicts)}


def begins(found: list[tuple[str, str]]) -> list[str]:
    return sorted(begin for begin, _ in found)


# ---------------------------------------------------------------- one edit


@pytest.mark.parametrize("where", SIDES)
def test_r14_exactly_the_cancelled_occurrence_goes_and_never_returns(tmp_path: Path, where: str) -> None:
    world = world_with(tmp_path, {name: base for name, (base, _, _) in samples.CANCELLATIONS.items()})
    before = shown(world)
    for name, (_, change, _) in samples.CANCELLATIONS.items():
        edit(world, where, name, change)
    after = shown(world)
    for name, (_, _, gone) in samples.CANCELLATIONS.items():
        assert gone in begins(before[name]), name
        assert after[name] == [one for one in before[name] if one[0] != gone], name


@pytest.mark.parametrize("where", SIDES)
def test_r15_a_moved_occurrence_is_once_at_its_new_time(tmp_path: Path, where: str) -> None:
    world = world_with(tmp_path, {name: base for name, (base, _, _, _) in samples.MOVES.items()})
    before = shown(world)
    for name, (_, change, _, _) in samples.MOVES.items():
        edit(world, where, name, change)
    after = shown(world)
    for name, (_, _, old, new) in samples.MOVES.items():
        assert old in begins(before[name]), name
        assert begins(after[name]) == sorted([one for one in begins(before[name]) if one != old] + [new]), name


@pytest.mark.parametrize("where", SIDES)
def test_r16_a_changed_series_has_the_same_occurrences_on_all_sides(tmp_path: Path, where: str) -> None:
    world = world_with(tmp_path, {name: base for name, (base, _) in samples.CHANGES.items()})
    for name, (_, change) in samples.CHANGES.items():
        edit(world, where, name, change)
    after = shown(world)
    for name, (base, change) in samples.CHANGES.items():
        assert after[name] == occurrences(change(base)), name
        assert after[name] != occurrences(base), name


@pytest.mark.parametrize("where", SIDES)
def test_r16_a_split_series_has_every_occurrence_once(tmp_path: Path, where: str) -> None:
    world = world_with(tmp_path, {"cut first": samples.ZURICH, "rest first": samples.ZURICH})
    before = shown(world)
    edit(world, where, "cut first", samples.cut_off)
    add(world, where, "rest of the one", samples.REST)
    add(world, where, "rest of the other", samples.REST)
    world.settle()  # for a while there are both
    edit(world, where, "rest first", samples.cut_off)
    after = shown(world)
    for old, new in (("cut first", "rest of the one"), ("rest first", "rest of the other")):
        assert begins(after[old] + after[new]) == begins(before[old])
        assert {title for begin, title in after[old] + after[new] if begin >= "2026-03-09"} == {"Weekly (from now on)"}


@pytest.mark.parametrize("where", SIDES)
def test_r17_nine_o_clock_in_zurich_stays_so_whatever_zone_an_edit_comes_from(tmp_path: Path, where: str) -> None:
    world = world_with(tmp_path, {"s": samples.ZURICH})
    edit(world, where, "s", samples.swap("SUMMARY:Weekly\r\n", "SUMMARY:Renamed\r\n"))
    edit(
        world, "a" if where == "b" else "b", "s", samples.moved("20260406", "20260406T060000", zone="America/New_York")
    )
    found = begins(shown(world)["s"])
    nine = {"2026-03-23T08:00Z", "2026-03-30T07:00Z", "2026-10-19T07:00Z", "2026-10-26T08:00Z"}
    assert {*nine, "2026-04-06T10:00Z"} <= set(found)
    for text in (world.hub()["s"].text, *(side.texts()["s"] for side in world.sides.values())):
        assert "DTSTART;TZID=Europe/Zurich:20260105T090000" in text
        assert "DTSTART;TZID=America/New_York:20260406T060000" in text
        assert text.count("BEGIN:VTIMEZONE") == 2


@pytest.mark.parametrize("where", SIDES)
def test_r18_days_stay_days_and_floating_times_floating(tmp_path: Path, where: str) -> None:
    kinds = {"days": (samples.DAYS, ";VALUE=DATE:", ""), "floating": (samples.FLOATING, ":", "T090000")}
    world = world_with(tmp_path, {name: base for name, (base, _, _) in kinds.items()})
    for name, (_, head, time) in kinds.items():
        edit(world, where, name, samples.swap("SUMMARY:Weekly\r\n", "SUMMARY:Renamed\r\n"))
        cancel = samples.cancelled(f"EXDATE{head}20260323{time}")
        edit(world, "a" if where == "b" else "b", name, cancel)
    after = shown(world)
    for name, (_, head, time) in kinds.items():
        assert not any("Z" in begin or begin.startswith("2026-03-23") for begin in begins(after[name]))
        for held in (world.hub(), *(side.items() for side in world.sides.values())):
            lines = held[name].text.split("\r\n")
            assert {f"{what}{head}{day}{time}" for what, day in STATED.items()} <= set(lines)


STATED = {"EXDATE": "20260323", "DTSTART": "20260105", "RECURRENCE-ID": "20260202"}


@pytest.mark.parametrize("where", SIDES)
def test_r16_a_single_event_becomes_a_series_and_single_again(tmp_path: Path, where: str) -> None:
    world = world_with(tmp_path, {"s": samples.SINGLE})
    edit(world, where, "s", samples.swap("SUMMARY:Once", "RRULE:FREQ=DAILY;COUNT=5\r\nSUMMARY:Once"))
    assert len(shown(world)["s"]) == 5
    edit(world, "a" if where == "phone" else "phone", "s", samples.swap("RRULE:FREQ=DAILY;COUNT=5\r\n", ""))
    assert begins(shown(world)["s"]) == ["2026-03-28T08:00Z"]


# ---------------------------------------------------------------- two edits at once


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("prefer", Prefer)
def test_r15_edits_of_different_occurrences_are_both_kept(tmp_path: Path, prefer: Prefer, one: str, other: str) -> None:
    world = world_with(tmp_path, {"+".join(names): samples.ZURICH for names in samples.COMPATIBLE}, prefer)
    for names in samples.COMPATIBLE:
        edit(world, one, "+".join(names), samples.EDITS[names[0]])
        edit(world, other, "+".join(names), samples.EDITS[names[1]])
    after = shown(world)
    for names in samples.COMPATIBLE:
        first, second = (samples.EDITS[name] for name in names)
        assert after["+".join(names)] == occurrences(second(first(samples.ZURICH))), names
    assert conflicts(world) == {}


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("prefer", Prefer)
def test_r14_an_occurrence_edited_on_one_side_and_cancelled_on_the_other_stays(
    tmp_path: Path, prefer: Prefer, one: str, other: str
) -> None:
    world = world_with(tmp_path, dict.fromkeys(samples.SPELLINGS, samples.ZURICH), prefer)
    changed = samples.moved("20260323", "20260323T150000", title="Edited")
    for name, exdate in samples.SPELLINGS.items():
        edit(world, one, name, changed)
        edit(world, other, name, samples.cancelled(exdate))
    assert shown(world) == dict.fromkeys(samples.SPELLINGS, occurrences(changed(samples.ZURICH)))
    for name, exdate in samples.SPELLINGS.items():
        assert exdate not in world.hub()[name].text


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("prefer", Prefer)
def test_r15_an_occurrence_moved_on_both_sides_and_named_differently_is_there_once(
    tmp_path: Path, prefer: Prefer, one: str, other: str
) -> None:
    world = world_with(tmp_path, {"s": samples.ZURICH}, prefer)
    edit(world, one, "s", samples.moved("20260323", "20260324T100000"))
    edit(world, other, "s", samples.moved("20260323", "20260325T100000", named="RECURRENCE-ID:20260323T080000Z"))
    found = begins(shown(world)["s"])
    assert len({"2026-03-24T09:00Z", "2026-03-25T09:00Z"} & set(found)) == 1
    assert "2026-03-23T08:00Z" not in found
    assert conflicts(world)


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("prefer", Prefer)
def test_r16_a_series_moved_on_one_side_and_an_occurrence_changed_on_the_other_do_not_mix(
    tmp_path: Path, prefer: Prefer, one: str, other: str
) -> None:
    edits = [name for name in samples.EDITS if "cancel" in name or "move" in name]
    world = world_with(tmp_path, dict.fromkeys(edits, samples.ZURICH), prefer)
    for name in edits:
        edit(world, one, name, samples.shifted)
        edit(world, other, name, samples.EDITS[name])
    after = shown(world)
    for name in edits:
        either = [occurrences(change(samples.ZURICH)) for change in (samples.shifted, samples.EDITS[name])]
        assert after[name] in either, name
        assert "schedule" in conflicts(world)[name]


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("prefer", Prefer)
def test_r16_an_edit_before_the_split_is_kept_and_one_after_it_is_reported_and_never_doubled(
    tmp_path: Path, prefer: Prefer, one: str, other: str
) -> None:
    world = world_with(tmp_path, dict.fromkeys(samples.EDITS, samples.ZURICH), prefer)
    add(world, one, "rest", samples.REST)
    for name, change in samples.EDITS.items():
        edit(world, one, name, samples.cut_off)
        edit(world, other, name, change)
    after = shown(world)
    for name, change in samples.EDITS.items():
        plain = samples.ZURICH if name.startswith("late") else change(samples.ZURICH)
        assert after[name] == occurrences(samples.cut_off(plain)), name
    assert sorted(conflicts(world)) == sorted(name for name in samples.EDITS if name.startswith("late"))


# ---------------------------------------------------------------- a first sync


def test_r11_the_same_title_and_clock_in_another_zone_is_another_meeting(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    a.put(Item.read(renamed(samples.SINGLE, "zurich")))
    b.put(Item.read(renamed(samples.SINGLE, "zurich, other uid")))
    b.put(Item.read(renamed(samples.into_another_zone(samples.SINGLE), "custom")))
    world.settle()
    assert set(world.hub()) == {"zurich", "custom"}
    assert [len(side.items()) for side in (a, b)] == [2, 2]
    assert shown_begins(world) == {"zurich": ["2026-03-28T08:00Z"], "custom": ["2026-03-28T06:00Z"]}


def shown_begins(world: World) -> dict[str, list[str]]:
    return {uid: begins(occurrences(item.text)) for uid, item in world.hub().items()}
