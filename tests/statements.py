"""Every statement that a test run sends to a database must be one that all three databases take.

A listener sees each statement of ours before it is executed, on whatever database. A new one is compiled for the
others, and its T-SQL read by a parser; what cannot be fails the test that sent it. So SQL Server is covered without a
server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlglot
from sqlalchemy import Connection, Dialect, Engine, Table, event, make_url
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from storage.tables import metadata

MOST_PARAMETERS = 2000  # SQL Server takes 2,100 in all
DIALECTS: dict[str, Dialect] = {
    name: make_url(f"{name}://").get_dialect()() for name in ("mssql", "postgresql", "sqlite")
}

seen: dict[str, str] = {}
"""What this process sent -> the same in T-SQL."""


class Untranslatable(AssertionError):
    """A statement that one of the databases would not take."""


@contextmanager
def watched() -> Iterator[None]:
    """While it lasts, each statement of ours is checked."""
    event.listen(Engine, "before_cursor_execute", _look)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", _look)


def _look(_connection: Connection, _cursor: Any, sql: str, parameters: Any, context: Any, executemany: bool) -> None:
    compiled = getattr(context, "compiled", None)
    if not isinstance(compiled, SQLCompiler) or not is_ours(compiled.statement):
        return
    if not executemany and len(parameters) > MOST_PARAMETERS and not context.execute_style.name == "INSERTMANYVALUES":
        raise Untranslatable(f"{len(parameters)} parameters are more than SQL Server takes: {sql[:200]}")
    if sql not in seen:
        seen[sql] = checked(compiled.statement, compiled.column_keys)


def is_ours(statement: Any) -> bool:
    """Whether it is about our tables (not one with which SQLAlchemy looks at the schema)."""
    parts = [statement, getattr(statement, "table", None), *visitors.iterate(statement)]
    return any(isinstance(part, Table) and part.metadata is metadata for part in parts)


def checked(statement: Any, column_keys: Sequence[str] | None = None) -> str:
    """The statement in T-SQL. Raises `Untranslatable` where a database would not take it."""
    try:
        texts = {n: str(statement.compile(dialect=d, column_keys=column_keys)) for n, d in DIALECTS.items()}
    except Exception as err:
        raise Untranslatable(f"{statement} does not compile: {err}") from err
    read_as_tsql(texts["mssql"])
    return texts["mssql"]


_OF_OTHERS = re.compile(r"\b(LIMIT|ILIKE|RETURNING|ON CONFLICT|MERGE|FOR UPDATE|IS TRUE|IS FALSE)\b|\|\||::")
_LATER = re.compile(r"__\[POSTCOMPILE_[^\]]*\]")  # where members of a list, or the number of a TOP, will stand


_DROPS_DEFAULT = re.compile(  # as Alembic writes it for SQL Server; the parser wants a ; after each of the statements
    r"declare (@\w+) varchar\(256\)\nselect \1 = (?P<select>QUOTENAME.*?)\n"
    r"exec\('alter table \w+ drop constraint ' \+ \1\)",
    re.DOTALL,
)


def read_as_tsql(text: str) -> list[Any]:
    """What the parser understands; raises `Untranslatable` where it does not, or only guesses."""
    text = _DROPS_DEFAULT.sub(r"SELECT \g<select>", text)
    if found := _OF_OTHERS.search(text):
        raise Untranslatable(f"{found[0]} is not T-SQL: {text}")
    try:
        plain = re.sub(r":\w+|\?", "@p", _LATER.sub("1", text))
        parsed = sqlglot.parse(plain, dialect="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as err:
        raise Untranslatable(f"not T-SQL: {err}\n{text}") from err
    if any(isinstance(part, sqlglot.exp.Command) for part in parsed):
        raise Untranslatable(f"not understood as T-SQL: {text}")
    return parsed
