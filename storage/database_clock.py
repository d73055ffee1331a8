"""What time the database server thinks it is."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, types


def time_there(connection: Connection) -> datetime:
    """Of PostgreSQL and SQL Server; SQLite lives in our own process and has our time."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    if connection.dialect.name == "mssql":
        zoned = func.sysdatetimeoffset(type_=types.DateTime(timezone=True))
        found: datetime = connection.execute(select(zoned)).scalar_one()
    else:
        found = connection.execute(select(func.clock_timestamp(type_=types.DateTime(timezone=True)))).scalar_one()
    return found.astimezone(UTC)
