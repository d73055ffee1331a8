"""`python -m tests.simulation --seeds 20000`, or `--seed 123` to see one run."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.many import many
from tests.simulation.run import run
from tests.simulation.scenario import scenario
from tests.simulation.seeds import kept_seeds
from tests.simulation.shrink import shrink

__all__ = ["kept_seeds", "main"]


def show(seed: int, *, small: bool) -> int:
    """Run one seed, print what happened: of a failure, its smallest form."""
    found = scenario(seed)
    outcome = run(found, lines=True)
    if outcome.violation and small:
        found, _ = shrink(found, outcome)
        outcome = run(found, lines=True)
    print(*(f"{n}: {nature}" for n, nature in enumerate(found.natures)), sep="\n")
    print(*(f"{n}: {policy}" for n, policy in enumerate(found.policies)), sep="\n")
    print(f"at first: {found.beginning}")
    print(*(outcome.trace.lines or ()), sep="\n")
    print(f"seed {seed}: {outcome.violation or 'no violation'} {outcome.where}\ntrace {outcome.trace.digest}")
    return 1 if outcome.violation else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=20_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="where to begin")
    parser.add_argument("--seed", type=int, help="show this one")
    parser.add_argument("--whole", action="store_true", help="do not shrink the one that is shown")
    parser.add_argument("--json", action="store_true", help="for programs: one line")
    parser.add_argument("--processes", type=int, default=0, help="as many as there are cores, if not told")
    wanted = parser.parse_args()
    if wanted.seed is not None:
        return show(wanted.seed, small=not wanted.whole)
    seeds = [*range(wanted.first, wanted.first + wanted.seeds)]
    return many(seeds, as_json=wanted.json, processes=wanted.processes)


if __name__ == "__main__":
    sys.exit(main())
