"""Suites by others, fetched from the package registry into a folder of their own: AGENDAHUB_CONFORMANCE_CACHE."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

CALDAV = "3.6.0"
TESTER = "1.7.0"
_PACKAGES = (
    f"caldav=={CALDAV}",
    f"caldav-server-tester=={TESTER}",
    *(
        "pytest",
        "pytest-asyncio",
        "pyyaml",
        "tzlocal",
        "vobject",
        "requests",
        "httpx",
        "pyfakefs",
        "manuel",
        "proxy.py",
    ),
    *("coverage", "radicale", "xandikos"),
)


class NotThereError(Exception):
    """A suite that could not be fetched or is not installed: one sentence."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Where the suites are."""

    folder: Path

    @property
    def python(self) -> Path:
        """An interpreter that has the suites."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def caldav(self) -> Path:
        """The source of python-caldav, with its tests."""
        return self.folder / f"caldav-{CALDAV}"


def toolbox() -> Toolbox:
    """The suites, fetched when they are not there yet. Raises `NotThereError`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    tools = Toolbox(Path(os.environ.get("AGENDAHUB_CONFORMANCE_CACHE") or Path(base) / "agendahub-conformance"))
    ready = tools.folder / f"ready-{CALDAV}-{TESTER}"
    if not ready.exists():
        tools.folder.mkdir(parents=True, exist_ok=True)
        _fetch(tools)
        ready.touch()
    return tools


def _fetch(tools: Toolbox) -> None:
    _run(sys.executable, "-m", "venv", "--clear", str(tools.folder / "venv"))
    _run(str(tools.python), "-m", "pip", "install", "--quiet", *_PACKAGES)
    source = ("download", "--quiet", "--no-deps", "--no-binary", "caldav", "-d", str(tools.folder), f"caldav=={CALDAV}")
    _run(str(tools.python), "-m", "pip", *source)
    with tarfile.open(tools.folder / f"caldav-{CALDAV}.tar.gz") as archive:
        archive.extractall(tools.folder, filter="data")


def _run(*command: str) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise NotThereError(f"The suites could not be fetched: {done.stderr.strip().splitlines()[-1]}")
