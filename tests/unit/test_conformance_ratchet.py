"""The ratchet of `make conformance`: what is worse, what is better; and how litmus is read."""

from __future__ import annotations

from pathlib import Path

from tests.conformance import litmus, ratchet
from tests.conformance.outcome import Outcome, Verdict

PASSED, FAILED, SKIPPED = Verdict.PASSED, Verdict.FAILED, Verdict.SKIPPED
GOOD = Outcome({"a": PASSED, "b": PASSED, "c": FAILED, "d": SKIPPED})


def complaints(outcome: Outcome, tmp_path: Path) -> list[str]:
    ratchet.write({"suite": GOOD}, tmp_path / "expected.json")
    return list(ratchet.worse("suite", outcome, ratchet.read(tmp_path / "expected.json")))


def test_the_same_and_the_better_are_fine(tmp_path: Path) -> None:
    assert complaints(GOOD, tmp_path) == []
    best = Outcome(dict.fromkeys("abcd", PASSED))
    assert complaints(best, tmp_path) == []
    assert ratchet.better("suite", best, ratchet.read(tmp_path / "expected.json"))
    assert not ratchet.better("suite", GOOD, ratchet.read(tmp_path / "expected.json"))


def test_what_fails_is_skipped_or_is_missing_now_is_worse(tmp_path: Path) -> None:
    assert "suite: b failed, which it did not before." in complaints(Outcome({**GOOD.tests, "b": FAILED}), tmp_path)
    assert "suite: b skipped, which it did not before." in complaints(Outcome({**GOOD.tests, "b": SKIPPED}), tmp_path)
    assert complaints(Outcome({**GOOD.tests, "d": FAILED}), tmp_path) == ["suite: d failed, which it did not before."]
    assert complaints(Outcome({"a": PASSED, "c": FAILED}), tmp_path) == ["suite: 1 passed; 2 did before."]


def test_a_suite_that_could_not_run_changes_nothing(tmp_path: Path) -> None:
    assert complaints(Outcome(why_not="It is not installed."), tmp_path) == []
    ratchet.write({"suite": Outcome(why_not="It is not installed.")}, tmp_path / "expected.json")
    assert ratchet.read(tmp_path / "expected.json")["suite"]["passed"] == 2


def test_litmus_is_read_with_its_warnings_and_repeated_names() -> None:
    printed = (
        "-> running `props':\n 0. init.................. \r 0. init.................. pass\n"
        " 1. begin................. WARNING: odd\n    ...................... pass (with 1 warning)\n"
        " 2. propget............... pass\n 3. propget............... FAIL (no)\n 4. lock.................. SKIPPED\n"
    )
    found = litmus.verdicts(printed)
    assert found == {"0 init": PASSED, "1 begin": PASSED, "2 propget": PASSED, "3 propget": FAILED, "4 lock": SKIPPED}
    assert Outcome(found).shown() == "3/4 (+1 skipped)"
