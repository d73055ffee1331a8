"""`make bench-sync` in small: it finishes, both programs did the same work, and its JSON says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_both_programs_are_measured_on_the_same_pair_of_servers() -> None:
    command = [sys.executable, "-m", "benchmarks.sync", "--events", "30", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    rows = {(row["case"], row["unit"]): row for row in json.loads(done.stdout)["rows"]}
    first = rows["first sync, 30 events", "requests"]
    assert (first["peer"], first["ours"] >= 30, first["theirs"] >= 30) == ("vdirsyncer", True, True)
    assert rows["no change, 30 events", "requests"]["ours"] == 2
    assert rows["10 changes, 30 events", "requests"]["ours"] >= 10
    daemon = rows["no change, in the daemon, 30 events", "s CPU"]
    assert 0 < daemon["ours"] < daemon["theirs"]
