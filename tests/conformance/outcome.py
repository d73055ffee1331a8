"""What a suite found of a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Of one test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdicts of one suite by the names of its tests; or why it could not run."""

    tests: dict[str, Verdict] = field(default_factory=dict)
    why_not: str = ""

    def named(self, verdict: Verdict) -> list[str]:
        """The tests with this verdict."""
        return sorted(name for name, found in self.tests.items() if found is verdict)

    @property
    def passed(self) -> int:
        """How many passed."""
        return len(self.named(Verdict.PASSED))

    def shown(self) -> str:
        """For the table: passed of those that ran, and how many did not apply."""
        if self.why_not:
            return "-"
        ran = len(self.tests) - len(self.named(Verdict.SKIPPED))
        skipped = f" (+{len(self.tests) - ran} skipped)" if ran < len(self.tests) else ""
        return f"{self.passed}/{ran}{skipped}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        if self.why_not:
            return {"why_not": self.why_not}
        named = {str(verdict): self.named(verdict) for verdict in (Verdict.FAILED, Verdict.SKIPPED)}
        return {"passed": self.passed, **named}
