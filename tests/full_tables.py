"""Rows for every table of a database, whatever its schema is: made from the tables as the database describes them.

So a migration of tomorrow is tested with data without anybody writing it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, MetaData, Table, insert, inspect, select, text
from sqlalchemy.types import BigInteger, Boolean, DateTime, Float, Integer, LargeBinary, String

Rows: TypeAlias = list[dict[str, Any]]
Contents: TypeAlias = Mapping[str, Rows]
"""Table -> its rows, by primary key."""

ROWS = 3  # the least that a table can hold, usual values, and the most
BIG = 2 * 1024 * 1024  # octets of the largest card (QUALITY.md)
NASTY = "Grüezi 👋🏽 'q' \"d\" \\n\r\n\t%s :x ?{0} e\u0301 \u2028 \uffee 𝔘;,"
_TIMES = (
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)


_described: dict[tuple[str, str], MetaData] = {}


def described(connection: Connection) -> MetaData:
    """The tables of ours that are there; asked once for each kind of database and version, as it takes long."""
    version = ""
    if inspect(connection).has_table("alembic_version"):
        version = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    key = connection.dialect.name, version
    if key not in _described:
        metadata = MetaData()
        metadata.reflect(connection, only=_is_table)
        if "alembic_version" in metadata.tables:
            metadata.remove(metadata.tables["alembic_version"])
        _described[key] = metadata
    return _described[key]


def _is_table(name: str, _metadata: MetaData) -> bool:
    """Not those in which SQLite keeps its index of full text: it writes them itself."""
    return not name.startswith("request_words")


def fill(connection: Connection) -> None:
    """Put `ROWS` rows into every table; keys of row n are n, and so are its references."""
    for table in described(connection).sorted_tables:
        for number in range(1, ROWS + 1):
            connection.execute(insert(table), _row(table, number, connection.dialect.name))


def contents(connection: Connection) -> Contents:
    """Everything, to be compared; times as aware UTC."""
    found: dict[str, Rows] = {}
    for table in described(connection).sorted_tables:
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        found[table.name] = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return value


def _row(table: Table, number: int, dialect: str) -> dict[str, Any]:
    return {column.name: _value(column, number, dialect) for column in table.columns if column.computed is None}


def _value(column: Column[Any], number: int, dialect: str) -> Any:
    if column.primary_key and not isinstance(column.type, String):
        return number
    if number == 1 and column.nullable:
        return None
    if column.foreign_keys:
        return number
    return _of_type(column, number, dialect)


def _of_type(column: Column[Any], number: int, dialect: str) -> Any:
    kind = column.type
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Float):
        return number / 3
    if isinstance(kind, Integer):
        return number if number < ROWS else 2**53 if isinstance(kind, BigInteger) and dialect != "sqlite" else 2**31 - 1
    if isinstance(kind, DateTime):
        return _time(number, dialect)
    if isinstance(kind, String):
        return _text(column, number)
    if isinstance(kind, LargeBinary):
        return bytes(range(256)) * number
    raise AssertionError(f"{column} is of a type that tests cannot fill yet: {kind!r}")


def _time(number: int, dialect: str) -> datetime:
    moment = _TIMES[number - 1]
    return moment if dialect == "postgresql" else moment.replace(tzinfo=None)


def _text(column: Column[Any], number: int) -> str:
    """Different in each row; as long as it may be in the last one, counted as SQL Server does."""
    length = getattr(column.type, "length", None)
    begin = str(number)
    if number == 1:
        return begin
    whole = begin + NASTY * 3
    if length is None:
        return whole * 100 if number < ROWS or column.name != "text" else (whole * (BIG // 150))
    if number == ROWS:
        whole *= length
    return whole.encode("utf-16-le")[: length * 2].decode("utf-16-le", "ignore")
