"""What time the database server thinks it is."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, DateTime, func, select


def time_there(connection: Connection) -> datetime:
    """Of PostgreSQL and SQL Server; SQLite lives in our own process and has our time."""
    kind = connection.dialect.name
    if kind == "sqlite":
        return datetime.now(UTC)
    if kind == "mssql":  # without its zone, as the ODBC driver cannot read one
        there: datetime = connection.execute(select(func.sysutcdatetime(type_=DateTime()))).scalar_one()
        return there.replace(tzinfo=UTC)
    there = connection.execute(select(func.clock_timestamp(type_=DateTime(timezone=True)))).scalar_one()
    return there.astimezone(UTC)
