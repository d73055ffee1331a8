"""Real servers, one of each for a test process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import processes
from tests.servers.processes import Server
from tests.servers.unkind_dav import UnkindDav, unkind_dav


@pytest.fixture(scope="session")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Radicale, from PyPI."""
    folder: Path = tmp_path_factory.mktemp("radicale")
    with processes.radicale(folder) as server:
        yield server


@pytest.fixture(scope="session")
def xandikos_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Xandikos, from PyPI."""
    folder: Path = tmp_path_factory.mktemp("xandikos")
    with processes.xandikos(folder) as server:
        yield server


@pytest.fixture
def unkind_server() -> Iterator[UnkindDav]:
    """Our own, which fails on demand; a new one for each test."""
    with unkind_dav() as server:
        yield server
