"""The store's contract on SQLite. Every statement that it runs must also compile for the other databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Dialect, event
from sqlalchemy.dialects import mssql, postgresql

from tests.contract.store_contract import StoreContract
from tests.contract.store_races import RacesContract
from tests.databases import Hub

_OTHERS: list[Dialect] = [mssql.dialect(), postgresql.dialect()]


class TestSqlite(StoreContract, RacesContract):
    """A file."""

    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url

    @pytest.fixture(autouse=True)
    def _every_statement_compiles_for_all_databases(self, hub: Hub) -> Iterator[None]:
        seen: dict[int, ClauseElement] = {}

        def record(_connection: Any, statement: Any, *_rest: Any) -> None:
            if isinstance(statement, ClauseElement):
                seen[id(statement)] = statement

        event.listen(hub.database.engine, "before_execute", record)
        yield
        for statement in seen.values():
            for dialect in _OTHERS:
                assert str(statement.compile(dialect=dialect))
