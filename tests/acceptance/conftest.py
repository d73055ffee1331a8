"""The databases for what a person does with the whole program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import _sqlite_template, empty_postgres_url, mssql_url, postgres, postgres_url, sqlite_url
from tests.stores import choose, on_every_store

__all__ = ["_sqlite_template", "empty_postgres_url", "mssql_url", "postgres", "postgres_url", "sqlite_url"]

IF_ALL_IS_ASKED_FOR = {"test_cli_two_servers", "test_cli_files", "test_demo", "test_vdirsyncer"}


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a test runs on; "" where that is SQLite as usual."""
    yield from choose(request)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All of it on every database with `make test-databases`; a test run has a shorter walk on PostgreSQL.

    That walk: tests/integration/test_daemon_postgresql.py.
    """
    if metafunc.module.__name__.rpartition(".")[2] in IF_ALL_IS_ASKED_FOR:
        on_every_store(metafunc, if_everything=True)
