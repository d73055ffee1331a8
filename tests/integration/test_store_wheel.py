"""The migrations are part of the installed package."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from storage import schema

ROOT = Path(__file__).parents[2]
USE_IT = """
import sys
from storage import schema
assert schema.__file__.startswith(sys.argv[1]), schema.__file__
schema.upgrade("sqlite:///hub.db")
print(schema.problems("sqlite:///hub.db"), schema.current("sqlite:///hub.db"))
"""


def test_an_installed_wheel_makes_the_tables(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-c", USE_IT, str(tmp_path / "site")],
        cwd=tmp_path / "work",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"[] {schema.HEAD}\n"
