"""kill -9 of the real daemon at random moments, between two real servers: nothing lost, doubled or resurrected (R05).

More on demand: make test-kill KILLS=500
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from demo.dav_client import DavCollection
from demo.servers import DemoServer, start
from sync_engine.item import Item
from tests.samples import event
from tests.servers.processes import free_port

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", "7"))
PATIENCE = 90.0


@dataclass
class Users:
    """People who work on both servers; knows what must be there in the end."""

    places: dict[str, DavCollection]
    dice: random.Random
    expected: dict[str, str] = field(default_factory=dict)  # uid -> summary
    deleted: set[str] = field(default_factory=set)
    made: int = 0

    def work(self) -> None:
        """A few edits: each item is edited at the place where it was made; a deleted one is not touched again."""
        for _ in range(self.dice.randrange(1, 6)):
            self.create()
        for uid in self.dice.sample(sorted(self.expected), min(3, len(self.expected))):
            self.edit(uid)
        if self.dice.random() < 0.6:
            self.delete(self.dice.choice(sorted(self.expected)))

    def create(self) -> None:
        self.made += 1
        uid = f"{'AB'[self.made % 2]}-{self.made}"
        self.places[uid[0]].put(f"{uid}.ics", event(uid, f"first of {uid}").text)
        self.expected[uid] = f"first of {uid}"

    def edit(self, uid: str) -> None:
        self.expected[uid] = f"{uid} at {self.dice.random()}"
        place = self.places[uid[0]]
        url = f"{place.url}{uid}.ics"
        auth = (place.user, place.password)
        for _try in range(50):  # the hub may write the same item between our read and our write
            answer = requests.get(url, auth=auth, timeout=20)
            text = with_summary(answer.text, self.expected[uid])
            condition = {"If-Match": answer.headers["ETag"], "Content-Type": "text/calendar; charset=utf-8"}
            if requests.put(url, text.encode(), auth=auth, headers=condition, timeout=20).status_code < 300:
                return
        raise AssertionError(f"could not edit {uid}")

    def delete(self, uid: str) -> None:
        place = self.places[uid[0]]
        answer = requests.delete(f"{place.url}{uid}.ics", auth=(place.user, place.password), timeout=20)
        assert answer.status_code < 300
        del self.expected[uid]
        self.deleted.add(uid)


def with_summary(text: str, summary: str) -> str:
    lines = text.splitlines()
    return "\r\n".join(f"SUMMARY:{summary}" if line.startswith("SUMMARY") else line for line in lines) + "\r\n"


@dataclass
class Daemon:
    """The real `agendahub serve`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.folder / "daemon.log").open("ab")
        command = [sys.executable, "-m", "agendahub", "serve"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        log.close()

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "daemon.log").read_text()[-3000:]
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def wait_until_up(self) -> float:
        began = time.monotonic()
        while time.monotonic() - began < 30:
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).ok:
                    return time.monotonic() - began
            except requests.RequestException:
                time.sleep(0.05)
        raise AssertionError((self.folder / "daemon.log").read_text()[-3000:])

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Users, Daemon, Path]]:
    with ExitStack() as stack:
        servers = start(stack, tmp_path)
        folder, port = tmp_path / "hub", free_port()
        folder.mkdir()
        set_up(folder, port, servers)
        daemon = Daemon(folder, port)
        stack.callback(daemon.stop)
        places = {name: server.collections["event"] for name, server in servers.items()}
        yield Users(places, random.Random(SEED)), daemon, folder


def set_up(folder: Path, port: int, servers: dict[str, DemoServer]) -> None:
    def agendahub(*words: str, secret: str = "") -> None:
        command = [sys.executable, "-m", "agendahub", *words]
        subprocess.run(command, cwd=folder, check=True, input=secret.encode(), stdout=subprocess.DEVNULL)

    agendahub("init")
    config = folder / "agendahub.toml"
    text = config.read_text().replace("# port = 8008", f"port = {port}")
    config.write_text(text.replace('# interval = "5m"', 'interval = "1s"', 1))
    for name, at in servers.items():
        where = ("--url", at.server.url, "--username", at.server.username)
        agendahub("account", "add", name, *where, secret=f"{at.server.password}\n")
        remote = at.collections["event"].url
        agendahub("binding", "add", name, "--account", name, "--remote", remote, "--collection", "Agenda")


@pytest.mark.slow
@pytest.mark.timeout(60 + KILLS * 20)
def test_r05_kill_9_at_random_moments_loses_doubles_and_resurrects_nothing(world: tuple[Users, Daemon, Path]) -> None:
    users, daemon, folder = world
    for _ in range(60):
        users.create()
    for _ in range(KILLS):
        daemon.start()
        time.sleep(users.dice.uniform(0.3, 2.0))
        users.work()
        time.sleep(users.dice.uniform(0.0, 1.0))
        daemon.kill()
    daemon.start()
    assert daemon.wait_until_up() < 15
    for name, place in users.places.items():
        assert arrived(users, place), (name, difference(users, place), (folder / "daemon.log").read_text()[-2000:])
    assert listing(folder, "conflicts") == "[]"
    assert listing(folder, "quarantine") == "[]"


def arrived(users: Users, place: DavCollection) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not difference(users, place):
            return True
        time.sleep(0.5)
    return False


def difference(users: Users, place: DavCollection) -> dict[str, tuple[str | None, str | None]]:
    """Expected and found summaries where they differ; `items` itself refuses duplicates."""
    found = {uid: summary_of(held.text) for uid, held in place.items().items()}
    uids = {*found, *users.expected}
    return {u: (users.expected.get(u), found.get(u)) for u in uids if users.expected.get(u) != found.get(u)}


def summary_of(text: str) -> str:
    record = Item.read(text).record
    return record.master.summary  # type: ignore[union-attr]


def listing(folder: Path, what: str) -> str:
    command = [sys.executable, "-m", "agendahub", what, "list", "--json"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
