"""Fills a hub with many bindings: the first is synced as any, the others are copies of its rows in the database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_COPIED = {  # table: columns that are numbers of items, columns that are numbers of revisions
    "items": (("id",), ("revision_id",)),
    "revisions": (("item_id",), ("id",)),
    "links": (("item_id",), ("base_revision", "echo_revision")),
    "events": (("item_id",), ()),
    "event_attendees": (("item_id",), ()),
}


def copy_first_binding(file: Path, bindings: int) -> int:
    """Give each further binding the rows of binding 1, under its own numbers. Returns how many items there are."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        for setting in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000"):
            connection.execute(f"PRAGMA {setting}")
        highest = [connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] for table in ("items", "revisions")]
        connection.execute("BEGIN")
        for binding in range(2, bindings + 1):
            for table in _COPIED:
                connection.execute(_copy(connection, table, binding, highest))
            connection.execute(
                "UPDATE bindings SET (cursor, hub_cursor) = (SELECT cursor, hub_cursor FROM bindings WHERE id = 1)"
                " WHERE id = ?",
                (binding,),
            )
            connection.execute(
                "UPDATE collections SET seq = (SELECT seq FROM collections WHERE id = 1) WHERE id = ?", (binding,)
            )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(connection.execute("SELECT count(*) FROM items").fetchone()[0])
    finally:
        connection.close()


def _copy(connection: sqlite3.Connection, table: str, binding: int, highest: list[int]) -> str:
    """INSERT ... SELECT. Bindings and collections have the same numbers here."""
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    of_items, of_revisions = _COPIED[table]
    values = {name: f"{name} + {(binding - 1) * highest[0]}" for name in of_items}
    values |= {name: f"{name} + {(binding - 1) * highest[1]}" for name in of_revisions}
    values |= {name: str(binding) for name in ("collection_id", "binding_id") if name in names}
    if table == "links":
        values["remote_id"] = f"replace(remote_id, '/c1/', '/c{binding}/')"
    names = [name for name in names if name != "id" or name in values]
    shown = ", ".join(values.get(name, name) for name in names)
    only = {"items": "collection_id = 1", "links": "binding_id = 1"}.get(table)
    if only is None:
        only = f"{of_items[0]} <= {highest[0]}"
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {shown} FROM {table} WHERE {only}"
