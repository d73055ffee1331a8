"""Brings the tables of a database to the state this program needs, and says what is wrong with them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import URL, Connection, event, inspect, text

from storage.engines import WRITING, make_engine, parse_url
from storage.errors import StoreError, StoreOutdated

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0017"  # the newest migration; Alembic itself takes long to import

Address: TypeAlias = str | URL

_UPGRADE = "run `agendahub db upgrade`"
_NEWER = "The database was made by a newer version of AgendaHub (schema {found}); update AgendaHub."
_ONE_AT_A_TIME = {
    "postgresql": "SELECT pg_advisory_xact_lock(4279372)",
    "mssql": "EXEC sp_getapplock @Resource = 'agendahub-schema', @LockMode = 'Exclusive'",
}


def upgrade(url: Address, revision: str = "head") -> None:
    """Create or change the tables; all or nothing. Nothing to do is fine. Raises `StoreError`."""
    _command("upgrade", url, revision)


def downgrade(url: Address, revision: str) -> None:
    """Back to an older state ("base": no tables, no data). Raises `StoreError`."""
    _command("downgrade", url, revision)


def current(url: Address) -> str | None:
    """The state the database is in; None without tables of ours."""
    address = _parsed(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return None  # connecting would make the file
    with _connection(address, writing=False) as connection:
        return _current(connection)


def check(url: Address) -> None:
    """Quick: raises `StoreOutdated` unless the tables are those of this version."""
    found = current(url)
    if found is None:
        raise StoreOutdated(f"The database has no tables of AgendaHub yet; {_UPGRADE}.")
    if found > HEAD:
        raise StoreOutdated(
            f"The database was made by a newer version of AgendaHub (schema {found}); update AgendaHub."
        )
    if found != HEAD:
        raise StoreOutdated(f"The database has the tables of an older version (schema {found}); {_UPGRADE}.")


def problems(url: Address) -> list[str]:
    """Thorough, and slow on a large store: differences of the schema, damage, and rows that contradict each other."""
    from storage.integrity import damage, differences

    check(url)
    with _connection(_parsed(url), writing=False) as connection:
        return [*differences(connection), *damage(connection)]


def upgrade_sql(dialect: str) -> str:
    """The statements of an upgrade from nothing, for an administrator who runs them by hand."""
    from alembic import command

    out = io.StringIO()
    config = _config(dialect=dialect)
    config.output_buffer = out
    command.upgrade(config, "head", sql=True)
    return out.getvalue()


def _command(name: str, url: Address, revision: str) -> None:
    from alembic import command
    from alembic.util import CommandError

    with _connection(_parsed(url), writing=True) as connection:
        if statement := _ONE_AT_A_TIME.get(connection.dialect.name):
            connection.execute(text(statement))
        _forbid_newer(connection)
        before = _pointing_nowhere(connection)
        try:
            getattr(command, name)(_config(connection=connection), revision)
        except CommandError as err:
            raise StoreError(f"The database cannot be changed to schema {revision} ({err}).") from err
        if _pointing_nowhere(connection) > before:
            raise StoreError(f"The change to schema {revision} would tear rows apart; nothing was changed.")


def _pointing_nowhere(connection: Connection) -> int:
    """Rows of SQLite whose references lead nowhere; it does not look at them while it changes tables."""
    if connection.dialect.name != "sqlite":
        return 0
    return len(connection.execute(text("PRAGMA foreign_key_check")).all())


def _forbid_newer(connection: Connection) -> None:
    found = _current(connection)
    if found is not None and found > HEAD:
        raise StoreOutdated(
            f"The database was made by a newer version of AgendaHub (schema {found}); update AgendaHub."
        )


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def _connection(url: URL, *, writing: bool) -> Iterator[Connection]:
    engine = make_engine(url, pooled=False)
    if writing and engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _references_later)
    with engine.connect().execution_options(**{WRITING: writing}) as connection, connection.begin():
        yield connection


def _references_later(connection: Any, _record: object) -> None:
    # SQLite changes a table by making another in its place: to drop the old one would delete all that points at it.
    connection.execute("PRAGMA foreign_keys=OFF")


def _parsed(url: Address) -> URL:
    return parse_url(url if isinstance(url, str) else url.render_as_string(hide_password=False))


def _config(**attributes: Any) -> Config:
    from alembic.config import Config

    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
