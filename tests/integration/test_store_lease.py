"""A lease ends by itself when its holder is killed, on every database."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.database import Database

_HOLDER = """
import sys, time
from storage.database import Database
with Database(sys.argv[1]).lease(1) as got:
    print("held" if got else "refused", flush=True)
    time.sleep(300)
"""


@contextmanager
def _holder(url: str) -> Iterator[subprocess.Popen[str]]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _HOLDER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
def test_r05_a_killed_worker_gives_its_lease_back(kind: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(kind)
    database = Database(url)
    with _holder(url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert not _free(database)
        process.kill()
        process.wait(10)
        limit = time.monotonic() + 10  # PostgreSQL hears of it when the socket closes
        while not _free(database) and time.monotonic() < limit:
            time.sleep(0.05)
        assert _free(database)
    database.dispose()


def _free(database: Database) -> bool:
    with database.lease(1) as got:
        return got
