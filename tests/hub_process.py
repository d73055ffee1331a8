"""The real program as a subprocess: commands, and the daemon on a free port, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.servers.processes import Server, free_port
from tests.stores import store_of

ROOT = Path(__file__).parents[1]
PATIENCE = 30.0


def wait_for(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true answer; fails the test when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came within {seconds} seconds: {condition}")


class Hub:
    """One hub with its configuration, key and SQLite store in a folder; or with the store that its test runs on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "agendahub.toml"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AGENDAHUB_")}
        self.environment |= {"PYTHONPATH": str(ROOT), "AGENDAHUB_SERVER__PORT": str(self.port), "HOME": str(folder)}
        if store := store_of(folder):
            self.environment["AGENDAHUB_STORE__URL"] = store

    def run(self, *words: str, typed: str = "", code: int = 0) -> str:
        """Standard output of a command that must end with this exit code; its errors are in `self.errors`."""
        done = subprocess.run(
            [sys.executable, "-m", "agendahub", *words],
            cwd=self.folder, env=self.environment, input=typed, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        self.errors = done.stderr
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout

    def json(self, *words: str, code: int = 0) -> Any:
        """What a command prints with --json."""
        return json.loads(self.run(*words, "--json", code=code))

    def add_account(self, name: str, server: Server) -> None:
        """With the password typed."""
        words = ("account", "add", name, "--url", server.url, "--username", server.username)
        self.run(*words, typed=f"{server.password}\n")

    def write_account(self, name: str, server: Server) -> None:
        """As an admin with an editor does, with the password in a file; quicker than `add_account`."""
        (self.folder / f"{name}.secret").write_text(server.password + "\n")
        self._append("accounts", name=name, url=server.url, username=server.username, secret=f"file:{name}.secret")

    def write_binding(
        self, name: str, account: str, remote: str, collection: str = "Agenda", *, kind: str = "event"
    ) -> None:
        """As an admin with an editor does."""
        self._append("bindings", name=name, account=account, remote=remote, collection=collection, kinds=[kind])

    def _append(self, section: str, **values: object) -> None:
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        with self.config.open("a") as file:
            file.write("\n".join([f"\n[[{section}]]", *lines, ""]))

    def bind(self, name: str, account: str, remote: str, collection: str = "Agenda", *more: str) -> None:
        """Tie two collections."""
        self.run("binding", "add", name, "--account", account, "--remote", remote, "--collection", collection, *more)

    def edit(self, old: str, new: str) -> None:
        """Change the configuration as an admin with an editor does."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new, 1))

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """The daemon, up; ended by SIGTERM unless the test ended it."""
        log = self.folder / "serve.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "agendahub", "serve"], cwd=self.folder, env=self.environment, stderr=errors
            )
        try:
            wait_for(lambda: process.poll() is not None or self._up())
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def _up(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def status(self) -> dict[str, Any]:
        """What the daemon says of itself."""
        found: dict[str, Any] = requests.get(f"{self.url}/status.json", timeout=10).json()
        return found

    def state(self, binding: str) -> dict[str, Any]:
        """One binding of `status`."""
        found: dict[str, Any] = next(b for b in self.status()["bindings"] if b["binding"] == binding)
        return found

    def log(self) -> str:
        """What the daemon wrote."""
        return (self.folder / "serve.log").read_text()


def put_event(server: Server, path: str, uid: str, summary: str) -> None:
    """Make or change an event at a server, as another client would."""
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260105T100000Z\r\nSUMMARY:{summary}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    answer = requests.put(
        f"{server.url.rstrip('/')}{path}{uid}.ics",
        data=text.encode(),
        headers={"Content-Type": "text/calendar; charset=utf-8"},
        auth=(server.username, server.password),
        timeout=20,
    )
    assert answer.status_code in {201, 204}, (answer.status_code, answer.text)


def delete_event(server: Server, path: str, uid: str) -> None:
    """Delete it there."""
    where = f"{server.url.rstrip('/')}{path}{uid}.ics"
    assert requests.delete(where, auth=(server.username, server.password), timeout=20).status_code in {200, 204}


def events_at(server: Server, path: str) -> dict[str, str]:
    """UID -> summary of all events of a calendar, read by another client."""
    body = (
        '<?xml version="1.0"?><c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop>'
        '<c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
    )
    answer = requests.request(
        "REPORT", f"{server.url.rstrip('/')}{path}", data=body, headers={"Depth": "1", "Content-Type": "text/xml"},
        auth=(server.username, server.password), timeout=20,
    )  # fmt: skip
    assert answer.status_code == 207, answer.text
    found: dict[str, str] = {}
    uid = summary = ""
    for line in answer.text.replace("&#13;", "").splitlines():
        name, _colon, value = line.strip().partition(":")
        if name == "BEGIN":
            uid = summary = ""
        elif name == "UID":
            uid = value
        elif name == "SUMMARY":
            summary = value
        elif name == "END" and value.startswith("VEVENT"):
            found[uid] = summary
    return found
