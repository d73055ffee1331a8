"""The simulation in the test run: as many seeds as fit, and every seed that failed once."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from sync_engine.brake import Brake
from tests.simulation.chaos import Fault
from tests.simulation.many import LEAST, OF, Totals, ran, show_progress
from tests.simulation.run import run, run_seed
from tests.simulation.scenario import Scenario, calm, scenario
from tests.simulation.seeds import kept_seeds
from tests.simulation.shrink import shrink

ROOT = Path(__file__).parents[2]
CHUNKS, EACH = 10, 500


def _run(seeds: range) -> Totals:
    totals = Totals()
    for seed in seeds:
        totals.add(ran(seed))
        assert not totals.violations, f"{totals.violations}\nreplay: make simulate SEED={seed}"
    return totals


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_all_that_must_hold_holds_whatever_happens(chunk: int) -> None:
    totals = _run(range(chunk * EACH, (chunk + 1) * EACH))
    assert totals.runs == EACH
    enough = EACH * LEAST / OF / 2  # a part is small, and chance has its way: half of what 20,000 runs need
    assert [fault for fault in Fault if totals.faults[fault] < enough] == []


def test_some_runs() -> None:
    assert _run(range(10_000_000, 10_000_060)).faults.total() > 60


@pytest.mark.parametrize("seed", kept_seeds())
def test_a_seed_that_failed_once(seed: int) -> None:
    assert run_seed(seed).violation == ""


def test_a_seed_is_the_same_run_again_in_any_process() -> None:
    program = "from tests.simulation.run import run_seed; print(*(run_seed(n).trace.digest for n in range(60)))"
    digests = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": number}, check=True, capture_output=True, text=True,
        ).stdout
        for number in ("1", "2")
    ]  # fmt: skip
    assert digests[0] == digests[1]
    assert len(set(digests[0].split())) == 60


# ---------------------------------------------------------------- people and chaos are drawn apart


def _people(found: Scenario) -> list[object]:
    return [(s.actions, s.between, s.other, s.binding) for s in found.steps] + [found.policies, found.beginning]


def test_people_do_the_same_whatever_goes_wrong() -> None:
    for seed in range(50):
        found, elsewhere = scenario(seed), scenario(seed, chaos_seed=seed + 1)
        assert _people(found) == _people(elsewhere) == _people(calm(found))
        assert [s.faults for s in found.steps] != [s.faults for s in elsewhere.steps]


def test_without_faults_the_same_people_meet_none() -> None:
    struck = 0
    for seed in range(40):
        found = scenario(seed)
        outcome = run(calm(found))
        assert (outcome.violation, outcome.trace.faults.total()) == ("", 0)
        struck += run(found).trace.faults.total()
    assert struck > 40


# ---------------------------------------------------------------- a failure is found, cut down and told


def test_a_failure_is_cut_down_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Brake, "holds", lambda *_: set())
    failed = next(outcome for seed in range(300) if (outcome := run_seed(seed)).violation)
    found = scenario(failed.seed)
    small, outcome = shrink(found, failed)
    assert outcome.violation
    assert len(small.steps) < len(found.steps)
    assert len(small.steps) <= 6
    assert sum(len(step.faults) for step in small.steps) == 0  # a missing brake needs no fault
    assert run(small, lines=True).trace.digest == outcome.trace.digest
    monkeypatch.undo()
    assert run(small).violation == ""


def test_what_it_prints() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "30", "--processes", "2"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert told.stdout.startswith("30 runs, 0 violations, ")
    assert "faults by kind: crash before " in told.stdout
    assert told.stderr == ""  # no bar where nobody looks
    found = json.loads(subprocess.run([*command, "--json"], cwd=ROOT, check=True, capture_output=True).stdout)
    assert found["runs"] == 30
    assert found["faults"].keys() == set(Fault)
    assert f"{found['requests']} requests" in told.stdout


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for done in range(1, 101):
        show_progress(done, 100, 1)
    assert terminal.getvalue().count("\r") == 4
    assert terminal.getvalue().endswith(f"\r[{'#' * 40}] 100/100, 1 failed\n")


def test_a_kind_of_fault_that_hardly_strikes_is_told() -> None:
    totals = Totals(runs=2000)
    totals.faults.update(dict.fromkeys(Fault, 100))
    assert not totals.failed
    assert replace(totals, faults=totals.faults - Counter({Fault.EMPTY: 1})).rare == [Fault.EMPTY]
