"""Real DAV servers as subprocesses, each on its own free port of 127.0.0.1 and in its own folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30.0  # seconds for a server to come up


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    url: str
    username: str = ""
    password: str = ""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """A server program that listens on a port; it alone is ended, by its own id, and may be started again."""

    command: Sequence[str]
    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Give back when it takes connections."""
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command), stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, env=environment
            )
        try:
            _wait(self.process, self.port, self.folder / "log")
        except RuntimeError:
            self.stop()
            raise

    def stop(self) -> None:
        """By SIGTERM, if it runs."""
        if self.process is not None:
            end(self.process)
        self.process = None


@contextmanager
def running(command: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    """A program, for a while."""
    program = Program(command, port, folder)
    program.start()
    try:
        yield
    finally:
        program.stop()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(errors='replace')[-2000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """In good order, else at once."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


_RADICALE = """[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""


def radicale_program(folder: Path, port: int) -> Program:
    """Radicale with one user, ada."""
    (folder / "users").write_text("ada:secret\n")
    (folder / "config").write_text(_RADICALE.format(port=port, folder=folder))
    return Program([sys.executable, "-m", "radicale", "--config", str(folder / "config")], port, folder)


def xandikos_program(folder: Path, port: int) -> Program:
    """Xandikos, which has one user and no sign-in, with a calendar and an address book."""
    program = str(Path(sys.executable).with_name("xandikos"))
    principal = ["--defaults", "--current-user-principal", "/ada/"]
    command = [program, "serve", "-d", str(folder / "data"), *principal, "-l", "127.0.0.1", "-p", str(port)]
    return Program(command, port, folder)


@contextmanager
def radicale(folder: Path) -> Iterator[Server]:
    """Radicale, for a while."""
    yield from _for_a_while(radicale_program(folder, free_port()))


@contextmanager
def xandikos(folder: Path) -> Iterator[Server]:
    """Xandikos, for a while."""
    yield from _for_a_while(xandikos_program(folder, free_port()))


def _for_a_while(program: Program) -> Iterator[Server]:
    with running(program.command, program.port, program.folder):
        yield Server(f"http://127.0.0.1:{program.port}/", "ada", "secret")
