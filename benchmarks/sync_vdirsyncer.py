"""vdirsyncer's part of the sync benchmark: its configuration and its command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_GENERAL = """[general]
status_path = "{folder}/status/"

[pair bench]
a = "A"
b = "B"
collections = null
conflict_resolution = "a wins"
"""
_STORAGE = """
[storage {name}]
type = "caldav"
url = "{url}"
username = "{username}"
password = "{password}"
"""


def command(folder: Path) -> list[str]:
    """What brings both sides in step."""
    return [str(Path(sys.executable).with_name("vdirsyncer")), "-c", str(folder / "config"), "sync"]


def prepare(folder: Path, sides: Mapping[str, Mapping[str, str]]) -> None:
    """Configure a pair of calendars (url, username, password, path by side) and let vdirsyncer discover it."""
    folder.mkdir()
    text = _GENERAL.format(folder=folder)
    for name, side in sides.items():
        url = side["url"].rstrip("/") + side["path"]
        text += _STORAGE.format(name=name, url=url, username=side["username"], password=side["password"])
    (folder / "config").write_text(text)
    subprocess.run([*command(folder)[:-1], "discover"], check=True, capture_output=True, timeout=600)
