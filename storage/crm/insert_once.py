"""A row that two transactions may want to write at the same time: one does, the other one finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from sqlalchemy import Connection, Table, insert, literal, select

from storage.errors import StoreRefused

_DUPLICATE = "23505"  # SQLSTATE of a key that is there already


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any], key: Sequence[str]) -> bool:
    """Insert it unless there is a row with the same values in the columns `key`. Whether this call did it."""
    there = select(literal(1)).select_from(table).where(*(table.c[name] == values[name] for name in key))
    there = there.with_hint(table, "WITH (UPDLOCK, HOLDLOCK)", "mssql")
    row = select(*(literal(value, table.c[name].type) for name, value in values.items())).where(~there.exists())
    statement = insert(table).from_select(list(values), row).inline()
    try:
        # PostgreSQL does not see what another transaction has not committed yet, waits for it and then refuses.
        with connection.begin_nested() if connection.dialect.name == "postgresql" else nullcontext():
            return connection.execute(statement).rowcount > 0
    except StoreRefused as err:
        if getattr(err.__cause__, "sqlstate", "") != _DUPLICATE:
            raise
        return False
