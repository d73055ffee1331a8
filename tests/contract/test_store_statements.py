"""Every statement that the storage room keeps ready compiles for all three databases, without losing anything."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from sqlalchemy import ClauseElement, Dialect, Executable
from sqlalchemy.dialects import mssql, postgresql, sqlite

import storage

DIALECTS: list[Dialect] = [sqlite.dialect(), postgresql.dialect(), mssql.dialect()]


def _statements() -> Iterator[tuple[str, ClauseElement]]:
    for module in pkgutil.iter_modules(storage.__path__, "storage."):
        if module.ispkg:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for one in value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, Executable) and isinstance(one, ClauseElement):
                    yield f"{module.name}.{name}", one


STATEMENTS = list(_statements())


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_statement_compiles(dialect: Dialect) -> None:
    assert len(STATEMENTS) > 50
    for name, statement in STATEMENTS:
        assert str(statement.compile(dialect=dialect)), name


def test_locks_are_taken_on_every_database_that_has_several_writers() -> None:
    (lock,) = (statement for name, statement in STATEMENTS if name == "storage.session._LOCK")
    assert str(lock.compile(dialect=postgresql.dialect())).endswith("FOR UPDATE")
    assert "WITH (UPDLOCK, ROWLOCK)" in str(lock.compile(dialect=mssql.dialect()))
