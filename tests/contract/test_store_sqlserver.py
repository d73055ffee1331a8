"""What SQL Server needs and the others do not: proven from what is sent to it, as no server is at hand.

Statements: tests/statements.py, every one of the whole test run. Here: types, collations, keys, locks, drivers.
With a server, everything runs on it: AGENDAHUB_TEST_MSSQL_URL (make test-databases).
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import re

import pytest
from alembic import command
from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.sqltypes import String

from storage import admin_config, leases, schema, session
from storage.database import Database
from storage.engines import make_engine, parse_url
from storage.errors import StoreBusy, StoreError, StoreFull, StoreOutdated, StoreUnavailable, translate
from storage.tables import metadata
from tests.statements import DIALECTS, read_as_tsql

DIALECT = DIALECTS["mssql"]
MOST_OF_AN_INDEX = 1700  # octets of a key
MOST_OF_A_PRIMARY_KEY = 900  # which orders the rows themselves
TABLES = list(metadata.tables.values())
ANY_OWNER = {"uq_collections_owner_slug"}  # where two empty values may be taken for equal: another index wants that


def _type(column: Column[object]) -> str:
    return str(DIALECT.type_compiler_instance.process(column.type.dialect_impl(DIALECT)))


def _octets(column: Column[object]) -> int:
    length = re.search(r"VARCHAR\((\d+)\)", _type(column))
    return int(length[1]) * 2 if length else 8


def _keys(table: Table) -> list[tuple[str, list[Column[object]], bool]]:
    """Name, columns and uniqueness of each index of a table."""
    unique = [part for part in table.constraints if isinstance(part, UniqueConstraint)]
    return [
        *((str(part.name), list(part.columns), True) for part in unique),
        *((str(index.name), list(index.columns), bool(index.unique)) for index in table.indexes),
    ]


def _index(name: str) -> Index:
    return next(index for table in TABLES for index in table.indexes if index.name == name)


# ---------------------------------------------------------------- types and keys


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_r29_all_that_identifies_is_compared_byte_for_byte(table: Table) -> None:
    script = schema.upgrade_sql("mssql")
    keys = {column.name for _, columns, unique in _keys(table) if unique for column in columns}
    for column in table.columns:
        if isinstance(column.type, String) and (column.name in keys or column.primary_key):
            assert "COLLATE Latin1_General_100_BIN2" in _type(column), column
        if "COLLATE" in _type(column):
            assert f"{column.name} {_type(column)}" in script.replace("[", "").replace("]", "")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_text_is_unicode_and_every_time_has_microseconds(table: Table) -> None:
    for column in table.columns:
        kind = _type(column)
        known = r"NVARCHAR\((max|\d+)\)|VARBINARY\(max\)|DATETIME2\(6\)|BIGINT|INTEGER|BIT|FLOAT"
        assert re.match(known, kind), (column, kind)
        assert (length := re.search(r"\((\d+)\)", kind)) is None or int(length[1]) <= 4000


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_keys_are_short_enough(table: Table) -> None:
    assert sum(map(_octets, table.primary_key.columns)) <= MOST_OF_A_PRIMARY_KEY
    for name, columns, _unique in _keys(table):
        assert sum(map(_octets, columns)) <= MOST_OF_AN_INDEX, name
        assert not any("max" in _type(column) for column in columns), name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_empty_values_are_not_taken_for_equal(table: Table) -> None:
    """SQL Server allows one NULL in a unique index: such an index leaves them out, or its columns have none."""
    for name, columns, unique in _keys(table):
        if unique and name not in ANY_OWNER:
            filtered = str(_index(name).dialect_options["mssql"]["where"]) if name.startswith("uq_") and any(
                index.name == name for index in table.indexes
            ) else ""  # fmt: skip
            assert all(not column.nullable or f"{column.name} IS NOT NULL" in filtered for column in columns), name


# ---------------------------------------------------------------- scripts and statements


@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
def test_every_migration_is_t_sql(direction: str) -> None:
    out = io.StringIO()
    config = schema._config(dialect="mssql")
    config.output_buffer = out
    getattr(command, direction)(config, "head" if direction == "upgrade" else "head:base", sql=True)
    parts = [part for part in out.getvalue().split("\nGO\n") if part.strip()]
    assert len(parts) > 30
    for part in parts:
        assert read_as_tsql(part)
    assert out.getvalue().startswith("BEGIN TRANSACTION;")


@pytest.mark.parametrize("words", [schema._ONE_AT_A_TIME["mssql"], admin_config._LOCKS["mssql"]])
def test_locks_by_name_are_t_sql(words: str) -> None:
    assert read_as_tsql(words)
    assert "sp_getapplock" in words


def test_a_lease_is_a_lock_of_the_session() -> None:
    source = inspect.getsource(leases._take_mssql)
    words = "".join(re.findall(r'"(SET NOCOUNT.*?|@LockOwner.*?)"', source))
    assert [type(part).__name__ for part in read_as_tsql(words)] == ["Set", "Declare", "Execute", "Select"]
    assert "@LockOwner = 'Session'" in words
    assert "@LockTimeout = 0" in words


def test_a_collection_s_row_is_locked_until_the_end() -> None:
    assert "WITH (UPDLOCK, ROWLOCK)" in str(session._LOCK.compile(dialect=DIALECT))


# ---------------------------------------------------------------- drivers and their errors

DEADLOCK = "Transaction (Process ID 52) was deadlocked on lock resources with another process and has been chosen"
ODBC = "[Microsoft][ODBC Driver 18 for SQL Server]"
SNAPSHOT = "Snapshot isolation transaction failed accessing database 'hub' because snapshot isolation is not allowed in"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (f"('40001', '[40001] {ODBC}[SQL Server]{DEADLOCK} (1205) (SQLExecDirectW)')", StoreBusy),
        (f"(1205, b'{DEADLOCK}')", StoreBusy),
        (f"Driver Error: Serialization failure; DDBC Error: [SQL Server]{DEADLOCK}", StoreBusy),
        ("(1222, b'Lock request time out period exceeded.DB-Lib error message 20018')", StoreBusy),
        ("DDBC Error: [SQL Server]Lock request time out period exceeded.", StoreBusy),
        ("(3960, b'Snapshot isolation transaction aborted due to update conflict.')", StoreBusy),
        (f"DDBC Error: [SQL Server]{SNAPSHOT} this database.", StoreOutdated),
        ("(1105, b\"Could not allocate space for object 'dbo.items'\")", StoreFull),
        ("DDBC Error: [SQL Server]The transaction log for database 'hub' is full due to 'LOG_BACKUP'.", StoreFull),
        ("(208, b\"Invalid object name 'items'.\")", StoreOutdated),
        (f"('08S01', '[08S01] {ODBC}TCP Provider: (10054) (SQLExecDirectW)')", StoreUnavailable),
        ("(20003, b'DB-Lib error message 20003: Adaptive Server connection timed out')", StoreUnavailable),
    ],
)  # fmt: skip
def test_errors_of_all_its_drivers_are_told_in_our_words(said: str, kind: type[StoreError]) -> None:
    assert type(translate(DBAPIError("SELECT secret", {}, Exception(said)))) is kind


@pytest.mark.parametrize(
    ("module", "driver"), [("pyodbc", "pyodbc"), ("pymssql", "pymssql"), ("mssql_python", "mssqlpython")]
)
def test_each_driver_can_be_named_and_a_missing_one_is_told(module: str, driver: str) -> None:
    url = parse_url(f"mssql+{driver}://sa:geheim@127.0.0.1:1/hub")
    if importlib.util.find_spec(module) is None:
        with pytest.raises(StoreUnavailable, match=f"driver for mssql.{driver} is not installed") as caught:
            make_engine(url)
        assert "geheim" not in str(caught.value)
    else:
        with pytest.raises(StoreUnavailable), Database(str(url)).read():
            pass


def test_the_short_address_takes_the_usual_driver() -> None:
    assert parse_url("mssql://hub@db/hub").drivername == "mssql+pyodbc"
