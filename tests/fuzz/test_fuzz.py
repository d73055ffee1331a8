"""A short fuzz that is the same in every run, and every input that once showed a fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.run import all_targets, attempt, fuzz
from tests.fuzz.seeds import load
from tests.fuzz.targets import Target

FOUND = sorted((Path(__file__).with_name("found")).glob("*-*"))


@pytest.fixture(scope="module")
def targets() -> Iterator[list[Target]]:
    found = all_targets(load(corpora=False))
    yield found
    for target in found:
        target.close()


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_once_showed_a_fault_does_not_any_more(targets: list[Target], path: Path) -> None:
    name = path.name.partition("-")[0]
    target = next(target for target in targets if target.name == name)
    fault = attempt(target, path.read_bytes())[2]
    assert fault is None, fault[1]


def test_ten_seconds_of_mutants_meet_no_fault(targets: list[Target]) -> None:
    report = fuzz(targets, "make test", 10)
    assert not report.faults, "\n".join(fault.told for fault in report.faults.values())
    assert set(report.by_target) == {target.name for target in targets}
    assert report.accepted < report.inputs
    for name, (inputs, accepted) in report.by_target.items():
        assert accepted > 0.02 * inputs, f"{name}: {accepted} of {inputs} were accepted"
