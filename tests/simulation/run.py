"""A whole run, and what came of it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from tests.simulation.chaos import Trace
from tests.simulation.checks import check
from tests.simulation.operators import act
from tests.simulation.people import populate, robots_work
from tests.simulation.quiesce import quiesce
from tests.simulation.scenario import Scenario, scenario
from tests.simulation.world import World


@dataclass(frozen=True)
class Outcome:
    """``violation`` is empty when all is well; ``where`` is the place in the code, for the same bug found again."""

    seed: int
    trace: Trace
    violation: str = ""
    where: str = ""


def run(found: Scenario, *, lines: bool = False) -> Outcome:
    """Carry out a scenario."""
    trace = Trace([] if lines else None)
    try:
        world = World(found, trace)
        world.robots = robots_work
        populate(world)
        for step in found.steps:
            world.step(step, act)
        quiesce(world)
        check(world)
    except Exception as err:
        place = traceback.extract_tb(err.__traceback__)[-1]
        words = str(err) if isinstance(err, AssertionError) else f"{type(err).__name__}: {err}"
        return Outcome(found.seed, trace, words or f"assertion in {place.name}", f"{place.filename}:{place.lineno}")
    return Outcome(found.seed, trace)


def run_seed(seed: int, *, lines: bool = False) -> Outcome:
    """Carry out the scenario of a seed."""
    return run(scenario(seed), lines=lines)
