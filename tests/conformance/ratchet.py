"""What our gateway is expected to pass: a worse result is a failure, a better one asks for the file to be renewed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.conformance.outcome import Outcome, Verdict

EXPECTED = Path(__file__).with_name("expected.json")


def read(path: Path = EXPECTED) -> dict[str, Any]:
    """Passed tests and the names of the others, by suite."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(found: Mapping[str, Outcome], path: Path = EXPECTED) -> None:
    """Expect from now on what was found; suites that could not run keep what was expected of them."""
    expected = read(path) | {name: outcome.as_json() for name, outcome in found.items() if not outcome.why_not}
    path.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def worse(suite: str, outcome: Outcome, expected: Mapping[str, Any]) -> Iterator[str]:
    """What does not pass any more, a sentence each."""
    known = expected.get(suite)
    if known is None or outcome.why_not:
        return
    for verdict in (Verdict.FAILED, Verdict.SKIPPED):
        allowed = {*known["failed"], *(known["skipped"] if verdict is Verdict.SKIPPED else ())}
        for name in outcome.named(verdict):
            if name not in allowed:
                yield f"{suite}: {name} {verdict}, which it did not before."
    if outcome.passed < known["passed"]:
        yield f"{suite}: {outcome.passed} passed; {known['passed']} did before."


def better(suite: str, outcome: Outcome, expected: Mapping[str, Any]) -> bool:
    """Whether more passes than is expected."""
    known = expected.get(suite, {"passed": 0})
    return not outcome.why_not and outcome.passed > known["passed"]
