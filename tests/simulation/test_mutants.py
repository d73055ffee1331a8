"""The list of bugs is in order: each still has its place, and the hunt can tell a bug from none."""

from __future__ import annotations

import ast

import pytest

from tests.simulation.mutant_list import MUTANTS, Mutant
from tests.simulation.mutants import ROOT, hunt, patched


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_has_its_place_exactly_once(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()
    changed = patched(mutant, text)
    assert changed != text
    ast.parse(changed)


@pytest.mark.parametrize("test", sorted({mutant.test for mutant in MUTANTS if mutant.test}))
def test_the_test_that_finds_it_is_there(test: str) -> None:
    path, *_, name = test.split("::")
    folder = (ROOT / path).parent
    found = f"def {name}("
    assert any(found in file.read_text() for file in folder.glob("*.py"))
    assert (ROOT / path).is_file()


def test_there_are_many_and_each_has_a_name() -> None:
    assert len(MUTANTS) >= 60
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


_COUNTS = "tests/unit/test_engine_counts.py::test_r25_what_a_failed_commit_took_back_is_not_counted"


@pytest.mark.parametrize(
    ("new", "test", "found"),
    [
        ("            self.counts = before\n            raise", _COUNTS, ""),
        ("            raise", _COUNTS, "test_r25_what_a_failed_commit_took_back_is_not_counted"),
        ("            return", "", "seed "),
    ],
)
def test_the_hunt_tells_a_bug_from_none(new: str, test: str, found: str) -> None:
    mutant = Mutant("try", "sync_engine/context.py", "            self.counts = before\n            raise", new, test)
    by = hunt(mutant, seeds=40).by
    assert by.startswith(found)
    assert bool(by) is bool(found)


def test_a_patch_that_cannot_run_is_no_kill() -> None:
    mutant = Mutant(
        "try", "sync_engine/context.py", "            self.counts = before\n", "            nobody()\n", _COUNTS
    )
    with pytest.raises(ValueError, match="the patch itself is wrong"):
        hunt(mutant)
