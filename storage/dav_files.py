"""The plain files that each user has beside calendars and address books, on the connection of a unit of work.

A folder's number is its children's `parent_id`; the user's own folder has the number 0 and no row. Names are opaque
keys. Writers take `lock_files` first: so two of them never leave a file in a folder that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from storage.blobs import delete_unused
from storage.session import chunks
from storage.tables import attachments, blobs, file_properties, files, users

LONGEST_NAME = 400  # characters


class Entry(NamedTuple):
    """A file or a folder."""

    id: int
    parent_id: int
    name: str
    folder: bool
    media_type: str
    etag: str
    size: int  # octets
    blob_id: int | None
    created_at: datetime
    changed_at: datetime


class Usage(NamedTuple):
    """What a user keeps here."""

    files: int  # and folders
    octets: int  # of files and attachments


class Content(NamedTuple):
    """What a file holds."""

    media_type: str
    etag: str
    size: int
    blob_id: int | None


_COLUMNS: list[Any] = [files.c[name] for name in Entry._fields]
_COPIED = ("user_id", "parent_id", "name", "folder", "media_type", "etag", "size", "blob_id")
_LOCK = (
    select(users.c.id)
    .where(users.c.id == bindparam("user"))
    .with_for_update(key_share=True)  # devices and requests may point at the user meanwhile
    .with_hint(users, "WITH (UPDLOCK, ROWLOCK)", "mssql")
)
_MINE = select(*_COLUMNS).where(files.c.user_id == bindparam("user"))
_CHILD = _MINE.where(files.c.parent_id == bindparam("parent"), files.c.name == bindparam("name"))
_CHILDREN = _MINE.where(files.c.parent_id == bindparam("parent")).order_by(files.c.name)
_BELOW = _MINE.where(files.c.parent_id.in_(bindparam("parents", expanding=True))).order_by(files.c.id)
_FILES_USED = select(func.count(), func.coalesce(func.sum(files.c.size), 0)).where(files.c.user_id == bindparam("user"))
_ATTACHED = select(func.coalesce(func.sum(blobs.c.size), 0)).where(  # each once, however many items hold it
    blobs.c.id.in_(select(attachments.c.blob_id).where(attachments.c.user_id == bindparam("user")))
)
_OF_FILES = select(file_properties).where(file_properties.c.file_id.in_(bindparam("ids", expanding=True)))
_OF_CHILDREN = (
    select(file_properties)
    .join(files, files.c.id == file_properties.c.file_id)
    .where(files.c.user_id == bindparam("user"), files.c.parent_id == bindparam("parent"))
)


def lock_files(connection: Connection, user_id: int) -> None:
    """Become the only writer of a user's files until the end of the transaction."""
    connection.execute(_LOCK, {"user": user_id})


# ---------------------------------------------------------------- reading


def child_of(connection: Connection, user_id: int, parent_id: int, name: str) -> Entry | None:
    """The file or folder of this name in a folder."""
    row = connection.execute(_CHILD, {"user": user_id, "parent": parent_id, "name": name}).one_or_none()
    return Entry._make(row) if row else None


def children_of(connection: Connection, user_id: int, parent_id: int) -> list[Entry]:
    """What is in a folder, by name."""
    return [Entry._make(row) for row in connection.execute(_CHILDREN, {"user": user_id, "parent": parent_id})]


def levels_of(connection: Connection, user_id: int, entry: Entry) -> list[list[Entry]]:
    """An entry and all below it: itself alone, then what is in it, then what is in that ..."""
    levels = [[entry]]
    while parents := [one.id for one in levels[-1] if one.folder]:
        level: list[Entry] = []
        for part in chunks(parents):
            rows = connection.execute(_BELOW, {"user": user_id, "parents": part})
            level += [Entry._make(row) for row in rows]
        if not level:
            break
        levels.append(level)
    return levels


def usage_of(connection: Connection, user_id: int) -> Usage:
    """What a user keeps here."""
    count, octets = connection.execute(_FILES_USED, {"user": user_id}).one()
    attached = connection.execute(_ATTACHED, {"user": user_id}).scalar_one()
    return Usage(int(count), int(octets) + int(attached))


# ---------------------------------------------------------------- writing


