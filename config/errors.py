"""What is wrong with a configuration file: which key, which value, which line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right."""

    message: str
    key: str = ""  # as written in the file: sync.interval, accounts "work" url
    value: str = ""  # as a person wrote it; never a secret
    line: int | None = None  # 1-based; None: set in the environment, or not in the file at all

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        key = f"{self.key}" if self.key else ""
        shown = f" = {self.value}" if self.value else ""
        return f"{where}{key}{shown}{': ' if key else ''}{self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; ``str(error)`` names the file and every problem, one a line."""

    def __init__(self, path: Path | None, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        lines = [f"  {problem}" for problem in self.problems]
        super().__init__("\n".join([f"{path or 'The configuration'} cannot be used:", *lines]))
