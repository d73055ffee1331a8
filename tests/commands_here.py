"""agendahub's commands in this process, on a configuration of their own."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from agendahub.cli import app
from config import load


class Cli:
    """Commands on one configuration."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "agendahub.toml"
        self.run("init")

    def run(self, *words: str, typed: str = "", code: int = 0) -> str:
        """What it prints."""
        done = CliRunner().invoke(app, ["-c", str(self.config), *words], input=typed)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    def fails(self, *words: str, typed: str = "") -> str:
        """The sentence."""
        done = CliRunner().invoke(app, ["-c", str(self.config), *words], input=typed)
        assert done.exit_code == 1, done.output
        return str(done.exception)

    def account(self, name: str) -> Any:
        """As the configuration has it."""
        return load(self.config).settings.account(name)

    def secrets(self) -> list[str]:
        """Names of what is kept encrypted."""
        rows = sqlite3.connect(self.config.parent / "agendahub.db").execute("SELECT name FROM secrets ORDER BY name")
        return [row[0] for row in rows]
