"""Kills of intake on SQLite; more on demand: make torture INTAKE=500"""

from __future__ import annotations

from tests.torture.intake_kills import STEPS, as_lines, run

SEED, KILLS = 11, 50


def test_q01_kills_between_fetch_commit_and_flag_lose_and_double_no_mail() -> None:
    world = run("sqlite", SEED, KILLS)
    print("\n".join(as_lines(world)))
    assert world.deaths.total() == KILLS
    assert {what for what in world.deaths if what.startswith("step")} >= {f"step {step}" for step in STEPS[2:6]}
    assert len(world.expected.mails) > KILLS // 2
