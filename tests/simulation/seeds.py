"""Seeds that failed once: replayed in every test run, for ever."""

from __future__ import annotations

from pathlib import Path

SEEDS = Path(__file__).with_name("seeds.txt")


def kept_seeds() -> list[int]:
    """Seeds that failed once."""
    lines = SEEDS.read_text().splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def keep(seed: int, words: str) -> None:
    """Replay it for ever."""
    if seed not in kept_seeds():
        with SEEDS.open("a") as file:
            file.write(f"{seed}  # {words[:90]}\n")
