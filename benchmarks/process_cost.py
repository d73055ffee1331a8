"""What a program costs from start to end: wall clock and CPU of the process itself."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass


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