def add_folder(connection: Connection, user_id: int, parent_id: int, name: str, at: datetime) -> None:
    """Make an empty folder."""
    row = {"user_id": user_id, "parent_id": parent_id, "name": name, "folder": True}
    connection.execute(insert(files).values(**row, created_at=at, changed_at=at))


def add_file(connection: Connection, user_id: int, parent_id: int, name: str, content: Content, at: datetime) -> None:
    """Make a file."""
    row = {"user_id": user_id, "parent_id": parent_id, "name": name, "folder": False, **content._asdict()}
    connection.execute(insert(files).values(**row, created_at=at, changed_at=at))


def change_file(connection: Connection, entry: Entry, content: Content, at: datetime) -> None:
    """Give a file other octets; its properties stay."""
    row = {**content._asdict(), "changed_at": at}
    connection.execute(update(files).where(files.c.id == entry.id).values(row))
    _let_go(connection, [entry])


def move_entry(connection: Connection, entry: Entry, parent_id: int, name: str) -> None:
    """Put an entry, with all below it, elsewhere in the same user's files."""
    connection.execute(update(files).where(files.c.id == entry.id).values(parent_id=parent_id, name=name))


def delete_entries(connection: Connection, levels: Sequence[Sequence[Entry]]) -> None:
    """Delete a tree (see `levels_of`)."""
    for level in levels:
        for ids in chunks(entry.id for entry in level):
            connection.execute(delete(file_properties).where(file_properties.c.file_id.in_(ids)))
            connection.execute(delete(files).where(files.c.id.in_(ids)))
        _let_go(connection, level)


def copy_entries(
    connection: Connection, user_id: int, levels: Sequence[Sequence[Entry]], parent_id: int, name: str, at: datetime
) -> None:
    """Copy a tree (see `levels_of`), properties too, to a name that is free. The octets are shared."""
    new_ids: dict[int, int] = {}
    for depth, level in enumerate(levels):
        rows = []
        for entry in level:
            place = (new_ids[entry.parent_id], entry.name) if depth else (parent_id, name)
            rows.append(_copied(entry, user_id, *place, at))
        statement = insert(files).returning(files.c.id, sort_by_parameter_order=True)
        made = connection.execute(statement, rows).scalars()
        fresh = dict(zip((entry.id for entry in level), map(int, made), strict=True))
        _copy_properties(connection, fresh)
        new_ids.update(fresh)


def _copied(entry: Entry, user_id: int, parent_id: int, name: str, at: datetime) -> dict[str, Any]:
    row = {**entry._asdict(), "user_id": user_id, "parent_id": parent_id, "name": name}
    return {column: row[column] for column in _COPIED} | {"created_at": at, "changed_at": at}


def _copy_properties(connection: Connection, new_ids: Mapping[int, int]) -> None:
    rows = [
        {"file_id": new_ids[entry_id], "name": name, "value": value}
        for entry_id, kept in properties_of(connection, list(new_ids)).items()
        for name, value in kept.items()
    ]
    if rows:
        connection.execute(insert(file_properties), rows)


def _let_go(connection: Connection, entries: Iterable[Entry]) -> None:
    delete_unused(connection, [entry.blob_id for entry in entries if entry.blob_id is not None])


# ---------------------------------------------------------------- properties


def properties_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Kept properties, by entry: ``{namespace}local`` to XML."""
    kept: dict[int, dict[str, str]] = {}
    for part in chunks(ids):
        for row in connection.execute(_OF_FILES, {"ids": part}):
            kept.setdefault(row.file_id, {})[row.name] = row.value
    return kept


def properties_in(connection: Connection, user_id: int, parent_id: int) -> dict[int, dict[str, str]]:
    """Kept properties of all that is in a folder."""
    kept: dict[int, dict[str, str]] = {}
    for row in connection.execute(_OF_CHILDREN, {"user": user_id, "parent": parent_id}):
        kept.setdefault(row.file_id, {})[row.name] = row.value
    return kept


def keep_properties(connection: Connection, entry_id: int, values: Mapping[str, str | None]) -> None:
    """Keep properties; None removes one."""
    table = file_properties
    for name, value in values.items():
        connection.execute(delete(table).where(table.c.file_id == entry_id, table.c.name == name))
        if value is not None:
            connection.execute(insert(table).values(file_id=entry_id, name=name, value=value))
