"""Looks for damage: a schema that is not ours, a broken file, rows that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, Table, exists, func, not_, or_, select, text

from storage.tables import collections, intents, items, links, metadata, revisions


def differences(connection: Connection) -> list[str]:
    """How the database's schema differs from the program's."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    options = {"compare_type": True, "include_name": _is_told}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return [f"The schema differs: {_said(difference)}." for difference in found]


def _is_told(name: str | None, _kind: str, _parents: object) -> bool:
    """Not what migration 0016 makes on one kind of database alone: what full text needs."""
    return not (name or "").startswith("request_words")


def damage(connection: Connection) -> list[str]:
    """What is broken or contradicts itself."""
    return [*_broken_file(connection), *_contradictions(connection)]


def _said(difference: Any) -> str:
    if isinstance(difference, list):
        return "; ".join(_said(part) for part in difference)
    return " ".join(str(part) for part in difference if part is not None)


def _broken_file(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return
    for row in connection.execute(text("PRAGMA integrity_check(20)")):
        if row[0] != "ok":
            yield f"The database file is damaged: {row[0]}."
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"Row {row[1]} of {row[0]} points at a row of {row[2]} that is not there."


def _without_revision(table: Table, revision: str, item: str = "item_id") -> Select[Any]:
    there = exists().where(revisions.c.id == table.c[revision], revisions.c.item_id == table.c[item])
    return select(table.c.id).where(not_(there))


_CHECKS: tuple[tuple[str, Select[Any]], ...] = (
    ("items without their text", _without_revision(items, "revision_id", "id")),
    (
        "links whose common version is gone",
        _without_revision(links, "base_revision"),
    ),
    (
        "planned writes whose text is gone",
        _without_revision(intents, "revision_id"),
    ),
    (
        "items with a number that their collection has not given yet",
        select(items.c.id).join(collections).where(items.c.seq > collections.c.seq),
    ),
    (
        "items whose text is not the one their entity tag stands for",
        select(items.c.id)
        .join(revisions, revisions.c.id == items.c.revision_id)
        .where(or_(revisions.c.digest != items.c.etag, revisions.c.item_id != items.c.id)),
    ),
)


def _contradictions(connection: Connection) -> Iterator[str]:
    for name, statement in _CHECKS:
        count = connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
        if count:
            first = connection.execute(statement.limit(5)).scalars().all()
            yield f"There are {count} {name}, such as ids {', '.join(map(str, first))}."
