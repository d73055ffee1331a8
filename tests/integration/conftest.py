"""The databases for tests with real processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import _sqlite_template, empty_postgres_url, mssql_url, postgres, postgres_url, sqlite_url
from tests.stores import choose, on_every_store

pytest.register_assert_rewrite("tests.integration.rules")  # what the tests of several systems share
__all__ = ["_sqlite_template", "empty_postgres_url", "mssql_url", "postgres", "postgres_url", "sqlite_url"]

EVERY_STORE = {"test_gateway_items", "test_gateway_sync", "test_gateway_collections"}
IF_ALL_IS_ASKED_FOR = {
    "test_attachments",
    "test_birthdays",
    "test_card_candidates",
    "test_copy_move",
    "test_daemon_life",
    "test_files",
    "test_gateway_discovery",
    "test_gateway_sign_in",
    "test_private_items",
    "test_replay_apple",
    "test_replay_davx5",
    "test_scheduling_boxes",
    "test_scheduling_invites",
    "test_scheduling_lists",
    "test_scheduling_outsiders",
    "test_scheduling_rules",
    "test_scheduling_series",
    "test_scheduling_together",
    "test_shares",
    "test_two_servers",
}


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a test runs on; "" for tests that choose their own."""
    yield from choose(request)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What phones do runs on every database; where the database matters little, only with `make test-databases`."""
    name = metafunc.module.__name__.rpartition(".")[2]
    if name in EVERY_STORE | IF_ALL_IS_ASKED_FOR:
        on_every_store(metafunc, if_everything=name in IF_ALL_IS_ASKED_FOR)
