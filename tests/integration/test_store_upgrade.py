"""`agendahub db upgrade`: an older store is brought up with what is in it, a newer one is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from storage import schema
from storage.engines import make_engine, parse_url
from tests.full_tables import contents, fill
from tests.hub_process import Hub


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_command_brings_an_older_store_up_and_leaves_a_newer_one_alone(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/agendahub.db"
    if kind == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
    hub = Hub(tmp_path)
    hub.run("init", "--database", url)
    schema.downgrade(url, "0001")
    engine = make_engine(parse_url(url), pooled=False)
    with engine.begin() as connection:
        fill(connection)
        before = contents(connection)
    hub.run("status", code=1)
    assert "older version (schema 0001); run `agendahub db upgrade`" in hub.errors
    hub.run("db", "upgrade")
    hub.run("db", "upgrade")  # nothing to do is fine
    with engine.begin() as connection:
        after = contents(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert after["revisions"] == before["revisions"]
    assert [row["uid"] for row in after["items"]] == [row["uid"] for row in before["items"]]
    for command in (("db", "upgrade"), ("status",), ("sync",)):
        hub.run(*command, code=1)
        assert "newer version of AgendaHub (schema 9999); update AgendaHub" in hub.errors
