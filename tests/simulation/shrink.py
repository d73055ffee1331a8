"""Cut a failing scenario down: fewer steps, then fewer actions, then fewer faults, as long as it fails the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.run import Outcome, run
from tests.simulation.scenario import Scenario, Step

_MOST = 600  # runs


def shrink(found: Scenario, outcome: Outcome) -> tuple[Scenario, Outcome]:
    """The smallest scenario that was found, and what came of it."""
    wanted, tries, size = _sort(outcome), 0, -1
    while size != _size(found):
        size = _size(found)
        for smaller in (_fewer_steps, _fewer_actions, _fewer_faults):
            better: tuple[Scenario, Outcome] | None = (found, outcome)
            while better is not None and tries < _MOST:
                found, outcome = better
                better = None
                for candidate in smaller(found):
                    tries += 1
                    result = run(candidate)
                    if result.violation and _sort(result) == wanted:
                        better = candidate, result
                        break
    return found, outcome


def _size(found: Scenario) -> int:
    """Everything that happens."""
    each = (len(s.actions) + len(s.between) + len(s.faults) + bool(s.other) + bool(s.phone_fails) for s in found.steps)
    return len(found.steps) + sum(each) + sum(map(len, found.beginning))


def _sort(outcome: Outcome) -> str:
    """What kind of failure it is: its first words, whatever the item."""
    return re.sub(r"\W*\w*\d\w*\W*", " ", outcome.violation)[:24]


def _fewer_steps(found: Scenario) -> Iterator[Scenario]:
    size = len(found.steps)
    for length in dict.fromkeys((size // 2, size // 4, 1)):
        for start in range(0, size, max(length, 1)) if length else ():
            yield replace(found, steps=found.steps[:start] + found.steps[start + length :])


def _fewer_actions(found: Scenario) -> Iterator[Scenario]:
    for n, places in enumerate(found.beginning):
        if places:
            yield replace(found, beginning=(*found.beginning[:n], (), *found.beginning[n + 1 :]))
    yield from _lighter(found, _without_action)


def _fewer_faults(found: Scenario) -> Iterator[Scenario]:
    yield from _lighter(found, _without_fault)


def _lighter(found: Scenario, lighter: Callable[[Step], Iterator[Step]]) -> Iterator[Scenario]:
    for n, step in enumerate(found.steps):
        for other in lighter(step):
            yield replace(found, steps=(*found.steps[:n], other, *found.steps[n + 1 :]))


def _without_action(step: Step) -> Iterator[Step]:
    for n in range(len(step.actions)):
        yield replace(step, actions=step.actions[:n] + step.actions[n + 1 :])
    for n in range(len(step.between)):
        yield replace(step, between=step.between[:n] + step.between[n + 1 :])
    if step.other:
        yield replace(step, other=None)


def _without_fault(step: Step) -> Iterator[Step]:
    for n in range(len(step.faults)):
        yield replace(step, faults=step.faults[:n] + step.faults[n + 1 :])
    if step.phone_fails:
        yield replace(step, phone_fails=None)
