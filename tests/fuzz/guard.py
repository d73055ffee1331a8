"""Bounds on time and memory for one input, that even a loop without end cannot get past."""

from __future__ import annotations

import faulthandler
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 2.0  # of processor time that one input may take
HANGS = 60.0  # seconds after which the process gives up and says where it hangs (C code that no signal reaches)
MEMORY = 1 << 30  # octets of address space above what is in use at the start


class TooSlow(BaseException):
    """An input took longer than it may. No `except Exception` may swallow it."""


def bound_memory() -> None:
    """From now on the process cannot grow by more than `MEMORY`: beyond, allocations raise MemoryError."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, hard))


def peak() -> int:
    """The most memory that was in use so far, in octets."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[Callable[[], float]]:
    """Raises `TooSlow` in the block once it used so much processor time. Gives a clock of it."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"more than {seconds:g} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    faulthandler.dump_traceback_later(HANGS, exit=True)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield lambda: time.process_time() - began
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGPROF, before)
