"""The hub of the demo, driven as an admin would: through the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from demo.patience import soon

_PATIENCE = 60.0  # seconds


@dataclass
class Hub:
    """An AgendaHub in a folder of its own."""

    folder: Path
    console: Console
    database: str = ""  # a SQLite file in the folder if not named

    def run(self, *words: str, show: bool = True, secret: str | None = None) -> None:
        """Run one command, shown as typed; its output goes to the terminal."""
        if show:
            self.console.print(f"[bold green]$[/] agendahub {' '.join(_quoted(w) for w in words)}", highlight=False)
        quiet = None if show and not self.console.quiet else subprocess.DEVNULL
        stdin = {"input": secret.encode()} if secret is not None else {"stdin": subprocess.DEVNULL}
        subprocess.run(self._command(*words), check=True, cwd=self.folder, stdout=quiet, **stdin)

    def ask(self, *words: str, may_fail: bool = False) -> Any:
        """Run one command and read its JSON; `may_fail`: also of one that tells of a failure."""
        command = self._command(*words, "--json")
        done = subprocess.run(command, check=False, cwd=self.folder, stdout=subprocess.PIPE)
        if done.returncode and not (may_fail and done.stdout.lstrip().startswith(b"[")):
            raise RuntimeError(f"agendahub {' '.join(words)} failed: {done.stdout.decode()[-2000:]}")
        return json.loads(done.stdout)

    def sync(self) -> int:
        """Cycles of all bindings beside the daemon, again while it is busy with one itself; how much was written."""
        done = 0

        def well() -> bool:
            nonlocal done
            rows = self.ask("sync", may_fail=True)
            done += sum(count for row in rows for count in row["counts"].values() if isinstance(count, int))
            return all(row["result"] == "ok" for row in rows)

        if not soon(well):
            raise RuntimeError(f"the hub does not finish its cycles: {self.ask('status')}")
        return done

    def init(self) -> None:
        """Make the configuration, the key and the tables."""
        self.run("init", *(["--database", self.database] if self.database else []))

    def configure(self, port: int) -> None:
        """Ask the servers every second, and listen on a free port."""
        path = self.folder / "agendahub.toml"
        text = path.read_text(encoding="utf-8")
        text = text.replace("# port = 8008", f"port = {port}").replace('# interval = "5m"', 'interval = "1s"', 1)
        path.write_text(text, encoding="utf-8")

    @contextmanager
    def serving(self, port: int) -> Iterator[str]:
        """The daemon, until the end; gives its address."""
        url = f"http://127.0.0.1:{port}"
        self.console.print("[bold green]$[/] agendahub serve &", highlight=False)
        with (self.folder / "agendahub.log").open("wb") as log:
            daemon = subprocess.Popen(self._command("serve"), cwd=self.folder, stdout=log, stderr=log)
        try:
            self._wait_for(f"{url}/healthz", daemon)
            yield url
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)

    def _wait_for(self, url: str, daemon: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and daemon.poll() is None:
            try:
                if requests.get(url, timeout=2).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)
        log = (self.folder / "agendahub.log").read_text(errors="replace")
        raise RuntimeError(f"the daemon did not come up:\n{log[-3000:]}")

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "agendahub", *words]


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def environment_is_quiet() -> None:
    """No AGENDAHUB_ variable of the caller reaches the demo."""
    for name in [n for n in os.environ if n.startswith("AGENDAHUB_")]:
        del os.environ[name]
