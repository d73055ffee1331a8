"""Secrets at rest and in logs."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Connection, create_engine, update

from agendahub import logs
from agendahub.redaction import learn, redact, sentence
from config.settings import LogSettings
from storage import secrets
from storage.secrets import KeyProblem
from storage.tables import metadata
from storage.tables import secrets as rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = bytes(range(32))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path}/s.db")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_a_secret_comes_back_and_its_row_shows_nothing(connection: Connection) -> None:
    secrets.put(connection, KEY, "work", "pässword", NOW)
    secrets.put(connection, KEY, "work", "pässword 2", NOW)
    assert secrets.get(connection, KEY, "work") == "pässword 2"
    assert secrets.get(connection, KEY, "none") is None
    sealed = connection.execute(rows.select()).one().ciphertext
    assert b"word" not in base64.b64decode(sealed)
    secrets.remove(connection, "work")
    assert secrets.get(connection, KEY, "work") is None


def test_another_key_or_another_row_does_not_open_it(connection: Connection) -> None:
    secrets.put(connection, KEY, "work", "one", NOW)
    secrets.put(connection, KEY, "home", "two", NOW)
    with pytest.raises(KeyProblem, match="another key"):
        secrets.get(connection, bytes(32), "work")
    sealed = connection.execute(rows.select().where(rows.c.name == "work")).one().ciphertext
    connection.execute(update(rows).where(rows.c.name == "home").values(ciphertext=sealed))
    with pytest.raises(KeyProblem):
        secrets.get(connection, KEY, "home")


def test_the_key_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(KeyProblem, match="agendahub init"):
        secrets.read_key(path)
    secrets.create_key_file(path)
    assert len(secrets.read_key(path)) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        secrets.create_key_file(path)
    path.chmod(0o640)
    with pytest.raises(KeyProblem, match="chmod 600"):
        secrets.read_key(path)
    path.chmod(0o600)
    for wrong in (b"not base64 !", base64.b64encode(b"short")):
        path.write_bytes(wrong)
        with pytest.raises(KeyProblem, match="not a key file"):
            secrets.read_key(path)


@pytest.mark.parametrize(
    "event",
    [
        {"event": "sent", "headers": {"Authorization": "Basic Y2FuYXJ5LTQy"}},
        {"event": "answer to Authorization: Bearer Y2FuYXJ5LTQy"},
        {"event": "x", "password": "Y2FuYXJ5LTQy", "nested": [{"client_secret": "Y2FuYXJ5LTQy"}]},
        {"event": "https://ada:Y2FuYXJ5LTQy@dav.example/"},
        {"event": "the server said Y2FuYXJ5LTQy is wrong", "raw": b"Y2FuYXJ5LTQy"},
    ],
)
def test_a_canary_secret_never_reaches_a_log(event: dict[str, object], capfd: pytest.CaptureFixture[str]) -> None:
    learn("Y2FuYXJ5LTQy")
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logs.set_up(LogSettings(level="debug", format="json"))
        text = str(event.pop("event"))
        structlog.get_logger("test").warning(text, **event)
        logging.getLogger("library").warning("%s %s", text, event)
        try:
            raise ValueError("Y2FuYXJ5LTQy")
        except ValueError:
            structlog.get_logger("test").exception("failed")
    finally:
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()
    written = capfd.readouterr().err
    assert "Y2FuYXJ5LTQy" not in written
    assert [json.loads(line)["level"] for line in written.splitlines()] == ["warning", "warning", "error"]


def test_redaction_leaves_the_rest_alone() -> None:
    assert redact({"binding": "work", "count": 3, "password": ""}) == {"binding": "work", "count": 3, "password": ""}
    assert redact("https://dav.example/ada@home/") == "https://dav.example/ada@home/"


def test_of_a_secret_that_begins_like_another_nothing_is_left() -> None:
    """Whatever the order in which they are learnt: a set of Python's has another one in each process."""
    names = [f"begin-{number}" for number in range(20)]
    for name in names:
        learn(name)
        learn(f"{name}-and-its-rest")
    shown = sentence(" ".join(f"{name}-and-its-rest" for name in names))
    assert "rest" not in shown
