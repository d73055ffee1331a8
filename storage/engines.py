"""SQLAlchemy engines, set up for each database so that "committed" means "survives a power cut"."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from storage.errors import StoreError, StoreUnavailable, translate

WRITING = "agendahub_writing"  # execution option of connections that will write
BUSY_SECONDS = 30

_SQLITE_SETTINGS = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode=WAL",  # readers and the writer do not wait for each other
    "PRAGMA synchronous=FULL",  # WAL with NORMAL loses the last commits at a power cut (docs/decisions/sqlite.md)
    f"PRAGMA journal_size_limit={64 * 2**20}",  # octets that the log keeps after a large transaction
    "PRAGMA foreign_keys=ON",
)
_NO_HANG = {  # PostgreSQL: a server or network that went silent is noticed within a minute, not after hours
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mssql": "mssql+pyodbc"}


def parse_url(text: str) -> URL:
    """A database address with its driver; raises `StoreUnavailable` where it is not one."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as err:
        raise StoreUnavailable("The database address is not valid; it looks like sqlite:///agendahub.db.") from err
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() not in {"sqlite", "postgresql", "mssql"}:
        raise StoreUnavailable(f"The database {url.drivername} is not supported; use sqlite, postgresql or mssql.")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreUnavailable("The database must be a file: sqlite:///path/to/agendahub.db.")
    return url


def make_engine(url: URL, *, pooled: bool = True) -> Engine:
    """An engine whose errors are those of `storage.errors`."""
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 40} if pooled else {"poolclass": NullPool}
    if url.get_backend_name() != "sqlite":
        options |= {"isolation_level": "READ COMMITTED", "pool_pre_ping": True}
    if url.get_backend_name() == "postgresql":
        options["connect_args"] = {name: value for name, value in _NO_HANG.items() if name not in url.query}
    elif url.drivername == "mssql+pymssql":
        options["connect_args"] = {"use_datetime2": True}  # else it cuts times to milliseconds
    try:
        engine = create_engine(url, **options)
    except (ImportError, NoSuchModuleError) as err:
        raise StoreUnavailable(f"The driver for {url.drivername} is not installed ({err}).") from err
    event.listen(engine, "handle_error", _in_our_words)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _set_up_postgresql)
    else:
        event.listen(engine, "connect", _set_up_mssql)
    return engine


def _in_our_words(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError) and not context.is_pre_ping:
        raise _translated(error, disconnected=context.is_disconnect) from context.original_exception


def _translated(error: DBAPIError, *, disconnected: bool) -> StoreError:
    found = translate(error)
    if disconnected and type(found) is StoreError:
        return StoreUnavailable(str(found))
    return found


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own: `_begin_sqlite` does
    cursor = connection.cursor()
    for setting in _SQLITE_SETTINGS:
        cursor.execute(setting)
    cursor.close()


def _set_up_postgresql(connection: Any, _record: object) -> None:
    # Times come in the session's zone: near the year 9999 (a task for ever) another zone has no such time in Python.
    connection.execute("SET TIME ZONE 'UTC'")
    # Whoever waits for another's lock hears that the store is busy, as with SQLite, and does not wait for ever.
    connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


def _set_up_mssql(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET LOCK_TIMEOUT {BUSY_SECONDS * 1000}")
    cursor.execute("SET XACT_ABORT ON")  # after any error the whole transaction is rolled back: all or nothing
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once; a read lock that wants to become a write lock cannot wait and fails.
    writing = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
