"""Canned replies, in the order that an admin gave them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from storage.tables import canned_replies as c


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that is sent often; `{{number}}` and the like are filled in."""

    id: int
    name: str
    subject: str
    body: str
    position: int


_COLUMNS = tuple(c.c[name] for name in Reply.__dataclass_fields__)


def replies(connection: Connection) -> list[Reply]:
    """All of them: there are some dozens."""
    rows = connection.execute(select(*_COLUMNS).order_by(c.c.position, c.c.name).limit(1000)).mappings()
    return [Reply(**row) for row in rows]


def reply(connection: Connection, number: int) -> Reply | None:
    """One, by its id."""
    row = connection.execute(select(*_COLUMNS).where(c.c.id == number)).mappings().first()
    return None if row is None else Reply(**row)


def reply_named(connection: Connection, name: str) -> Reply | None:
    """One, by its name, whatever its case."""
    row = connection.execute(select(*_COLUMNS).where(func.lower(c.c.name) == name.lower())).mappings().first()
    return None if row is None else Reply(**row)


def add(connection: Connection, name: str, subject: str, body: str) -> int:
    """At the end; gives its id."""
    last = connection.execute(select(func.max(c.c.position))).scalar() or 0
    row = {"name": name, "subject": subject, "body": body, "position": last + 1}
    added = connection.execute(insert(c).values(**row)).inserted_primary_key
    assert added is not None
    return int(added[0])


def change(connection: Connection, number: int, name: str, subject: str, body: str) -> None:
    """It says something else."""
    connection.execute(update(c).where(c.c.id == number).values(name=name, subject=subject, body=body))


def order(connection: Connection, ids: tuple[int, ...]) -> None:
    """In this order from now on."""
    for position, number in enumerate(ids, 1):
        connection.execute(update(c).where(c.c.id == number).values(position=position))


def remove(connection: Connection, number: int) -> None:
    """Gone. Mails that were written with it stay as they are."""
    connection.execute(delete(c).where(c.c.id == number))
