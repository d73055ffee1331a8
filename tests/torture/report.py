"""Figures of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.torture.ledger import Verdict

NAMES = {
    "kill": "kills",
    "end": "clean ends",
    "restart": "restarts of the database",
    "cut": "times its connections broken",
    "full": "full disks",
    "server": "servers stopped and started",
    "line": "broken lines",
}
MOST = {"serving": 5.0, "reconnected": 10.0, "ended": 16.0}  # seconds that are allowed


@dataclass
class Report:
    """Adds up; two of them can be added."""

    count: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)

    def took(self, what: str, seconds: float) -> None:
        """Note a time."""
        self.seconds.setdefault(what, []).append(seconds)

    def judged(self, verdict: Verdict) -> None:
        """Note what was wrong."""
        self.found.update(lost=len(verdict.lost), doubled=len(verdict.doubled), resurrected=len(verdict.resurrected))

    def add(self, other: Report) -> None:
        """Take over all figures of another one."""
        self.count.update(other.count)
        self.edits.update(other.edits)
        self.found.update(other.found)
        for what, seconds in other.seconds.items():
            self.seconds.setdefault(what, []).extend(seconds)

    def too_slow(self) -> list[str]:
        """Times above what is allowed."""
        worst = {what: max(seconds) for what, seconds in self.seconds.items() if what in MOST}
        return [f"{what} in {s:.1f} s, not {MOST[what]:.0f}" for what, s in worst.items() if s > MOST[what]]

    def __str__(self) -> str:
        done = [f"{self.count[kind]:,} {name}" for kind, name in NAMES.items() if self.count[kind]]
        done += [f"{self.edits.total():,} acknowledged edits"]
        done += [f"{self.found[kind]} {kind}" for kind in ("lost", "doubled", "resurrected")]
        times = [f"{what} again in at most {max(s):.1f} s, 95 % within {percentile(s):.1f} s ({len(s)})"
                 for what, s in sorted(self.seconds.items())]  # fmt: skip
        return "\n".join([", ".join(done), *(f"  {line}" for line in times)])


def percentile(seconds: list[float], percent: int = 95) -> float:
    """The time within which so many percent were."""
    return sorted(seconds)[max(0, -(-len(seconds) * percent // 100) - 1)]
