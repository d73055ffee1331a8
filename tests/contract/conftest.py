"""The databases that the store's contract runs against."""

from __future__ import annotations

from tests.databases import _sqlite_template, empty_postgres_url, mssql_url, postgres, postgres_url, sqlite_url

__all__ = ["_sqlite_template", "empty_postgres_url", "mssql_url", "postgres", "postgres_url", "sqlite_url"]
