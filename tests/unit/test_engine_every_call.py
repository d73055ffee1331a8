"""Every call of a cycle fails, in every way it can, in each of some fixed scripts; then the program runs again.

Whatever failed, the end must be the same as without it: nothing lost, doubled or resurrected, and no false conflict
(SYNC.md R05, R06, "How it is proven" 3).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.fixed_scripts import SCRIPTS
from tests.scripted_world import ScriptedWorld
from tests.simulation.chaos import APPLIES, Fault, Planned
from tests.simulation.nature import Nature

pytestmark = pytest.mark.slow

NATURES = {
    "kind": Nature(),
    "makes a new item each time": Nature(own_ids=True),
    "hashes for versions, quiet, small pages": Nature(versions="hash", quiet=True, page=1),
    "rewrites what it is sent": Nature(rewrites="drops"),
    "takes many writes at once, makes new items": Nature(own_ids=True, batches=True),
    "holds fewer fields, lists everything each time": Nature(lossy=True, no_feed=True),
}
_OF_CHANGES = {"feed", "listing", "whole listing", "page", "part of a listing"}


def _prepared(nature: str, script: str) -> ScriptedWorld:
    world = ScriptedWorld(NATURES[nature], SCRIPTS[script].policy)
    if (before := SCRIPTS[script].before) is not None:
        before(world)
        world.settle()
    SCRIPTS[script].change(world)
    return world


def _end(world: ScriptedWorld, *faults: Planned) -> tuple[dict[str, Any], list[list[str]]]:
    """What comes of it, and the calls of the cycles in which something went wrong."""
    calls = [world.cycle(0, [fault])[0].calls for fault in faults] or [world.cycle(0)[0].calls]
    world.settle()
    return world.picture(), calls


@cache
def _without_faults(nature: str, script: str) -> tuple[dict[str, Any], list[str]]:
    picture, (calls,) = _end(_prepared(nature, script))
    return picture, calls


def _ways_to_fail(calls: list[str]) -> Iterator[Planned]:
    for number, name in enumerate(calls):
        for fault in Fault:
            if name in APPLIES[fault] or (name == "changes" and not APPLIES[fault].isdisjoint(_OF_CHANGES)):
                yield number, fault


def _check(nature: str, script: str, *faults: Planned) -> list[str]:
    """Fails with what is different; gives the calls of the last cycle with a fault."""
    world = _prepared(nature, script)
    wanted, _ = _without_faults(nature, script)
    try:
        found, calls = _end(world, *faults)
        differing = [name for name in wanted if found[name] != wanted[name]]
        assert not differing, "; ".join(f"{name}: {found[name]} instead of {wanted[name]}" for name in differing)
    except AssertionError as err:
        raise AssertionError(f"{script}, {nature}: {faults}: {err}") from err
    return calls[-1]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("nature", NATURES)
def test_without_faults_the_script_ends_as_it_should(nature: str, script: str) -> None:
    picture, _ = _without_faults(nature, script)
    assert picture["open"] == {}
    assert len(picture["conflicts"]) == SCRIPTS[script].conflicts
    world = _prepared(nature, script)
    _end(world)
    for texts in (world.hub_texts(), world.texts_at(0), world.texts_at(1)):
        assert {title: len(found) for title, found in texts.items()} == dict.fromkeys(SCRIPTS[script].wanted, 1)
        for title, words in SCRIPTS[script].wanted.items():
            assert all(word in texts[title][0] for word in words)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("nature", NATURES)
def test_r05_r06_any_call_may_fail_in_any_way_and_the_end_is_the_same(nature: str, script: str) -> None:
    for planned in _ways_to_fail(_without_faults(nature, script)[1]):
        _check(nature, script, planned)


_IN_DOUBT = (Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.LOST_REQUEST)
_NEVER: Planned = (10**6, Fault.CRASH_BEFORE)
_AGAIN = ["created", "changed", "deleted", "conflict, the hub wins"]


@pytest.mark.parametrize("script", SCRIPTS if "LONG" in os.environ else _AGAIN)
@pytest.mark.parametrize("nature", NATURES if "LONG" in os.environ else ["makes a new item each time"])
def test_r05_r06_the_cycle_that_settles_a_write_in_doubt_may_fail_too(nature: str, script: str) -> None:
    for number, name in enumerate(_without_faults(nature, script)[1]):
        if name in ("create", "update", "delete"):
            for first in _IN_DOUBT:
                calls = _check(nature, script, (number, first), _NEVER)
                for second in _ways_to_fail(calls):
                    _check(nature, script, (number, first), second)


def test_every_way_to_fail_is_tried() -> None:
    tried = {fault for script in SCRIPTS for _, fault in _ways_to_fail(_without_faults("kind", script)[1])}
    assert tried == set(Fault) - {Fault.AWAY}  # to begin to read or write the store is no call: the simulation tries it
