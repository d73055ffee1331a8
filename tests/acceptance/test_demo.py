"""`make demo ARGS='--once --json'`: the main job on two real servers, Exchange, Microsoft 365, Google and a phone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores import store_of


@pytest.mark.slow
@pytest.mark.timeout(1200)  # five places beside other tests on two cores
def test_every_check_of_the_demo_holds(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo", "--once", "--json", "--database", store_of(tmp_path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.stdout, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert [check for check in told["checks"] if not check["held"]] == []
    assert len(told["checks"]) >= 28
    assert done.returncode == 0
