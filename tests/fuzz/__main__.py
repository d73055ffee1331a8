"""`make fuzz SECONDS=60`: inputs that nobody would send, to everything that reads what others send."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import time
from pathlib import Path

from tests.fuzz.guard import bound_memory
from tests.fuzz.run import Fault, Report, all_targets, fuzz, input_of
from tests.fuzz.seeds import load
from tests.fuzz.shrink import shrink
from tests.fuzz.targets import Target

FOUND = Path(__file__).with_name("found")


def keep(target: Target, fault: Fault) -> Path:
    """Save a small input for ever: `make test` replays it."""
    small = shrink(target, fault.raw, fault.what)
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{target.name}-{hashlib.sha256(small).hexdigest()[:10]}"
    path.write_bytes(small)
    return path


def main() -> int:
    """Read the command line, run, tell."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", default="", help="the same inputs again; else others each time")
    parser.add_argument("--target", default="", help="only this one")
    parser.add_argument("--number", type=int, default=0, help="only this input of the seed and target: print it")
    parser.add_argument("--own", action="store_true", help="without the corpora beside the project")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    seeds = load(corpora=not given.own)
    targets = [one for one in all_targets(seeds) if given.target in ("", one.name)]
    seed = given.seed or str(time.time_ns())
    try:
        if given.number:
            sys.stdout.buffer.write(input_of(targets[0], seed, given.number))
            return 0
        bound_memory()
        print(f"seed {seed}, {len(seeds.items)} samples{', with corpora' * seeds.from_outside}", file=sys.stderr)
        report = fuzz(targets, seed, given.seconds, _progress)
        return _tell(report, targets, seed, as_json=given.json)
    finally:
        for target in targets:
            target.close()


def _progress(report: Report) -> None:
    if sys.stderr.isatty():
        print(f"\r{report.line()}", end="", file=sys.stderr, flush=True)


def _tell(report: Report, targets: list[Target], seed: str, *, as_json: bool) -> int:
    print(file=sys.stderr)
    by_name = {target.name: target for target in targets}
    for fault in report.faults.values():
        print(f"FAULT {fault.what}\n{fault.told}", file=sys.stderr)
        print(f"  again: make fuzz SEED={seed} ARGS='--target {fault.target} --number {fault.number}'", file=sys.stderr)
        print(f"  small: {keep(by_name[fault.target], fault)} (look at it before you commit it)", file=sys.stderr)
    if as_json:
        print(json.dumps(_as_json(report, seed), indent=1))
        return 1 if report.faults else 0
    for name, (inputs, accepted) in report.by_target.items():
        print(f"  {name:10} {inputs:9,} inputs {accepted:9,} accepted")
    print(f"{report.line()}, memory grew by {report.memory >> 20} MiB")
    return 1 if report.faults else 0


def _as_json(report: Report, seed: str) -> dict[str, object]:
    return {
        "seed": seed,
        "inputs": report.inputs,
        "accepted": report.accepted,
        "refused": report.inputs - report.accepted,
        "slowest_ms": round(report.slowest * 1000, 1),
        "memory_mib": report.memory >> 20,
        "targets": {name: dict(zip(("inputs", "accepted"), n, strict=True)) for name, n in report.by_target.items()},
        "faults": [fault.what for fault in report.faults.values()],
    }


if __name__ == "__main__":
    sys.exit(main())
