"""Migrations: up and down with data, and equal to the tables that the program uses."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, inspect, text

from storage import schema
from storage.engines import make_engine, parse_url
from storage.errors import StoreOutdated
from storage.tables import metadata
from tests import samples
from tests.contract.store_items import PHONE, link_for
from tests.databases import hub_in

pytestmark = pytest.mark.slow


class SchemaContract:
    """Behaviour of `storage.schema`."""

    @pytest.fixture
    def url(self) -> str:
        """An empty database."""
        raise NotImplementedError

    def test_an_empty_database_gets_the_tables_of_the_program(self, url: str) -> None:
        assert schema.current(url) is None
        with pytest.raises(StoreOutdated, match="agendahub db upgrade"):
            schema.check(url)
        schema.upgrade(url)
        schema.upgrade(url)  # nothing to do is fine
        schema.check(url)
        assert schema.current(url) == schema.HEAD
        assert schema.problems(url) == []
        assert _constraints(url) == _constraints_of_metadata(url)

    def test_down_and_up_again_keeps_what_the_older_schema_knows(self, url: str) -> None:
        schema.upgrade(url)
        with hub_in(url) as hub:
            with hub.database.begin() as unit:
                made = unit.create_item(hub.collection, samples.card(), PHONE)
                unit.save_link(link_for(made, "r1"))
            hub.database.dispose()
            schema.downgrade(url, "0001")
            with pytest.raises(StoreOutdated, match="older version"):
                schema.check(url)
            schema.upgrade(url)
            with hub.database.read() as unit:
                assert unit.items([made.id]) == {made.id: made}
                assert unit.links(1, ["r1"]) == {}
            hub.database.dispose()
        schema.downgrade(url, "base")
        assert _tables(url) <= {"alembic_version"}
        assert schema.current(url) is None

    def test_a_newer_database_is_left_alone(self, url: str) -> None:
        schema.upgrade(url)
        self._run(url, "UPDATE alembic_version SET version_num = '9999'")
        for action in (schema.check, schema.upgrade):
            with pytest.raises(StoreOutdated, match="newer version"):
                action(url)

    def test_a_changed_schema_is_found(self, url: str) -> None:
        schema.upgrade(url)
        self._run(url, "DROP INDEX ix_links_item_id", "ALTER TABLE runs ADD COLUMN mine VARCHAR(10)")
        found = " ".join(schema.problems(url))
        assert "ix_links_item_id" in found
        assert "mine" in found

    def test_rows_that_contradict_each_other_are_found(self, url: str) -> None:
        schema.upgrade(url)
        with hub_in(url) as hub, hub.database.begin() as unit:
            one, two = (unit.create_item(hub.collection, samples.card(uid), PHONE) for uid in "ab")
            unit.save_link(link_for(one, "r1"))
        assert schema.problems(url) == []
        self._run(
            url,
            f"UPDATE items SET revision_id = {two.revision_id} WHERE id = {one.id}",
            "UPDATE links SET base_revision = 99",
            "UPDATE collections SET seq = 1",
        )
        found = schema.problems(url)
        assert len(found) == 4
        assert any("links whose common version is gone" in problem for problem in found)

    def _run(self, url: str, *statements: str) -> None:
        engine = make_engine(parse_url(url), pooled=False)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))


class TestSqliteSchema(SchemaContract):
    """A file."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'a 100% file.db'}"

    def test_looking_makes_no_file(self, url: str, tmp_path: Path) -> None:
        assert schema.current(url) is None
        assert list(tmp_path.iterdir()) == []

    def test_damage_is_found(self, url: str, tmp_path: Path) -> None:
        schema.upgrade(url)
        with create_engine(url).begin() as connection:  # a connection without our settings
            connection.execute(text("INSERT INTO grants VALUES (5, 6, 'read')"))
            connection.engine.dispose()
        assert "Row 1 of grants points at a row of users that is not there." in schema.problems(url)


class TestPostgresqlSchema(SchemaContract):
    """A server from PyPI."""

    @pytest.fixture
    def url(self, empty_postgres_url: str) -> str:
        return empty_postgres_url


def test_all_tables_are_made_on_sql_server() -> None:
    script = schema.upgrade_sql("mssql")
    for table in metadata.tables:
        assert f"CREATE TABLE {table} (" in script
    assert "COLLATE Latin1_General_100_BIN2" in script
    assert "WHERE deleted = 0" in script
    assert script.startswith("BEGIN TRANSACTION;")


def test_the_newest_migration_is_the_one_the_program_needs() -> None:
    folder = Path(schema.__file__).parent / "migrations" / "versions"
    newest = max(file.name for file in folder.glob("*.py"))
    assert newest.startswith(f"{schema.HEAD}_")


def test_migrations_write_out_what_they_do() -> None:
    """They must not change when the tables of the program do."""
    for file in (Path(schema.__file__).parent / "migrations" / "versions").glob("*.py"):
        imports = [node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
        assert "storage.tables" not in imports


def _tables(url: str) -> set[str]:
    return set(inspect(make_engine(parse_url(url), pooled=False)).get_table_names())


def _constraints(url: str) -> dict[str, set[str]]:
    """Names of everything, as compare_metadata does not look at all of it; but not of the index of full text."""
    found = inspect(make_engine(parse_url(url), pooled=False))
    names: dict[str, set[str]] = {}
    for table in set(found.get_table_names()) - {"alembic_version"}:
        if table.startswith("request_words"):
            continue
        parts = [*found.get_indexes(table), *found.get_unique_constraints(table), *found.get_foreign_keys(table)]
        names[table] = {str(part["name"]) for part in (*parts, found.get_pk_constraint(table))} - {"request_words"}
    return names


def _constraints_of_metadata(url: str) -> dict[str, set[str]]:
    """The same from a database that was made from the program's tables."""
    other = _beside(parse_url(url))
    engine = make_engine(other, pooled=False)
    if other.get_backend_name() == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    metadata.create_all(engine)
    return _constraints(other.render_as_string(hide_password=False))


def _beside(url: URL) -> URL:
    return url.set(database=f"{url.database}.other") if url.get_backend_name() == "sqlite" else url
