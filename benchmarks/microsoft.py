"""Microsoft 365 to Exchange through the hub, by requests and CPU: `make bench-microsoft`.

Half of the items are contacts, half are events, a tenth of these series. They are read from one mailbox by the
``microsoft365`` connector and written to another by ``exchange``; nothing has changed; ten are edited. CPU is of this
process alone, database and client libraries included; the servers are a process of their own. The peers: what the
client libraries themselves need to read as many items once (O365's and exchangelib's own lists), and the limit of one
request for each collection where nothing has changed.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.microsoft_peers import read_by_exchangelib, read_by_o365
from benchmarks.microsoft_world import COLLECTIONS, World, world
from benchmarks.report import Row, show

SIZES = (1000, 5000)
ROUNDS = 7  # of what is cheap
CHANGES = 10
LIMIT = "limit"


@dataclass(slots=True)
class Servers:
    """The other process."""

    process: subprocess.Popen[str]
    told: dict[str, Any] = field(default_factory=dict)

    def ask(self, line: str) -> dict[str, int]:
        """Send a line; the requests since the last time."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        assert self.process.stdout
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@contextmanager
def servers(count: int) -> Iterator[Servers]:
    """Filled with so many items."""
    command = [sys.executable, "-m", "benchmarks.microsoft_servers", str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        made = Servers(process)
        made.told = made._heard()
        yield made
        assert process.stdin
        process.stdin.close()


@dataclass(frozen=True, slots=True)
class Cost:
    """Of some work."""

    requests: int
    cpu: float  # seconds


def _costs(at: Servers, front: str, work: Callable[[], object]) -> Cost:
    at.ask("count")
    started = time.process_time()
    work()
    cpu = time.process_time() - started
    return Cost(at.ask("count")[front], cpu)


def measure(count: int) -> list[Row]:
    """All rows of one size."""
    with servers(count) as at, tempfile.TemporaryDirectory(prefix="bench-microsoft-") as folder:
        made = world(folder, at.told)
        try:
            return _measured(count, at, made)
        finally:
            made.close()


def _measured(count: int, at: Servers, made: World) -> list[Row]:
    read = _costs(at, "graph", lambda: made.expect("cloud", pulled_new=count))
    o365 = _costs(at, "graph", lambda: read_by_o365(at.told, count))
    written = _costs(at, "ews", lambda: made.expect("outlook", pushed_new=count))
    library = _costs(at, "ews", lambda: read_by_exchangelib(at.told, count))
    rows = [
        Row(f"first sync from Microsoft 365, {count:,} items", "requests", read.requests, "O365", o365.requests),
        Row(f"first sync from Microsoft 365, {count:,} items", "s CPU", read.cpu, "O365", o365.cpu),
        Row(f"first sync to Exchange, {count:,} items", "requests", written.requests, "one each", count),
        Row(f"first sync to Exchange, {count:,} items", "s CPU", written.cpu, "exchangelib reads", library.cpu),
    ]
    made.settle()
    for name, front, peer in (("cloud", "graph", o365), ("outlook", "ews", library)):
        rows += _no_change(count, at, made, name, front, peer)
    return rows + _changes(count, at, made, o365, library)


def _no_change(count: int, at: Servers, made: World, name: str, front: str, peer: Cost) -> list[Row]:
    costs = [_costs(at, front, lambda: made.expect(name)) for _ in range(ROUNDS)]
    each = statistics.median(cost.requests for cost in costs) / len(COLLECTIONS)
    cpu = statistics.median(cost.cpu for cost in costs)
    system = {"cloud": "Microsoft 365", "outlook": "Exchange"}[name]
    library = {"cloud": "O365 lists all", "outlook": "exchangelib lists all"}[name]
    return [
        Row(f"no change, requests of a collection, {system}, {count:,} items", "requests", each, LIMIT, 1),
        Row(f"no change, {system}, {count:,} items", "s CPU", cpu, library, peer.cpu),
    ]


def _changes(count: int, at: Servers, made: World, o365: Cost, library: Cost) -> list[Row]:
    found = []
    for _ in range(3):
        at.ask(f"edit {CHANGES // 2}")
        pulled = _costs(at, "graph", lambda: made.expect("cloud", pulled_changed=CHANGES))
        found.append((pulled, _costs(at, "ews", lambda: made.expect("outlook", pushed_changed=CHANGES))))
    pulled, pushed = found[len(found) // 2]
    case = f"{CHANGES} changes, {count:,} items"
    return [
        Row(f"{case}, from Microsoft 365", "requests", pulled.requests, "O365 lists all", o365.requests),
        Row(f"{case}, from Microsoft 365", "s CPU", pulled.cpu, "O365 lists all", o365.cpu),
        Row(f"{case}, to Exchange", "requests", pushed.requests, "exchangelib lists all", library.requests),
        Row(f"{case}, to Exchange", "s CPU", pushed.cpu, "exchangelib lists all", library.cpu),
    ]


def main(words: Sequence[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="make bench-microsoft ARGS=...", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many items there are")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    logging.getLogger("O365").setLevel(logging.CRITICAL)  # it calls every expected 4xx an error
    rows = [row for count in options.sizes for row in measure(count)]
    show("Microsoft 365 to Exchange through the hub; a ratio above 1 is better", rows, as_json=options.json)


if __name__ == "__main__":
    main()
