"""Every statement that the storage room keeps ready compiles for all three databases, without losing anything."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Executable, select

import storage
from storage.database import Database
from storage.tables import items
from tests.statements import DIALECTS, MOST_PARAMETERS, Untranslatable, checked, read_as_tsql, seen


def _statements() -> Iterator[tuple[str, ClauseElement]]:
    for module in pkgutil.iter_modules(storage.__path__, "storage."):
        if module.ispkg:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for one in value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, Executable) and isinstance(one, ClauseElement):
                    yield f"{module.name}.{name}", one


STATEMENTS = list(_statements())


def test_every_statement_that_is_kept_ready_is_one_for_all_databases() -> None:
    assert len(STATEMENTS) > 80
    for _name, statement in STATEMENTS:
        assert checked(statement)


@pytest.mark.parametrize(
    "foreign",
    [
        select(items).where(items.c.uid.regexp_match("x")),
        select(items.c.id).where(items.c.uid.op("ILIKE")("x")),
        select(items.c.uid.op("||")("x")),
    ],
)
def test_a_statement_that_one_database_would_not_take_is_found_where_it_is_sent(sqlite_url: str, foreign: Any) -> None:
    database = Database(sqlite_url)
    with database.read() as unit, pytest.raises(Untranslatable):
        unit.session.run(foreign)
    database.dispose()


def test_a_list_with_more_members_than_sql_server_takes_is_found(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.read() as unit:
        unit.session.run(select(items.c.id).where(items.c.id.in_(range(MOST_PARAMETERS))))
        with pytest.raises(Untranslatable, match="2001 parameters"):
            unit.session.run(select(items.c.id).where(items.c.id.in_(range(MOST_PARAMETERS + 1))))
    database.dispose()


def test_what_was_sent_is_remembered_as_t_sql(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.read() as unit:
        unit.session.run(select(items.c.href).order_by(items.c.seq).limit(7))
    assert any(text.startswith("SELECT TOP") and "items.href" in text for text in seen.values())
    database.dispose()


@pytest.mark.parametrize("text", ["SELECT id FROM items LIMIT 3", "SELECT a FROM b WHERE", "INSERT INTO a RETURNING b"])
def test_what_is_not_t_sql_is_found(text: str) -> None:
    with pytest.raises(Untranslatable):
        read_as_tsql(text)


def test_locks_are_taken_on_every_database_that_has_several_writers() -> None:
    (lock,) = (statement for name, statement in STATEMENTS if name == "storage.session._LOCK")
    assert str(lock.compile(dialect=DIALECTS["postgresql"])).endswith("FOR UPDATE")
    assert "WITH (UPDLOCK, ROWLOCK)" in str(lock.compile(dialect=DIALECTS["mssql"]))
