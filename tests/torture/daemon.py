"""The real `agendahub serve`, as a supervisor sees it: started, asked whether it serves, ended by a signal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
SLOW = 60.0  # seconds after which waiting is given up


@dataclass
class Daemon:
    """In a folder with its configuration."""

    folder: Path
    port: int
    gateway: str = "/dav/"  # what must answer a phone, too
    auth: tuple[str, str] = ("", "")
    process: subprocess.Popen[bytes] | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Of this process, without settings of the product."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("AGENDAHUB_")}
        return own | {"PYTHONPATH": str(ROOT), "HOME": str(self.folder)}

    def command(self, *words: str, typed: str = "") -> str:
        """Run one; gives what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "agendahub", *words], cwd=self.folder, env=self.environment, input=typed,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    @property
    def pid(self) -> int:
        """Of the running daemon. Fails when it died by itself."""
        assert self.process is not None
        assert self.process.poll() is None, f"the daemon ended by itself:\n{self.log()[-4000:]}"
        return self.process.pid

    def start(self) -> None:
        """Give back at once."""
        with (self.folder / "daemon.log").open("ab") as log:
            command = [sys.executable, "-m", "agendahub", "serve"]
            self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)

    def end(self) -> float:
        """SIGTERM; gives the seconds that it took."""
        began = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        assert self.process is not None
        code = self.process.wait(30)
        assert code == 0, f"exit code {code}:\n{self.log()[-4000:]}"
        return time.monotonic() - began

    def close(self) -> None:
        """However it is."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self.session.close()

    def serves(self) -> bool:
        """Is it healthy, and does the gateway answer?"""
        try:
            if not self.session.get(f"{self.url}/healthz", timeout=5).ok:
                return False
            found = self.session.request("PROPFIND", self.url + self.gateway, auth=self.auth, timeout=5)
        except requests.RequestException:
            return False
        return found.status_code == 207

    def until_it_serves(self) -> float:
        """Gives the seconds that it took."""
        began = time.monotonic()
        while not self.serves():
            assert self.pid
            assert time.monotonic() - began < SLOW, f"it does not serve:\n{self.log()[-4000:]}"
            time.sleep(0.02)
        return time.monotonic() - began

    def cycles(self) -> dict[str, float]:
        """How many cycles of each binding went well since the start."""
        page = self.session.get(f"{self.url}/metrics", timeout=10).text
        found = re.findall(r'agendahub_cycles_total\{binding="(\w+)",result="ok"\} (\S+)', page)
        return {name: float(count) for name, count in found}

    def until_cycles(self, more: int, *, of: Callable[[Iterable[float]], float] = min) -> float:
        """Until every binding (or one: `of` is max) has that many good cycles more than now; gives the seconds."""
        began, before = time.monotonic(), self.cycles()
        while of(self.cycles().get(name, 0.0) - before.get(name, 0.0) for name in ("A", "B")) < more:
            assert time.monotonic() - began < SLOW, f"no cycles:\n{self.log()[-4000:]}"
            time.sleep(0.05)
        return time.monotonic() - began

    def log(self) -> str:
        """What it wrote."""
        path = self.folder / "daemon.log"
        return path.read_text(errors="replace") if path.exists() else ""
