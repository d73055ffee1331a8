"""litmus, the WebDAV test suite by others, against the plain files: all of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers.gateway import running_hub

LITMUS = shutil.which("litmus")


@pytest.mark.skipif(LITMUS is None, reason="litmus is not installed: apt install litmus")
@pytest.mark.parametrize(
    ("suite", "count"), [("basic", 16), ("copymove", 13), ("props", 30), ("locks", 41), ("http", 4)]
)
def test_litmus_passes_all(tmp_path: Path, suite: str, count: int) -> None:
    with running_hub(tmp_path) as hub:
        hub.user("ada")
        phone = hub.phone("ada")
        command = [str(LITMUS), "-k", f"{hub.url}/dav/files/ada/", "ada", phone.password]
        environment = {**os.environ, "TESTS": suite}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    found = re.search(r"of (\d+) tests run: (\d+) passed, (\d+) failed", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert tuple(map(int, found.groups())) == (count, count, 0), done.stdout
