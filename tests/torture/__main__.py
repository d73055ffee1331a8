"""`make torture KILLS=1000`: real processes, killed and starved, on SQLite and PostgreSQL. INTAKE=500: mails alone."""

from __future__ import annotations

import argparse
import random
import sys
import time
from contextlib import nullcontext
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.servers import dovecot
from tests.torture import intake_kills
from tests.torture.disasters import DISASTERS
from tests.torture.report import Report
from tests.torture.run import Failed, run, usual

KINDS = ("sqlite", "postgresql")


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--store", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--intake", type=int, help="how many kills of the intake of mails; nothing else is done then")
    for name in DISASTERS:
        parser.add_argument(f"--{name}s", type=int, help="how many; in proportion to the kills if not given")
    wanted = parser.parse_args()
    kinds = KINDS if wanted.store == "both" else (wanted.store,)
    console, report, began = Console(), Report(), time.monotonic()
    if wanted.intake:
        return _kill_intake(kinds, wanted, console)
    for kind in kinds:
        try:
            report.add(_run(kind, wanted, len(kinds), console))
        except Failed as err:
            console.print(str(err), markup=False, highlight=False)
            return 1
    console.print(f"{report}\n{time.monotonic() - began:.0f} s, seed {wanted.seed}", markup=False, highlight=False)
    return 0


def _kill_intake(kinds: tuple[str, ...], wanted: argparse.Namespace, console: Console) -> int:
    """On each store; the mails lie in a real IMAP server where there is one."""
    with nullcontext() if dovecot.why_not() else dovecot.dovecot() as server:
        console.print(dovecot.why_not() or "mails lie in Dovecot", markup=False)
        for kind in kinds:
            began, kills = time.monotonic(), -(-wanted.intake // len(kinds))
            with _progress(console) as progress:
                bar = progress.add_task(f"{kind}, intake, seed {wanted.seed}", total=kills)
                try:
                    world = intake_kills.run(kind, wanted.seed, kills, partial(progress.advance, bar), server)
                except AssertionError as err:
                    console.print(str(err), markup=False, highlight=False)
                    return 1
            lines = [kind, *intake_kills.as_lines(world), f"{time.monotonic() - began:.0f} s, seed {wanted.seed}"]
            console.print("\n".join(lines), markup=False, highlight=False)
    return 0


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TimeRemainingColumn())  # fmt: skip
    return Progress(*columns, console=console)


def _run(kind: str, wanted: argparse.Namespace, shares: int, console: Console) -> Report:
    kills = 100 if wanted.kills is None else wanted.kills
    counts = usual(-(-kills // shares), kind) if kills else dict.fromkeys(DISASTERS, 0)
    for name in DISASTERS:
        if (given := getattr(wanted, f"{name}s")) is not None and name != "kill":
            counts[name] = given
    with _progress(console) as progress:
        bar = progress.add_task(f"{kind}, seed {wanted.seed}", total=sum(counts.values()))
        return run(kind, wanted.seed, counts, lambda what: progress.update(bar, advance=1, refresh=True))


if __name__ == "__main__":
    sys.exit(main())
