"""Many bindings and nothing new: what polling costs. `python -m benchmarks.engine_idle --bindings 200 --items 5000`

A hub with so many accounts, bindings and collections of so many events each, all in its database, and a DAV server on
loopback that answers every poll by its sync token. A round is one poll of each binding, by the daemon's own worker with
its kept connections. Then one calendar is edited, to show that the polls see. `--serve` runs the real daemon as well.
The peer is vdirsyncer with one pair of the same size, that server and files; a run of it is a process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from agendahub.connections import Connections
from agendahub.outcome import Result
from agendahub.work import Worker
from agendahub.workspace import Workspace
from benchmarks import process_cost
from benchmarks.idle_store import copy_first_binding
from benchmarks.report import Row, show
from config.loading import load
from storage import schema

ROUNDS = 5
EVERY = 60.0  # seconds between two polls of a binding
MOST = 20.0  # percent of a core
_VDIRSYNCER = """[general]
status_path = "{folder}/status/"

[pair bench]
a = "server"
b = "files"
collections = null

[storage server]
type = "caldav"
url = "{url}c0/"
username = "ada"
password = "secret"

[storage files]
type = "filesystem"
path = "{folder}/files"
fileext = ".ics"
"""


@contextmanager
def quiet_server(items: int) -> Iterator[str]:
    """The server's address."""
    command = [sys.executable, "-m", "benchmarks.quiet_dav", str(items)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.kill()


def configuration(folder: Path, url: str, bindings: int, port: int = 0) -> Path:
    """An account, a binding and a collection for each."""
    parts = [f'[sync]\ninterval = "60s"\nworkers = 4\n\n[server]\nport = {port}\n']
    for number in range(1, bindings + 1):
        parts.append(f'[[accounts]]\nname = "a{number}"\nurl = "{url}"\nusername = "ada"\nsecret = "env:IDLE_SECRET"\n')
        where = f'remote = "/c{number}/"\ncollection = "Calendar {number}"\nkinds = ["event"]\n'
        parts.append(f'[[bindings]]\nname = "b{number}"\naccount = "a{number}"\n{where}')
    path = folder / "agendahub.toml"
    path.write_text("\n".join(parts))
    os.environ["IDLE_SECRET"] = "secret"
    return path


class Hub:
    """The daemon's worker with its connections, and a clock of what it costs."""

    def __init__(self, config: Path) -> None:
        self.workspace = Workspace(load(config))
        schema.upgrade(self.workspace.loaded.database_url)
        self._worker = Worker(self.workspace, go_on=True)
        self._connections = Connections(self.workspace.connector)

    def poll(self, number: int) -> int:
        """One cycle of one binding; how many items were changed."""
        settings = self.workspace.settings.bindings[number]
        account = self.workspace.account(settings.account)
        connector = self._connections.lend(account)
        outcome = self._worker.cycle(settings, connector)
        self._connections.take_back(account, connector, keep=True)
        assert outcome.result is Result.OK, outcome.message
        return outcome.counts.changes

    def make_rows(self) -> None:
        """The rows of all bindings, in their order."""
        for settings in self.workspace.settings.bindings:
            account = self.workspace.account(settings.account)
            self._worker.bound(settings, self._connections.lend(account))

    def round(self) -> tuple[float, int]:
        """Poll all; seconds of CPU and things changed."""
        started = time.process_time()
        changed = sum(self.poll(number) for number in range(len(self.workspace.settings.bindings)))
        return time.process_time() - started, changed

    def close(self) -> None:
        """Give everything back."""
        self._connections.drop_idle()
        self.workspace.close()


def measure(folder: Path, url: str, bindings: int, items: int, serve: float) -> list[Row]:
    """All rows."""
    config = configuration(folder, url, bindings)
    hub = Hub(config)
    hub.make_rows()
    _say(f"first sync of {items:,} events")
    assert hub.poll(0) == items
    hub.close()
    _say(f"copying it for {bindings} bindings")
    there = copy_first_binding(folder / "agendahub.db", bindings)
    assert there == bindings * items, there
    hub = Hub(config)
    _say("polling")
    cpu = _idle_rounds(hub)
    _edit_one(hub, url, bindings)
    hub.close()
    title = f"{bindings} bindings x {items:,} items"
    peer = _vdirsyncer(folder, url)
    rows = [
        Row(f"{title}, polled once a minute", "% of a core", cpu / EVERY * 100, "limit", MOST),
        Row(f"one poll of {items:,} items", "ms CPU", cpu / bindings * 1000, "vdirsyncer", peer * 1000),
        Row(f"{title}, once a minute", "% of a core", cpu / EVERY * 100, "vdirsyncer", peer * bindings / EVERY * 100),
    ]
    if serve:
        used, polls = _daemon(config, url, serve)
        case = f"{title}, the whole daemon over {serve:.0f} s"
        rows.append(Row(case, "% of a core", used, "limit", MOST))
        rows.append(Row(case, "s between two polls", serve * bindings / polls, "limit", EVERY * 1.1))
    return rows


def _idle_rounds(hub: Hub) -> float:
    """CPU seconds of a round without news, after the first, which signs in."""
    costs = []
    for number in range(ROUNDS + 1):
        cpu, changed = hub.round()
        assert not changed, changed
        costs += [cpu] if number else []
    return statistics.median(costs)


def _edit_one(hub: Hub, url: str, bindings: int) -> None:
    """The polls do see what changes."""
    with urlopen(Request(f"{url}c{bindings}/", data=b"", method="POST")):
        _, changed = hub.round()
    assert changed == 1, changed


def _vdirsyncer(folder: Path, url: str) -> float:
    """CPU seconds of a run without news, with one pair of the same size."""
    _say("vdirsyncer: first sync of one pair")
    place = folder / "vdirsyncer"
    (place / "files").mkdir(parents=True)
    (place / "config").write_text(_VDIRSYNCER.format(folder=place, url=url))
    program = [str(Path(sys.executable).with_name("vdirsyncer")), "-c", str(place / "config")]
    subprocess.run([*program, "discover"], check=True, capture_output=True, timeout=600)
    process_cost.run([*program, "sync"])
    return min(process_cost.run([*program, "sync"]).cpu for _ in range(3))


def _daemon(config: Path, url: str, seconds: float) -> tuple[float, int]:
    """Percent of a core that `agendahub serve` used, after it polled everything once, and the polls in that time."""
    _say("the daemon")
    command = [sys.executable, "-m", "agendahub", "--config", str(config), "serve"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(EVERY * 1.2)
            before, polls = _cpu_of(process.pid), _polls(url)
            time.sleep(seconds)
            used, polls = _cpu_of(process.pid) - before, _polls(url) - polls
        finally:
            process.terminate()
    return used / seconds * 100, max(1, polls)


def _polls(url: str) -> int:
    with urlopen(f"{url}polls") as answer:
        return int(answer.read())


def _cpu_of(pid: int) -> float:
    """Seconds, user and system (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine_idle", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--bindings", type=int, default=200)
    parser.add_argument("--items", type=int, default=5000, help="in each")
    parser.add_argument("--serve", type=float, default=0.0, help="seconds to watch the real daemon as well")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-idle-") as folder, quiet_server(given.items) as url:
        rows = measure(Path(folder), url, given.bindings, given.items, given.serve)
    show("Many bindings, nothing new", rows, as_json=given.json)


if __name__ == "__main__":
    main()
