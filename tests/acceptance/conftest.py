"""The databases for what a person does with the whole program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import _sqlite_template, empty_postgres_url, mssql_url, postgres, postgres_url, sqlite_url
from tests.stores import choose, on_every_store

__all__ = ["_sqlite_template", "empty_postgres_url", "mssql_url", "postgres", "postgres_url", "sqlite_url"]

ON_SQLITE_ALONE = {"test_bench_sync", "test_cli_plan_apply"}  # a figure; a look into the file


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a test runs on; "" where that is SQLite as usual."""
    yield from choose(request)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All of it on every database with `make test-databases`; a test run has a shorter walk on PostgreSQL.

    That walk: tests/integration/test_daemon_postgresql.py.
    """
    if metafunc.module.__name__.rpartition(".")[2] not in ON_SQLITE_ALONE:
        on_every_store(metafunc, if_everything=True)
