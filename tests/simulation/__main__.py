"""`python -m tests.simulation --seeds 20000`, or `--seed 123` to see one run."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.simulation.chaos import Fault
from tests.simulation.run import Outcome, run, run_seed
from tests.simulation.scenario import scenario
from tests.simulation.shrink import shrink

SEEDS = Path(__file__).with_name("seeds.txt")
_EACH = 1000 / 20_000  # how often each kind of fault must strike, for each run


def kept_seeds() -> list[int]:
    """Seeds that failed once."""
    lines = SEEDS.read_text().splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def keep(seed: int, words: str) -> None:
    """Replay it for ever."""
    if seed not in kept_seeds():
        with SEEDS.open("a") as file:
            file.write(f"{seed}  # {words[:90]}\n")


def show(seed: int, *, small: bool) -> int:
    """Run one seed, print what happened."""
    found = scenario(seed)
    outcome = run(found)
    if outcome.violation and small:
        found, outcome = shrink(found, outcome)
        outcome = run(found, lines=True)
    elif not outcome.violation:
        outcome = run(found, lines=True)
    print(*(f"{n}: {nature}" for n, nature in enumerate(found.natures)), sep="\n")
    print(*(f"{n}: {policy}" for n, policy in enumerate(found.policies)), sep="\n")
    print(f"at first: {found.beginning}")
    print(*(outcome.trace.lines or ()), sep="\n")
    print(f"seed {seed}: {outcome.violation or 'no violation'} {outcome.where}\ntrace {outcome.trace.digest}")
    return 1 if outcome.violation else 0


def _failed(outcome: Outcome) -> None:
    _, small = shrink(scenario(outcome.seed), outcome)
    print(f"seed {outcome.seed}: {small.violation} ({small.where})")
    print(f"  replay: make simulate SEED={outcome.seed}", flush=True)
    keep(outcome.seed, outcome.violation)


def many(first: int, count: int) -> int:
    """Run seeds; print runs, requests and faults by kind."""
    began, faults, requests, failed = time.monotonic(), Counter[str](), 0, 0
    for seed in (*kept_seeds(), *range(first, first + count)):
        outcome = run_seed(seed)
        faults.update(outcome.trace.faults)
        requests += outcome.trace.requests
        if outcome.violation:
            failed += 1
            _failed(outcome)
    seconds = time.monotonic() - began
    print(f"{count:,} runs, {failed} violations, {requests:,} requests, {sum(faults.values()):,} faults; ", end="")
    print(f"{seconds:.0f} s, {count / seconds:.0f} runs/s")
    print(*(f"{faults[fault]:9,} {fault}" for fault in Fault), sep="\n")
    rare = [fault for fault in Fault if faults[fault] < count * _EACH]
    if rare and count >= 1000:
        print(f"too rare: {', '.join(rare)}")
    return 1 if failed or (rare and count >= 1000) else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=20_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="where to begin")
    parser.add_argument("--seed", type=int, help="show this one")
    parser.add_argument("--whole", action="store_true", help="do not shrink the one that is shown")
    wanted = parser.parse_args()
    if wanted.seed is not None:
        return show(wanted.seed, small=not wanted.whole)
    return many(wanted.first, wanted.seeds)


if __name__ == "__main__":
    sys.exit(main())
