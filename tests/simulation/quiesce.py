"""No more faults: cycles until all is quiet. An operator approves and retries."""

from __future__ import annotations

from sync_engine.errors import SuspectListing
from tests.simulation.chaos import Process
from tests.simulation.held import approve
from tests.simulation.operators import retry
from tests.simulation.violation import Violation
from tests.simulation.world import World

_ROUNDS = 14
_WITH_ROBOTS = 25  # within the hours in which writes are counted
_RETRIES = 3


def quiesce(world: World) -> None:
    """Raises `Violation` if it does not come to rest."""
    world.phone_fails = None
    world.paused.clear()
    world.clock.pass_time(days=3)
    for remote in world.remotes:
        remote.lag = 0
    if world.scenario.robots:
        _freeze(world)
    world.robots = lambda _world, _n: None
    for rounds in range(_ROUNDS):
        world.clock.pass_time(minutes=10)
        if not _round(world, retrying=rounds < _RETRIES) and rounds > 1:
            return
    raise Violation(f"not quiet after {_ROUNDS} rounds")


def _freeze(world: World) -> None:
    """Programs that change back what the hub writes do not keep it writing for ever (SYNC.md R21)."""
    for _ in range(_WITH_ROBOTS):
        world.clock.pass_time(minutes=10)
        if not _round(world, retrying=False):
            return
    raise Violation(f"ping-pong does not end within {_WITH_ROBOTS} rounds")


def _round(world: World, *, retrying: bool) -> bool:
    """Whether anything was done."""
    done = False
    for n in range(len(world.remotes)):
        if retrying:
            retry(world, n)
        commits = world.store.commits
        _, _, error = world.cycle(n, Process())
        held = any(key[0] == world.bindings[n] for key in world.store.state.holds)
        emptied = isinstance(error, SuspectListing) and not world.remotes[n].items
        if error is not None and not emptied:
            raise Violation(f"a cycle without faults failed: {error!r}")
        if held or emptied:
            approve(world, n)
        done = done or held or emptied or world.store.commits != commits
    return done
