"""The databases that the contracts run against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import (
    _sqlite_template,
    empty_mssql_url,
    empty_postgres_url,
    mssql_url,
    postgres,
    postgres_url,
    sqlite_url,
)
from tests.stores import FIXTURES, available, choose, on_every_store

__all__ = [
    "_sqlite_template",
    "empty_mssql_url",
    "empty_postgres_url",
    "mssql_url",
    "postgres",
    "postgres_url",
    "sqlite_url",
]


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a rule is tried on; "" for tests that choose their own."""
    yield from choose(request)


@pytest.fixture(params=available())
def store_url(request: pytest.FixtureRequest) -> str:
    """A database with our tables and nothing in them: one of each kind."""
    found: str = request.getfixturevalue(FIXTURES[request.param])
    return found


@pytest.fixture(params=available())
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables: one of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    found: str = request.getfixturevalue(
        {"postgresql": "empty_postgres_url", "mssql": "empty_mssql_url"}[request.param]
    )
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The rules of sync hold on every database."""
    if metafunc.module.__name__.rpartition(".")[2].startswith("test_rules_"):
        on_every_store(metafunc)
