"""`make conformance`: suites by others against our gateway, Radicale and Xandikos, in one run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.conformance import ratchet
from tests.conformance.outcome import Outcome, Verdict
from tests.conformance.servers import OURS, SERVERS
from tests.conformance.suites import SUITES, outcome_of


def main() -> int:
    """Read the command line; 1 when our gateway does worse than is expected of it."""
    options = _options()
    folder = Path(options.keep or tempfile.mkdtemp(prefix="agendahub-conformance-"))
    found = {name: _of(name, options.suites or list(SUITES), folder) for name in options.servers or list(SERVERS)}
    print(_as_json(found) if options.json else _table(found, folder))
    ours = found.get(OURS, {})
    if options.update:
        ratchet.write(ours)
        return 0
    expected = ratchet.read()
    worse = [line for suite, outcome in ours.items() for line in ratchet.worse(suite, outcome, expected)]
    print(*worse, sep="\n", end="\n" if worse else "", file=sys.stderr)
    if any(ratchet.better(suite, outcome, expected) for suite, outcome in ours.items()):
        print("More passes than is expected: renew tests/conformance/expected.json (ARGS=--update).", file=sys.stderr)
    return 1 if worse else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make conformance")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--update", action="store_true", help="expect from now on what is found")
    parser.add_argument("--suites", nargs="*", choices=list(SUITES), help="these only")
    parser.add_argument("--servers", nargs="*", choices=list(SERVERS), help="these only")
    parser.add_argument("--keep", help="folder for what the suites print; a new one, if not told")
    return parser.parse_args()


def _of(server: str, suites: list[str], folder: Path) -> dict[str, Outcome]:
    """Each suite begins with a new server: none finds what another left."""
    found = {}
    for suite in suites:
        own = folder / server / suite.replace(" ", "-")
        (own / "server").mkdir(parents=True)
        with SERVERS[server](own / "server") as tested:
            found[suite] = outcome_of(suite, tested, own)
    return found


def _table(found: dict[str, dict[str, Outcome]], folder: Path) -> str:
    rows = [["", *found]]
    rows += [[suite, *(of[suite].shown() for of in found.values())] for suite in next(iter(found.values()))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    reasons = {outcome.why_not for of in found.values() for outcome in of.values() if outcome.why_not}
    failed = [
        f"{suite}: {name} failed" for suite, out in found.get(OURS, {}).items() for name in out.named(Verdict.FAILED)
    ]
    return "\n".join([*lines, *sorted(reasons), *failed, f"Details are in {folder}."])


def _as_json(found: dict[str, dict[str, Outcome]]) -> str:
    return json.dumps({server: {name: out.as_json() for name, out in of.items()} for server, of in found.items()})


if __name__ == "__main__":
    sys.exit(main())
