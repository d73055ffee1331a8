"""Two-way sync between two real servers beside vdirsyncer, on the same data in the same run: `make bench-sync`.

Xandikos (A) is filled, Radicale (B) starts empty; each program has its own pair of calendars there. Measured are whole
processes, for both alike: wall clock, CPU of the process alone (not of the servers) and the requests that reached the
servers. The hub keeps its store as durable as in production. The work is also measured in a process that
runs already, for a daemon does not start anew: that is how AgendaHub is run.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import process_cost, sync_ours, sync_vdirsyncer
from benchmarks.process_cost import Cost, Running
from benchmarks.report import Row, show
from benchmarks.sample_events import edited, events
from benchmarks.servers import Side, fill, two_servers

PEER = "vdirsyncer"
ROUNDS = 15  # of the daemon, without a change
CHANGED_AT_A, CHANGED_AT_B, DELETED_AT_A = range(4), range(4, 7), 7  # numbers of the events, in the first lot


@dataclass(frozen=True, slots=True)
class Client:
    """A program that syncs its own pair of calendars."""

    name: str
    collection: str
    command: Sequence[str]


@dataclass(slots=True)
class Stage:
    """The servers and the clients of one size."""

    count: int
    folder: Path
    sides: tuple[Side, Side]
    clients: tuple[Client, Client]  # ours first
    rows: list[Row] = field(default_factory=list)

    def run(self, client: Client) -> tuple[Cost, int]:
        """One sync; what it cost, and how many requests the servers got."""
        before = sum(side.relay.requests for side in self.sides)
        cost = process_cost.run(client.command)
        return cost, sum(side.relay.requests for side in self.sides) - before

    def case(self, title: str, *, times: int = 1) -> list[list[Cost]]:
        """Let both sync in turn; notes the medians. Returns what each run cost, by client."""
        runs = [[self.run(client) for client in self.clients] for _ in range(times)]
        costs = [[cost for cost, _ in column] for column in zip(*runs, strict=True)]
        asked = [[requests for _, requests in column] for column in zip(*runs, strict=True)]
        self._note(title, "s wall", [_median([c.wall for c in column]) for column in costs])
        self._note(title, "s CPU", [_median([c.cpu for c in column]) for column in costs])
        self._note(title, "requests", [_median(column) for column in asked])
        return costs

    def _note(self, title: str, unit: str, values: Sequence[float]) -> None:
        self.rows.append(Row(f"{title}, {self.count:,} events", unit, values[0], PEER, values[1]))

    def in_the_daemon(self, idle: Cost, changed: Cost) -> float:
        """The same in a process that runs already, beside a run of the peer; least CPU of a round without change."""
        with process_cost.staying([*self.clients[0].command, "stay"]) as daemon:
            rounds = [self._work(daemon) for _ in range(ROUNDS)]
            assert not daemon.said["changes"], daemon.said
            self._note_daemon("no change, in the daemon", rounds, idle)
            change_ten(self.sides, self.clients[0].collection, self.count, lot=1)
            self._note_daemon("10 changes, in the daemon", [self._work(daemon)], changed)
        return min(cost.cpu for cost, _ in rounds)

    def _work(self, daemon: Running) -> tuple[Cost, int]:
        before = sum(side.relay.requests for side in self.sides)
        return daemon.work(), sum(side.relay.requests for side in self.sides) - before

    def _note_daemon(self, title: str, runs: Sequence[tuple[Cost, int]], peer: Cost) -> None:
        self._note(title, "s wall", [_median([cost.wall for cost, _ in runs]), peer.wall])
        self._note(title, "s CPU", [_median([cost.cpu for cost, _ in runs]), peer.cpu])

    def check(self) -> None:
        """Both sides of both pairs must hold the same, else the figures mean nothing."""
        for client in self.clients:
            here, there = (side.titles(client.collection) for side in self.sides)
            if here != there:
                odd = sorted(here.items() ^ there.items())[:5]
                raise RuntimeError(f"after {client.name} the two servers differ: {odd}")


def measure(count: int, folder: Path) -> tuple[list[Row], float]:
    """All cases with `count` events; the rows, and the CPU of a round without a change."""
    folder.mkdir()
    with two_servers(folder) as sides:
        texts = {f"{uid}.ics": text for uid, text in events(count)}
        stage = Stage(count, folder, sides, _clients(folder))
        warm_up(sides)
        for client, prepare in zip(stage.clients, (sync_ours.prepare, sync_vdirsyncer.prepare), strict=True):
            _say(f"{count:,} events: preparing {client.name}")
            _set_up(folder, sides, client, texts, prepare)
        _say(f"{count:,} events: first sync")
        stage.case("first sync")
        stage.check()
        _say(f"{count:,} events: no change")
        idle = stage.case("no change", times=3)
        _say(f"{count:,} events: 10 changes")
        for client in stage.clients:
            change_ten(sides, client.collection, count)
        changed = stage.case("10 changes")
        stage.check()
        cpu = stage.in_the_daemon(min(idle[1], key=lambda cost: cost.cpu), changed[1][0])
        stage.check()
        return stage.rows, cpu


def _clients(folder: Path) -> tuple[Client, Client]:
    ours = [sys.executable, "-m", "benchmarks.sync_ours", str(folder / "ours")]
    return (
        Client("AgendaHub", "ours", ours),
        Client(PEER, "theirs", sync_vdirsyncer.command(folder / "theirs")),
    )


def _set_up(
    folder: Path,
    sides: tuple[Side, Side],
    client: Client,
    texts: Mapping[str, str],
    prepare: Callable[[Path, Mapping[str, Mapping[str, str]]], None],
) -> None:
    fill(folder, sides[0], client.collection, texts)
    sides[1].make(client.collection)
    told = {
        side.name: {
            "url": side.counted_url,
            "username": side.server.username,
            "password": side.server.password,
            "path": side.path(client.collection),
        }
        for side in sides
    }
    prepare(folder / client.collection, told)


def warm_up(sides: tuple[Side, Side]) -> None:
    """The first client shall not pay for what a server does but once."""
    for side in sides:
        side.make("warm")
        for uid, text in events(50):
            side.put("warm", f"{uid}.ics", text)
        side.texts("warm")


def change_ten(sides: tuple[Side, Side], collection: str, count: int, lot: int = 0) -> None:
    """Somebody edits seven events, three of them at B, deletes one and makes one at each side. Others in each lot."""
    made = dict(events(count + 2 * (lot + 1)))
    uids = list(made)
    for side, numbers in zip(sides, (CHANGED_AT_A, CHANGED_AT_B), strict=True):
        names = side.names_by_uid(collection)
        for number in numbers:
            name = names[uids[number + 10 * lot]]
            side.put(collection, name, edited(side.get(collection, name)))
    sides[0].delete(collection, f"{uids[DELETED_AT_A + 10 * lot]}.ics")
    for side, uid in zip(sides, uids[-2:], strict=True):
        side.put(collection, f"{uid}.ics", made[uid])


def start_up() -> list[Row]:
    """What both spend before they do anything: starting Python and importing themselves."""
    ours = [sys.executable, "-c", "import benchmarks.sync_ours, connectors.dav, storage.database"]
    theirs = [sync_vdirsyncer.command(Path())[0], "--version"]
    runs = [[process_cost.run(command) for command in (ours, theirs)] for _ in range(3)]
    cpu = [_median([cost.cpu for cost in column]) for column in zip(*runs, strict=True)]
    return [Row("start of the program alone", "s CPU", cpu[0], PEER, cpu[1])]


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-sync", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--events", type=int, nargs="+", default=[1000, 5000], help="sizes of the calendar")
    parser.add_argument("--keep", action="store_true", help="leave the folder with all data")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="bench-sync-"))
    rows, idle = start_up(), {}
    try:
        for count in options.events:
            found, idle[count] = measure(count, folder / str(count))
            rows += found
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if len(idle) > 1:
        least, most = min(idle), max(idle)
        title = f"CPU of a cycle without a change, {most:,} beside {least:,} events"
        rows.append(Row(title, "x", idle[most] / idle[least], "limit", 1.0))
    show("Sync between Xandikos and Radicale", rows, as_json=options.json)


if __name__ == "__main__":
    main()
