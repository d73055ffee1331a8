"""Many seeds on all cores: runs, violations, requests, faults by kind."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import TextIO

from tests.simulation.chaos import Fault
from tests.simulation.run import run_seed
from tests.simulation.scenario import scenario
from tests.simulation.seeds import keep
from tests.simulation.shrink import shrink

LEAST = 1000  # times that each kind of fault must strike ...
OF = 20_000  # ... in so many runs
_CHUNK = 25  # seeds that a process gets at once
_WIDTH = 40  # of the bar
_FEW = 1000  # runs, below which rare faults are not worth a word


@dataclass(frozen=True)
class Ran:
    """What is told of one run."""

    seed: int
    violation: str
    requests: int
    faults: Counter[str]


def ran(seed: int) -> Ran:
    """Carry it out."""
    outcome = run_seed(seed)
    return Ran(seed, outcome.violation, outcome.trace.requests, outcome.trace.faults)


@dataclass
class Totals:
    """What came of all runs."""

    runs: int = 0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, outcome: Ran) -> None:
        """Count one run."""
        self.runs += 1
        self.requests += outcome.requests
        self.faults.update(outcome.faults)
        if outcome.violation:
            self.violations[outcome.seed] = outcome.violation

    @property
    def rare(self) -> list[str]:
        """Kinds of faults that struck too seldom to say anything."""
        return [fault for fault in Fault if self.faults[fault] * OF < LEAST * self.runs] if self.runs >= _FEW else []

    @property
    def failed(self) -> bool:
        """Whether anybody must look at it."""
        return bool(self.violations or self.rare)

    def __str__(self) -> str:
        kinds = ", ".join(f"{fault} {self.faults[fault]}" for fault in Fault)
        begin = f"{self.runs} runs, {len(self.violations)} violations, {self.requests} requests"
        return f"{begin}, faults by kind: {kinds}"

    def as_json(self) -> str:
        """The same for programs, one line."""
        kinds = {fault.value: self.faults[fault] for fault in Fault}
        values = {"runs": self.runs, "requests": self.requests, "faults": kinds, "too_rare": self.rare}
        failures = [{"seed": seed, "violation": words} for seed, words in sorted(self.violations.items())]
        return json.dumps(values | {"violations": failures, "seconds": round(self.seconds, 1)})


def many(seeds: Sequence[int], *, as_json: bool, processes: int = 0) -> int:
    """Run them and print what came of it. 1 for a violation, or a kind of fault that struck too seldom."""
    began, totals = time.monotonic(), Totals()
    for outcome in _outcomes(seeds, processes or os.cpu_count() or 1):
        totals.add(outcome)
        show_progress(totals.runs, len(seeds), len(totals.violations))
        if outcome.violation:
            _report(outcome.seed, to=sys.stderr if as_json else sys.stdout)
    totals.seconds = time.monotonic() - began
    print(totals.as_json() if as_json else totals)
    if not as_json:
        print(f"{totals.seconds:.0f} s, {totals.runs / max(totals.seconds, 0.01):.0f} runs/s")
        if totals.rare:
            print(f"too rare: {', '.join(totals.rare)}")
    return int(totals.failed)


def _outcomes(seeds: Sequence[int], processes: int) -> Iterator[Ran]:
    if processes == 1 or len(seeds) <= _CHUNK:
        yield from map(ran, seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(ran, seeds, chunksize=_CHUNK)


def show_progress(done: int, of: int, failed: int) -> None:
    """A bar, on a terminal only."""
    if not sys.stderr.isatty() or (done % _CHUNK and done != of):
        return
    full = _WIDTH * done // of
    print(f"\r[{'#' * full}{'.' * (_WIDTH - full)}] {done:,}/{of:,}, {failed} failed", end="", file=sys.stderr)
    print("" if done < of else "\n", end="", file=sys.stderr, flush=True)


def _report(seed: int, to: TextIO) -> None:
    """The smallest scenario that fails so, and how to see it."""
    found = run_seed(seed)
    _, small = shrink(scenario(seed), found)
    print(f"seed {seed}: {small.violation} ({small.where})", file=to)
    print(f"  replay: make simulate SEED={seed}", file=to, flush=True)
    keep(seed, found.violation)
