"""Run by Alembic for each command; `storage.schema` gives it a connection, or an address to write SQL for."""

from __future__ import annotations

from typing import Any

from alembic import context

from storage.tables import metadata

_OPTIONS: dict[str, Any] = {
    "target_metadata": metadata,
    "transactional_ddl": True,  # all or nothing: all three databases can
    "render_as_batch": True,  # SQLite changes tables by copying them
    "compare_type": True,
}


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        context.configure(dialect_name=context.config.attributes["dialect"], literal_binds=True, **_OPTIONS)
    else:
        context.configure(connection=connection, **_OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


_run()
