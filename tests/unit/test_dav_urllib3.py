"""The library under `requests` is the real urllib3 (docs/decisions/urllib3.md)."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
import urllib3

LOCK = Path(__file__).parents[2] / "requirements" / "dev.lock"


def test_urllib3_has_the_locked_version() -> None:
    locked = re.search(r"(?m)^urllib3==(\S+)", LOCK.read_text())
    assert locked
    assert vars(urllib3)["__version__"] == distribution("urllib3").version == locked[1]
    assert locked[1].startswith("2.")


def test_only_urllib3_owns_its_package() -> None:
    assert set(packages_distributions()["urllib3"]) == {"urllib3"}


@pytest.mark.parametrize("name", ["__init__.py", "connection.py", "connectionpool.py", "poolmanager.py"])
def test_its_files_are_as_they_were_installed(name: str) -> None:
    (file,) = (f for f in distribution("urllib3").files or () if str(f) == f"urllib3/{name}")
    assert file.hash is not None
    digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value


def test_the_lock_asks_for_the_source_of_the_replacement() -> None:
    """Only a build from source honours the switch that the Makefile sets."""
    assert re.search(r"(?m)^--no-binary urllib3-future\b", LOCK.read_text())
    assert "export URLLIB3_NO_OVERRIDE := 1" in (LOCK.parents[1] / "Makefile").read_text()
