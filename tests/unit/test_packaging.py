"""Our top-level names are ours alone, and the package carries what it needs when it is installed."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_has_this_name(room: str) -> None:
    assert packages_distributions().get(room, ["agendahub"]) == ["agendahub"]
    assert Path(str(importlib.import_module(room).__file__)).is_relative_to(ROOT)


def test_the_wheel_has_what_is_not_python(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    assert "config/example.toml" in names
    assert {"web_ui/pages/templates/base.html", "web_ui/pages/templates/style.css"} <= names
    assert any(n.startswith("storage/migrations/versions/") for n in names)
    assert not any(n.startswith(("tests/", "demo/", "benchmarks/")) for n in names)
