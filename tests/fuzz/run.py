"""The loop: make an input, try it under bounds, note how it went; keep one small input for each fault."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.gateway_target import Served
from tests.fuzz.guard import SECONDS, TooSlow, bounded, peak
from tests.fuzz.remote_target import Remote
from tests.fuzz.seeds import Seeds
from tests.fuzz.targets import Target, pure_targets

ROOT = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must not happen, and the input that made it happen."""

    target: str
    number: int
    raw: bytes
    what: str  # the exception and the innermost place in our code
    told: str  # the traceback


@dataclass(slots=True)
class Report:
    """What came of a run."""

    inputs: int = 0
    accepted: int = 0
    slowest: float = 0.0  # seconds of processor time
    slowest_of: str = ""  # its target and number
    memory: int = 0  # octets that the process grew by
    by_target: dict[str, list[int]] = field(default_factory=dict)  # inputs, accepted
    faults: dict[str, Fault] = field(default_factory=dict)

    def note(self, name: str, number: int, seconds: float, *, accepted: bool) -> None:
        """One input went well."""
        self.inputs += 1
        self.accepted += accepted
        counts = self.by_target.setdefault(name, [0, 0])
        counts[0] += 1
        counts[1] += accepted
        if seconds > self.slowest:
            self.slowest, self.slowest_of = seconds, f"{name} {number}"

    def line(self) -> str:
        """One sentence."""
        return (
            f"{self.inputs:,} inputs, {self.accepted:,} accepted, {self.inputs - self.accepted:,} refused, "
            f"slowest {self.slowest * 1000:.0f} ms ({self.slowest_of}), {len(self.faults)} faults"
        )


def all_targets(seeds: Seeds) -> list[Target]:
    """Every target, ready."""
    return [*pure_targets(seeds), Remote(), Served(seeds)]


def input_of(target: Target, seed: str, number: int) -> bytes:
    """The n-th input of a seed: it does not depend on those before."""
    return target.make(Random(f"{seed}/{target.name}/{number}"))


def fuzz(
    targets: Sequence[Target], seed: str, seconds: float, progress: Callable[[Report], None] = lambda _report: None
) -> Report:
    """Each target in turn, until the time is over."""
    report, began, number, told = Report(), time.monotonic(), 0, 0.0
    before = peak()
    while time.monotonic() - began < seconds:
        number += 1
        for target in targets:
            one(report, target, number, input_of(target, seed, number))
        if time.monotonic() - told > 1:
            told = time.monotonic()
            progress(report)
    report.memory = peak() - before
    return report


def one(report: Report, target: Target, number: int, raw: bytes) -> None:
    """Try one input and note it."""
    accepted, seconds, fault = attempt(target, raw)
    report.note(target.name, number, seconds, accepted=accepted)
    if fault is not None and fault[0] not in report.faults:
        report.faults[fault[0]] = Fault(target.name, number, raw, *fault)


def attempt(target: Target, raw: bytes, limit: float = SECONDS) -> tuple[bool, float, tuple[str, str] | None]:
    """Whether it was accepted, its processor time, and the fault with its traceback."""
    seconds = 0.0
    try:
        with bounded(limit) as spent:
            try:
                accepted = target.try_(raw)
            finally:
                seconds = spent()
    except TooSlow as err:
        return False, seconds, (f"{target.name}: too slow in {_place(err)}", traceback.format_exc())
    except Exception as err:
        what = str(err) if isinstance(err, AssertionError) else type(err).__name__
        return False, seconds, (f"{target.name}: {what} in {_place(err)}", traceback.format_exc())
    return accepted, seconds, None


def _place(err: BaseException) -> str:
    """The innermost place in our own code; of a slow input only the file and function."""
    ours = [
        f for f in traceback.extract_tb(err.__traceback__) if f.filename.startswith(ROOT) and ".venv" not in f.filename
    ]
    inner = [f for f in ours if "/tests/" not in f.filename] or ours
    if not inner:
        return "?"
    frame = inner[-1]
    line = "" if isinstance(err, TooSlow) else f":{frame.lineno}"
    return f"{frame.filename.removeprefix(ROOT + '/')}{line} {frame.name}"
