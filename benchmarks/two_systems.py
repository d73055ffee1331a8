"""From one system to another through the hub, by requests and CPU: the rows that are the same for all systems.

CPU is of this process alone, database and client libraries included; the servers are a process of their own. The peers:
what the client libraries themselves need to read as many items once, one request for each item that is written, and
the limit of one request for each collection where nothing has changed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.office_world import COLLECTIONS, World, world
from benchmarks.report import Row
from sync_engine.ports import Connector

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
def _servers(module: str, count: int) -> Iterator[Servers]:
    """Filled with so many items."""
    command = [sys.executable, "-m", module, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        made = Servers(process)
        made.told = made._heard()
        yield made
        assert process.stdin
        process.stdin.close()


@dataclass(frozen=True, slots=True)
class System:
    """One side, and what its own client library needs to read everything."""

    name: str  # for people
    front: str  # under which the servers count its requests
    library: str
    connect: Callable[[dict[str, Any]], Connector]  # from what the servers told
    read_all: Callable[[dict[str, Any], int], None]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two systems."""

    servers: str  # the module that runs them
    source: System
    target: System


@dataclass(frozen=True, slots=True)
class Cost:
    """Of some work."""

    requests: int
    cpu: float  # seconds


def measure(pair: Pair, count: int) -> list[Row]:
    """All rows of one size."""
    with _servers(pair.servers, count) as at, tempfile.TemporaryDirectory(prefix="bench-offices-") as folder:
        made = world(folder, {"source": pair.source.connect(at.told), "target": pair.target.connect(at.told)})
        try:
            return _Run(pair, count, at, made).rows()
        finally:
            made.close()


@dataclass(frozen=True, slots=True)
class _Run:
    pair: Pair
    count: int
    at: Servers
    made: World

    def rows(self) -> list[Row]:
        source, target, count = self.pair.source, self.pair.target, self.count
        read = self._costs(source, lambda: self.made.expect("source", pulled_new=count))
        listed = self._costs(source, lambda: source.read_all(self.at.told, count))
        written = self._costs(target, lambda: self.made.expect("target", pushed_new=count))
        library = self._costs(target, lambda: target.read_all(self.at.told, count))
        rows = [
            Row(
                f"first sync from {source.name}, {count:,} items",
                "requests",
                read.requests,
                source.library,
                listed.requests,
            ),
            Row(f"first sync from {source.name}, {count:,} items", "s CPU", read.cpu, source.library, listed.cpu),
            Row(f"first sync to {target.name}, {count:,} items", "requests", written.requests, "one each", count),
            Row(
                f"first sync to {target.name}, {count:,} items",
                "s CPU",
                written.cpu,
                f"{target.library} reads",
                library.cpu,
            ),
        ]
        self.made.settle()
        rows += self._no_change("source", source, listed) + self._no_change("target", target, library)
        return rows + self._changes(listed, library)

    def _costs(self, system: System, work: Callable[[], object]) -> Cost:
        self.at.ask("count")
        started = time.process_time()
        work()
        cpu = time.process_time() - started
        return Cost(self.at.ask("count")[system.front], cpu)

    def _no_change(self, name: str, system: System, peer: Cost) -> list[Row]:
        costs = [self._costs(system, lambda: self.made.expect(name)) for _ in range(ROUNDS)]
        each = statistics.median(cost.requests for cost in costs) / len(COLLECTIONS)
        cpu = statistics.median(cost.cpu for cost in costs)
        lists_all = f"{system.library} lists all"
        return [
            Row(
                f"no change, requests of a collection, {system.name}, {self.count:,} items", "requests", each, LIMIT, 1
            ),
            Row(f"no change, {system.name}, {self.count:,} items", "s CPU", cpu, lists_all, peer.cpu),
        ]

    def _changes(self, listed: Cost, library: Cost) -> list[Row]:
        source, target = self.pair.source, self.pair.target
        found = []
        for _ in range(3):
            self.at.ask(f"edit {CHANGES // 2}")
            pulled = self._costs(source, lambda: self.made.expect("source", pulled_changed=CHANGES))
            found.append((pulled, self._costs(target, lambda: self.made.expect("target", pushed_changed=CHANGES))))
        pulled, pushed = found[len(found) // 2]
        case = f"{CHANGES} changes, {self.count:,} items"
        read, wrote = f"{source.library} lists all", f"{target.library} lists all"
        return [
            Row(f"{case}, from {source.name}", "requests", pulled.requests, read, listed.requests),
            Row(f"{case}, from {source.name}", "s CPU", pulled.cpu, read, listed.cpu),
            Row(f"{case}, to {target.name}", "requests", pushed.requests, wrote, library.requests),
            Row(f"{case}, to {target.name}", "s CPU", pushed.cpu, wrote, library.cpu),
        ]


def all_sizes(pair: Pair, sizes: Sequence[int]) -> list[Row]:
    """The rows of each size."""
    return [row for count in sizes for row in measure(pair, count)]
