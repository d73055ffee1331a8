"""Writes that wait until the end of a transaction (or its next read), so that many rows go to the database together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Delete, Table, bindparam, delete, insert, update

from storage.index_columns import TABLES_OF, IndexRows
from storage.tables import items
from sync_engine.model import Kind

_SET_REVISION = update(items).where(items.c.id == bindparam("item")).values(revision_id=bindparam("revision"))
CHANGED = (
    *("kind", "uid", "href", "etag", "size", "revision_id", "seq", "deleted", "fingerprint"),
    *("range_start", "range_end", "secret", "maker_id", "changed_at"),
)
_CHANGE = update(items).where(items.c.id == bindparam("item")).values({n: bindparam(f"new_{n}") for n in CHANGED})


def _forget(table: Table) -> Delete:
    return delete(table).where(table.c.item_id.in_(bindparam("items", expanding=True)))


_FORGET = {table: _forget(table) for tables in TABLES_OF.values() for table in tables}
_INSERT = {table: insert(table) for table in _FORGET}
_CHUNK = 500


class Pending:
    """Rows by item, so that a later change of the same item replaces an earlier one."""

    def __init__(self) -> None:
        self.changes: dict[int, Mapping[str, Any]] = {}  # item id -> its new columns
        self._revisions: dict[int, int] = {}  # new item id -> its first revision
        self._rows: dict[int, IndexRows] = {}
        self._clear: dict[int, Kind] = {}  # items whose stored index rows are of this kind
        self.frees_uid = False  # a UID or href is free once this is written: write it before a new item is inserted

    @property
    def waiting(self) -> bool:
        """Is there anything to write?"""
        return bool(self.changes or self._revisions or self._rows or self._clear)

    def knows(self, item_id: int) -> bool:
        """Does the database not have the present state of this item yet?"""
        return item_id in self.changes or item_id in self._revisions

    def created(self, item_id: int, revision_id: int, rows: IndexRows) -> None:
        """A new item, whose row is there but for its revision."""
        self._revisions[item_id] = revision_id
        self._rows[item_id] = rows

    def changed(
        self, item_id: int, columns: Mapping[str, Any], old_kind: Kind, rows: IndexRows, *, frees_uid: bool
    ) -> None:
        """All of `CHANGED` for an item that was of `old_kind`."""
        self.frees_uid |= frees_uid
        self.changes[item_id] = columns
        self._clear[item_id] = old_kind
        self._rows[item_id] = rows

    def write(self, connection: Connection) -> None:
        """Send everything."""
        if self._revisions:
            new = [{"item": item, "revision": revision} for item, revision in self._revisions.items()]
            connection.execute(_SET_REVISION, new)
        if self.changes:
            connection.execute(_CHANGE, [_named(item, columns) for item, columns in self.changes.items()])
        self._write_clear(connection)
        self._write_rows(connection)
        self.__init__()  # type: ignore[misc]  # empty again

    def _write_clear(self, connection: Connection) -> None:
        by_kind: dict[Kind, list[int]] = defaultdict(list)
        for item, kind in self._clear.items():
            by_kind[kind].append(item)
        for kind, ids in by_kind.items():
            for start in range(0, len(ids), _CHUNK):
                for table in TABLES_OF[kind]:
                    connection.execute(_FORGET[table], {"items": ids[start : start + _CHUNK]})

    def _write_rows(self, connection: Connection) -> None:
        by_table: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for item, rows in self._rows.items():
            for table, values in rows:
                by_table[table].append({"item_id": item, **values})
        for table, values_list in by_table.items():
            connection.execute(_INSERT[table], values_list)


def _named(item: int, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {"item": item, **{f"new_{name}": value for name, value in columns.items()}}
