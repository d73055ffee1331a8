"""Which databases a test runs on, and where each test finds its own.

A conftest names the modules that run on every database (`on_every_store`). Their tests run once for each; `World.new`,
the gateway's `running_hub` and the command line's `Hub` find the store of the test by its folder (`store_of`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.databases import MSSQL

FIXTURES = {"sqlite": "sqlite_url", "postgresql": "postgres_url", "mssql": "mssql_url"}
EVERYTHING = os.environ.get("AGENDAHUB_TEST_STORES") == "all"  # `make test-databases`
ONE = os.environ.get("AGENDAHUB_TEST_STORES") == "sqlite"  # `make test-fast`


@dataclass
class Chosen:
    """The store of one test: its address, and what must be closed before the database goes."""

    url: str
    closing: ExitStack = field(default_factory=ExitStack)


_CHOSEN: dict[Path, Chosen] = {}


def available() -> list[str]:
    """The databases that tests can have here: SQL Server where the environment names one."""
    return ["sqlite"] if ONE else ["sqlite", "postgresql", *(["mssql"] if os.environ.get(MSSQL) else [])]


def on_every_store(metafunc: pytest.Metafunc, *, if_everything: bool = False) -> None:
    """Run this test on each database; with `if_everything` on SQLite alone unless all is asked for.

    For `pytest_generate_tests`, where the fixture `store` is autouse. A test may name its own: `only_on`.
    """
    named = any(mark.args[0] == "store" for mark in metafunc.definition.iter_markers("parametrize"))
    if not named and (EVERYTHING or not if_everything):
        metafunc.parametrize("store", available(), indirect=True)


def only_on(kind: str) -> pytest.MarkDecorator:
    """For a test that does something to the database which only one kind knows."""
    return pytest.mark.parametrize("store", [kind], indirect=True)


def on_its_own_file() -> pytest.MarkDecorator:
    """For a test that looks at the file which `agendahub init` makes."""
    return pytest.mark.parametrize("store", [""], indirect=True)


def choose(request: pytest.FixtureRequest) -> Iterator[str]:
    """The fixture `store`: a fresh database with our tables for this test, if it runs on several."""
    kind = getattr(request, "param", "")
    if not kind:
        yield ""
        return
    folder: Path = request.getfixturevalue("tmp_path")
    with _remembered(folder, request.getfixturevalue(FIXTURES[kind])):
        yield kind


@contextmanager
def _remembered(folder: Path, url: str) -> Iterator[None]:
    chosen = _CHOSEN[folder] = Chosen(url)
    try:
        with chosen.closing:
            yield
    finally:
        del _CHOSEN[folder]


def store_of(folder: Path) -> str:
    """The address of the database that the test with this folder runs on; "" where none was chosen."""
    chosen = _CHOSEN.get(folder)
    return chosen.url if chosen else ""


def close_after(folder: Path, close: Callable[[], object]) -> None:
    """Call this when the test with this folder is over, before its database is used by another."""
    if folder in _CHOSEN:
        _CHOSEN[folder].closing.callback(close)
