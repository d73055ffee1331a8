"""Figures of a run."""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass, field

from tests.torture.ledger import Verdict

NAMES = {
    "kill": "kills",
    "end": "clean ends",
    "restart": "restarts of the database",
    "late": "starts before the database",
    "cut": "times its connections broken",
    "full": "full disks",
    "server": "servers stopped and started",
    "wire": "broken lines",
}
# seconds that are allowed on a machine that has nothing else to do
MOST = {
    "serving": 5.0,
    "reconnected": 10.0,
    "ended": 13.0,
    "phone answered": 10.0,
    "in sync after the database": 30.0,
    "written after a full disk": 10.0,
    "in sync after a full disk": 45.0,
}


@dataclass
class Report:
    """Adds up; two of them can be added."""

    count: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)
    slow: list[str] = field(default_factory=list)

    def took(self, what: str, seconds: float) -> None:
        """Note a time, and whether it is too long. Where others have the processors too, it may take longer."""
        self.seconds.setdefault(what, []).append(seconds)
        most = MOST.get(what, math.inf) * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        if seconds > most:
            self.slow.append(f"{what} in {seconds:.1f} s, not {most:.1f}")

    def judged(self, verdict: Verdict) -> None:
        """Note what was wrong."""
        self.found.update(lost=len(verdict.lost), doubled=len(verdict.doubled), resurrected=len(verdict.resurrected))

    def add(self, other: Report) -> None:
        """Take over all figures of another one."""
        self.count.update(other.count)
        self.edits.update(other.edits)
        self.found.update(other.found)
        self.slow += other.slow
        for what, seconds in other.seconds.items():
            self.seconds.setdefault(what, []).extend(seconds)

    def __str__(self) -> str:
        done = [f"{self.count[kind]:,} {name}" for kind, name in NAMES.items() if self.count[kind]]
        done += [f"{self.edits.total():,} acknowledged edits"]
        done += [f"{self.found[kind]} {kind}" for kind in ("lost", "doubled", "resurrected")]
        answers = sorted(f"{what} {times} times" for what, times in self.count.items() if what.startswith("answered"))
        done += [f"uploads to a full disk {', '.join(answers)}"] if answers else []
        times = [f"{what} in at most {max(s):.1f} s, 95 % within {percentile(s):.1f} s ({len(s)})"
                 for what, s in sorted(self.seconds.items())]  # fmt: skip
        return "\n".join([", ".join(done), *(f"  {line}" for line in times)])


def percentile(seconds: list[float], percent: int = 95) -> float:
    """The time within which so many percent were."""
    return sorted(seconds)[max(0, -(-len(seconds) * percent // 100) - 1)]
