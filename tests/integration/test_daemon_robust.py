"""The daemon when what it stands on fails: the database, a server that never answers, an exception nobody foresaw."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from agendahub import daemon as daemon_module
from agendahub import work
from agendahub.bound import bind as real_bind
from agendahub.daemon import Daemon
from agendahub.workspace import Workspace
from config import load
from storage.engines import make_engine, parse_url
from tests.databases import Postgres
from tests.hub_process import Hub, events_at, put_event, wait_for
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server
from tests.servers.unkind_dav import CALENDAR, Fault, UnkindDav


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `agendahub init` makes, once; every binding asks each second."""
    hub = Hub(tmp_path_factory.mktemp("template"))
    hub.run("init")
    hub.edit('# interval = "5m"', 'interval = "1s"')
    return hub.folder


@pytest.fixture
def hub(tmp_path: Path, template: Path) -> Hub:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Hub(tmp_path)


@pytest.fixture
def pg_hub(hub: Hub, postgres_url: str) -> Hub:
    """On PostgreSQL."""
    hub.edit('# url = "sqlite:///agendahub.db"', f'url = "{postgres_url}"')
    return hub


@pytest.fixture
def pair(hub: Hub, radicale_server: Server) -> tuple[str, str]:
    """Two calendars, bound to one hub collection."""
    paths = make_collection(radicale_server, "/ada/", "calendar"), make_collection(radicale_server, "/ada/", "calendar")
    hub.write_account("work", radicale_server)
    hub.write_binding("one", "work", paths[0])
    hub.write_binding("two", "work", paths[1])
    return paths


@contextmanager
def beside(url: str, database: str = "") -> Iterator[Connection]:
    """A session of somebody else, each statement committed."""
    address = parse_url(url)
    engine = make_engine(address.set(database=database) if database else address, pooled=False)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


# ---------------------------------------------------------------- the end


def test_a_server_that_never_answers_does_not_hold_up_the_end(hub: Hub, unkind_server: UnkindDav) -> None:
    hub.write_account("odd", Server(unkind_server.url, "ada", "sécret"))
    hub.write_binding("odd", "odd", CALENDAR)
    hub.edit('name = "odd"\n', 'name = "odd"\ntimeout = "10m"\n')
    with hub.serving() as process:
        wait_for(lambda: hub.state("odd")["state"] == "ok")
        asked = unkind_server.count()
        unkind_server.faults.append(Fault("*", delay=13))
        wait_for(lambda: unkind_server.count() > asked)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert 8 < time.monotonic() - started < 12
    assert "stopped in the middle of a cycle" in hub.log()
    assert "Traceback" not in hub.log()


def test_a_database_that_never_answers_does_not_hold_up_the_end(pg_hub: Hub, postgres_url: str) -> None:
    with pg_hub.serving() as process, beside(postgres_url) as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("LOCK TABLE bindings IN ACCESS EXCLUSIVE MODE")
        time.sleep(1.5)  # the next look at what is due waits for the lock
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - started < 14
        other.exec_driver_sql("ROLLBACK")


# ---------------------------------------------------------------- the beginning


@contextmanager
def starting(hub: Hub) -> Iterator[subprocess.Popen[bytes]]:
    """`agendahub serve`, not waited for."""
    with (hub.folder / "serve.log").open("ab") as errors:
        command = [sys.executable, "-m", "agendahub", "serve"]
        process = subprocess.Popen(command, cwd=hub.folder, env=hub.environment, stderr=errors)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def test_it_waits_for_a_database_that_is_not_up_yet(pg_hub: Hub, postgres: Postgres, postgres_url: str) -> None:
    name = make_url(postgres_url).database
    with beside(postgres_url, "postgres") as connection:
        connection.execute(text(f"ALTER DATABASE {name} RENAME TO {name}_away"))
        with starting(pg_hub) as process:
            wait_for(lambda: "waiting for the store" in pg_hub.log())
            time.sleep(2)
            assert process.poll() is None
            assert pg_hub.log().count("waiting for the store") == 1, "not a line each second"
            connection.execute(text(f"ALTER DATABASE {name}_away RENAME TO {name}"))
            wait_for(pg_hub._up, 10)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    assert "Traceback" not in pg_hub.log()


def test_it_can_be_ended_while_it_waits_for_the_database(hub: Hub) -> None:
    hub.edit('# url = "sqlite:///agendahub.db"', 'url = "postgresql://ada:canary-pw@127.0.0.1:1/hub"')
    with starting(hub) as process:
        wait_for(lambda: "waiting for the store" in hub.log())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "check that it runs" in hub.log()
    assert "canary-pw" not in hub.log()


