"""Make a failing run small: fewer steps, then fewer actions, then fewer faults, for as long as it fails alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tests.simulation.run import Outcome, run
from tests.simulation.scenario import Scenario, Step

_MOST = 600  # runs


def shrink(found: Scenario, outcome: Outcome) -> tuple[Scenario, Outcome]:
    """The smallest scenario that was found, and what came of it."""
    wanted, tries = _sort(outcome), 0
    while True:
        for smaller in _smaller(found):
            tries += 1
            if tries > _MOST:
                return found, outcome
            result = run(smaller)
            if result.violation and _sort(result) == wanted:
                found, outcome = smaller, result
                break
        else:
            return found, outcome


def _sort(outcome: Outcome) -> str:
    """What kind of failure it is: its first words, whatever the item."""
    return re.sub(r"\W*\w*\d\w*\W*", " ", outcome.violation)[:24]


def _smaller(found: Scenario) -> Iterator[Scenario]:
    size = len(found.steps)
    for length in (size // 2, size // 4, 1):
        for start in range(0, size, max(length, 1)) if length else ():
            yield replace(found, steps=found.steps[:start] + found.steps[start + length :])
    for n, places in enumerate(found.beginning):
        if places:
            yield replace(found, beginning=(*found.beginning[:n], (), *found.beginning[n + 1 :]))
    for n, step in enumerate(found.steps):
        for lighter in (*_fewer_actions(step), *_fewer_faults(step)):
            yield replace(found, steps=(*found.steps[:n], lighter, *found.steps[n + 1 :]))


def _fewer_actions(step: Step) -> Iterator[Step]:
    for n in range(len(step.actions)):
        yield replace(step, actions=step.actions[:n] + step.actions[n + 1 :])
    for n in range(len(step.between)):
        yield replace(step, between=step.between[:n] + step.between[n + 1 :])
    if step.other:
        yield replace(step, other=None)


def _fewer_faults(step: Step) -> Iterator[Step]:
    for n in range(len(step.faults)):
        yield replace(step, faults=step.faults[:n] + step.faults[n + 1 :])
    if step.phone_fails:
        yield replace(step, phone_fails=None)
