"""The engine's cost does not depend on how much there is: statements and rows, counted by the benchmarks."""

from __future__ import annotations

import json

import pytest

from benchmarks import engine, engine_idle


def rows_of(told: str) -> dict[tuple[str, str], tuple[float, float]]:
    """What a benchmark printed: by case and unit, ours and the limit or peer."""
    return {(row["case"], row["unit"]): (row["ours"], row["theirs"]) for row in json.loads(told)["rows"]}


def test_a_cycle_and_a_change_cost_the_same_at_any_size(capsys: pytest.CaptureFixture[str]) -> None:
    engine.main(["--sizes", "300", "1200", "--no-day", "--json"])
    rows = rows_of(capsys.readouterr().out)
    for count in ("300", "1,200"):
        assert rows[f"no change, {count} items", "rows written"] == (0, 0)
        assert rows[f"no change, {count} items", "statements"] == rows["no change, 300 items", "statements"]
    counted = {
        case: found for case, found in rows.items() if case[1] not in ("ms CPU", "MiB") and ": cpu" not in case[0]
    }
    assert not {case: found for case, found in counted.items() if found[0] > found[1]}


def test_idle_bindings_are_polled_and_see_what_changes(capsys: pytest.CaptureFixture[str]) -> None:
    engine_idle.main(["--bindings", "3", "--items", "40", "--json"])
    ours, most = rows_of(capsys.readouterr().out)["3 bindings x 40 items, polled once a minute", "% of a core"]
    assert 0 < ours < most
