"""Bugs put into the engine, one at a time: the simulation, or the named test, must find each (`make mutants`).

A bug that nothing finds is a rule that nothing checks. The bugs are in `mutant_list`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.simulation.mutant_list import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
SEEDS = 800  # of the simulation, for a bug without a test of its own
_NEEDED = ("sync_engine", "connectors", "storage", "config", "dav_gateway", "agendahub", "tests", "pyproject.toml")
_SECONDS = 900  # on a busy machine
_PATCHES_THAT_DO_NOT_RUN = ("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "UnboundLocalError")
_HUNT = """
import sys
from tests.simulation.run import run_seed
from tests.simulation.__main__ import kept_seeds
for seed in (*kept_seeds(), *range({seeds})):
    outcome = run_seed(seed)
    if outcome.violation:
        print("VIOLATION", seed, outcome.violation[:300].replace(chr(10), " "))
        sys.exit(1)
"""


@dataclass(frozen=True)
class Found:
    """What came of one bug; ``by`` is empty when nothing found it."""

    name: str
    by: str
    seconds: float


def patched(mutant: Mutant, text: str) -> str:
    """The file with the bug. Raises ValueError when the file no longer has this place, or has it twice."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {mutant.file} has its place {text.count(mutant.old)} times")
    return text.replace(mutant.old, mutant.new)


def hunt(mutant: Mutant, seeds: int = SEEDS) -> Found:
    """Put the bug into a copy of the project, and look for it there."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        root = Path(folder)
        _copy_to(root)
        path = root / mutant.file
        path.write_text(patched(mutant, path.read_text()))
        by = found_by_test(mutant.test, root) if mutant.test else found_by_seed(root, seeds)
    if any(word in by for word in _PATCHES_THAT_DO_NOT_RUN):
        raise ValueError(f"{mutant.name}: the patch itself is wrong: {by}")
    return Found(mutant.name, by, time.monotonic() - began)


def _copy_to(root: Path) -> None:
    """With the compiled files: they are valid as long as their source is the same."""
    for name in _NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("fuzz", "torture", "acceptance"))
        else:
            shutil.copy2(source, root)


def found_by_seed(root: Path, seeds: int) -> str:
    """The first seed that fails, and why; empty: none does."""
    command = [sys.executable, "-c", _HUNT.format(seeds=seeds)]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return "it never ends"
    if not done.returncode:
        return ""
    if not done.stdout.startswith("VIOLATION"):
        raise ValueError(f"the simulation did not run: {done.stderr[-2000:]}")
    return done.stdout.strip().replace("VIOLATION", "seed")


def found_by_test(test: str, root: Path) -> str:
    """The test that fails, and why; empty: none does. `test` may name several."""
    options = ["-q", "-x", "--no-header", "--tb=line", "-p", "no:cacheprovider", "-p", "tests.simulation.no_shrinking"]
    if "postgresql" not in test:
        options += ["-k", "not postgresql"]  # one database is enough
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *test.split()],
        cwd=root, env={**os.environ, "COLUMNS": "400"}, capture_output=True, text=True, check=False, timeout=_SECONDS,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode != 1 or not failed:
        raise ValueError(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed[0].partition(" ")[2].rpartition("::")[2]


def _the_engine_itself(mutants: list[Mutant]) -> str:
    """What fails without a bug kills none: empty when all is well."""
    tests = " ".join(sorted({test for m in mutants for test in m.test.split()}))
    with ThreadPoolExecutor(2) as pool:
        seeds = pool.submit(found_by_seed, ROOT, SEEDS if any(not m.test for m in mutants) else 0)
        named = pool.submit(found_by_test, tests, ROOT) if tests else None
        return seeds.result() or (named.result() if named else "")


def main() -> int:
    """Hunt all, or those whose name contains the words given; a table, or JSON."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("words", nargs="*", help="a part of the name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    wanted = parser.parse_args()
    mutants = [m for m in MUTANTS if " ".join(wanted.words) in m.name]
    if fails := _the_engine_itself(mutants):
        print(f"Without any bug in the engine this fails: {fails}", file=sys.stderr)
        return 1
    found: list[Found] = []
    with ThreadPoolExecutor(2) as pool:
        for one in pool.map(hunt, mutants):
            found.append(one)
            if not wanted.json:
                print(f"{one.name:48}{one.by[:100] or 'SURVIVED'}  {one.seconds:.0f} s", flush=True)
    survivors = [one.name for one in found if not one.by]
    if wanted.json:
        print(json.dumps({"mutants": [asdict(one) for one in found], "survivors": survivors}, indent=2))
    else:
        print(f"{len(found)} mutants, {len(found) - len(survivors)} killed, {len(survivors)} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
