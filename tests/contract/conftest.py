"""The databases that the contracts run against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import _sqlite_template, empty_postgres_url, mssql_url, postgres, postgres_url, sqlite_url
from tests.stores import choose, on_every_store

__all__ = ["_sqlite_template", "empty_postgres_url", "mssql_url", "postgres", "postgres_url", "sqlite_url"]


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a rule is tried on; "" for tests that choose their own."""
    yield from choose(request)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The rules of sync hold on every database."""
    if metafunc.module.__name__.rpartition(".")[2].startswith("test_rules_"):
        on_every_store(metafunc)
