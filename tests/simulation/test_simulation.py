"""The simulation in the test run: as many seeds as fit, and every seed that failed once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.__main__ import kept_seeds
from tests.simulation.chaos import Fault
from tests.simulation.run import run_seed

ROOT = Path(__file__).parents[2]
CHUNKS, EACH = 20, 250
_RARE = EACH / 20  # as 1,000 in 20,000 runs, for one chunk


def _run(seeds: range) -> Counter[str]:
    faults = Counter[str]()
    for seed in seeds:
        outcome = run_seed(seed)
        assert not outcome.violation, f"{outcome.violation}\nreplay: make simulate SEED={seed}"
        faults.update(outcome.trace.faults)
    return faults


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_all_that_must_hold_holds_whatever_happens(chunk: int) -> None:
    faults = _run(range(chunk * EACH, (chunk + 1) * EACH))
    assert [fault for fault in Fault if faults[fault] < _RARE / 2] == []  # a chunk is small: half of what 20,000 need


def test_some_runs() -> None:
    assert _run(range(10_000_000, 10_000_060)).total() > 60


@pytest.mark.parametrize("seed", kept_seeds())
def test_a_seed_that_failed_once(seed: int) -> None:
    assert run_seed(seed).violation == ""


def test_a_seed_is_the_same_run_again_in_any_process() -> None:
    program = "from tests.simulation.run import run_seed; print(*(run_seed(n).trace.digest for n in range(40)))"
    digests = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": number}, check=True, capture_output=True, text=True,
        ).stdout
        for number in ("1", "2")
    ]  # fmt: skip
    assert digests[0] == digests[1]
    assert len(set(digests[0].split())) == 40
