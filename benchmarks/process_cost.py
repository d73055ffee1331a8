"""What a program costs from start to end: wall clock and CPU of the process itself."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    said: str = ""  # standard output


def run(command: Sequence[str]) -> Cost:
    """Run to the end. Raises RuntimeError with what the program said when it fails."""
    with tempfile.TemporaryFile("w+") as out:
        started = time.perf_counter()
        process = subprocess.Popen(list(command), stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{said[-3000:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, said)


@dataclass(slots=True)
class Running:
    """A program that stays: it works once for each line it gets, and answers with a line of JSON."""

    said: dict[str, float]  # the last answer
    _hears: IO[str]
    _speaks: IO[str]

    def work(self) -> Cost:
        """Let it work; what that cost by its own clock."""
        self._hears.write("\n")
        self._hears.flush()
        self.said = json.loads(self._speaks.readline())
        return Cost(self.said["wall"], self.said["cpu"])


@contextmanager
def staying(command: Sequence[str]) -> Iterator[Running]:
    """The program, after its first work, until the end of the context."""
    with subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield Running(json.loads(process.stdout.readline()), process.stdin, process.stdout)
        process.stdin.close()
