"""Types of requests and statuses, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, RowMapping, Table, delete, func, insert, select, update

from storage.crm.insert_once import insert_once
from storage.tables import documents, request_types, requests, statuses

Entries: TypeAlias = Sequence[RowMapping]

TABLES: Mapping[str, Table] = {"type": request_types, "status": statuses}


def entries(connection: Connection, kind: str) -> Entries:
    """All of them ("type", "status"), the archived ones too."""
    table = TABLES[kind]
    return connection.execute(select(table).order_by(table.c.position, table.c.id)).mappings().all()


def add(connection: Connection, kind: str, values: Mapping[str, Any]) -> int:
    """Put one at the end; gives its id."""
    table = TABLES[kind]
    last = connection.execute(select(func.max(table.c.position))).scalar()
    key = connection.execute(insert(table).values(**values, position=0 if last is None else last + 1))
    assert key.inserted_primary_key is not None
    return int(key.inserted_primary_key[0])


def add_first(connection: Connection, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Fill an empty catalogue; two transactions may do so at the same time."""
    for position, values in enumerate(rows):
        insert_once(connection, TABLES[kind], {**values, "position": position}, ["name"])


def is_empty(connection: Connection, kind: str) -> bool:
    """Whether there is none, not even an archived one."""
    return connection.execute(select(TABLES[kind].c.id).limit(1)).first() is None


def change(connection: Connection, kind: str, number: int, values: Mapping[str, Any]) -> None:
    """Set columns of one."""
    table = TABLES[kind]
    connection.execute(update(table).where(table.c.id == number).values(**values))


def put_in_order(connection: Connection, kind: str, numbers: Sequence[int]) -> None:
    """The positions from 0."""
    for position, number in enumerate(numbers):
        change(connection, kind, number, {"position": position})


def remove(connection: Connection, kind: str, number: int) -> None:
    """Take it out; a reference to it makes the database refuse."""
    table = TABLES[kind]
    connection.execute(delete(table).where(table.c.id == number))


def in_use(connection: Connection, kind: str, number: int) -> bool:
    """Whether a request, or a ticket, has it."""
    columns = [requests.c.type_id] if kind == "type" else [requests.c.status_id, documents.c.status_id]
    return any(connection.execute(select(column).where(column == number).limit(1)).first() for column in columns)
