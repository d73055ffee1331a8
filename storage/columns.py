"""Column types that mean the same on SQLite, PostgreSQL and SQL Server."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, String, Unicode, UnicodeText
from sqlalchemy.dialects import mssql
from sqlalchemy.types import TypeDecorator, TypeEngine

# Ids are compared byte for byte everywhere; SQL Server's default collation would fold case (SYNC.md R29).
_BINARY = "Latin1_General_100_BIN2"

BigId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts rows only in INTEGER columns


def opaque(length: int) -> TypeEngine[str]:
    """Text that is compared byte for byte: ids, hrefs, UIDs, versions, names of things."""
    return String(length).with_variant(mssql.NVARCHAR(length, collation=_BINARY), "mssql")


def opaque_text() -> TypeEngine[str]:
    """The same of any length; not for indexes."""
    return UnicodeText().with_variant(mssql.NVARCHAR(None, collation=_BINARY), "mssql")


def words(length: int) -> TypeEngine[str]:
    """Text for people, of bounded length."""
    return Unicode(length)


def long_text() -> TypeEngine[str]:
    """Text of any length."""
    return UnicodeText().with_variant(mssql.NVARCHAR(None), "mssql")


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC instant. Refuses naive values; SQLite and SQL Server keep it without its zone, PostgreSQL with."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """PostgreSQL timestamptz, SQL Server datetime2, SQLite text."""
        if dialect.name == "mssql":
            return dialect.type_descriptor(mssql.DATETIME2(6))  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC, naive where the database keeps no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the store carry a zone")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Always aware UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def octets() -> TypeEngine[bytes]:
    """Bytes of any length."""
    return LargeBinary().with_variant(mssql.VARBINARY("max"), "mssql")  # type: ignore[no-untyped-call]