def test_a_database_without_tables_is_not_waited_for(pg_hub: Hub, postgres: Postgres, postgres_url: str) -> None:
    empty = postgres.create(template="template0")
    pg_hub.edit(postgres_url, empty)
    try:
        pg_hub.run("serve", code=1)
    finally:
        postgres.drop(empty)
    assert "agendahub db upgrade" in pg_hub.errors


# ---------------------------------------------------------------- in between


def test_a_connection_that_breaks_in_a_transaction_costs_seconds_and_nothing_else(
    pg_hub: Hub, postgres_url: str, pair: tuple[str, str], radicale_server: Server
) -> None:
    with pg_hub.serving(), beside(postgres_url) as other, beside(postgres_url) as killer:
        wait_for(lambda: {pg_hub.state(b)["state"] for b in ("one", "two")} == {"ok"})
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SELECT * FROM collections FOR UPDATE")
        put_event(radicale_server, pair[0], "e1", "in the middle")
        waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        wait_for(lambda: killer.exec_driver_sql(f"SELECT count(*) {waiting}").scalar_one())  # in a transaction
        killer.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 5000) {waiting}")
        other.exec_driver_sql("ROLLBACK")
        started = time.monotonic()
        wait_for(lambda: events_at(radicale_server, pair[1]) == {"e1": "in the middle"})
        assert time.monotonic() - started < 8
        wait_for(lambda: {pg_hub.state(b)["state"] for b in ("one", "two")} == {"ok"})
        assert pg_hub.json("account", "list")[0]["state"] == "ok", "the account had nothing to do with it"
    assert "Traceback" not in pg_hub.log()


def test_r25_a_database_that_does_not_answer_is_not_called_well(
    pg_hub: Hub, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "SILENCE", 0.5)
    workspace = Workspace(load(pg_hub.config))
    watched = Daemon(workspace)
    watched.start()
    try:
        wait_for(lambda: watched.alive)
        with beside(postgres_url) as other:
            other.exec_driver_sql("BEGIN")
            other.exec_driver_sql("LOCK TABLE bindings IN ACCESS EXCLUSIVE MODE")
            wait_for(lambda: not watched.alive)
            assert "does not answer" in watched.problems[0]
            other.exec_driver_sql("ROLLBACK")
        wait_for(lambda: watched.alive and not watched.problems)
    finally:
        watched.stop()
        workspace.close()


def test_an_exception_that_nobody_foresaw_ends_one_cycle_only(
    hub: Hub, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [True, True, True]

    def bind(*given: object) -> object:
        if broken:
            broken.pop()
            raise LookupError("nobody foresaw this")
        return real_bind(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "bind", bind)
    monkeypatch.setattr("agendahub.waiting.FIRST_PAUSE", 0.1)
    monkeypatch.setattr("agendahub.waiting.LONGEST_PAUSE", 0.1)
    workspace = Workspace(load(hub.config))
    watched = Daemon(workspace)
    watched.start()
    try:
        wait_for(lambda: all(slot.last and not slot.last.error for slot in watched.board.slots()))
        assert not broken
    finally:
        assert watched.stop(), "no cycle is thought to be still at work"
        workspace.close()


def test_r09_an_item_that_is_locked_at_the_server_holds_up_no_other(
    hub: Hub, unkind_server: UnkindDav, radicale_server: Server
) -> None:
    path = make_collection(radicale_server, "/ada/", "calendar")
    hub.write_account("work", radicale_server)
    hub.write_binding("one", "work", path)
    hub.write_account("odd", Server(unkind_server.url, "ada", "sécret"))
    hub.write_binding("odd", "odd", CALENDAR)
    for number in range(4):
        put_event(radicale_server, path, f"e{number}", "held up by none")
    locked = Fault("PUT", 423, times=10_000, path="/e1.ics")
    unkind_server.faults.append(locked)
    with hub.serving():
        wait_for(lambda: len(unkind_server.collections[CALENDAR].items) == 3)
        (entry,) = wait_for(lambda: hub.json("quarantine", "list"))
        assert "locked" in entry["message"]
        put_event(radicale_server, path, "e9", "comes while it is locked")
        wait_for(lambda: len(unkind_server.collections[CALENDAR].items) == 4, 8)
        unkind_server.faults.remove(locked)
        wait_for(lambda: len(unkind_server.collections[CALENDAR].items) == 5, 8)
        wait_for(lambda: hub.json("quarantine", "list") == [])
