"""The same program on PostgreSQL: commands, what admins list, and the daemon."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from storage.admin_config import ensure_account, ensure_collection
from storage.database import Database
from tests.hub_process import Hub, delete_event, events_at, put_event, wait_for
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server


def test_commands_and_daemon_work_on_postgresql(
    tmp_path: Path, empty_postgres_url: str, radicale_server: Server
) -> None:
    hub = Hub(tmp_path)
    hub.run("init", "--database", empty_postgres_url)
    paths = make_collection(radicale_server, "/ada/", "calendar"), make_collection(radicale_server, "/ada/", "calendar")
    hub.add_account("work", radicale_server)
    hub.write_binding("one", "work", paths[0])
    hub.write_binding("two", "work", paths[1])
    put_event(radicale_server, paths[0], "e1", "one")
    hub.run("sync")
    assert events_at(radicale_server, paths[1]) == {"e1": "one"}
    put_event(radicale_server, paths[0], "e1", "left")
    put_event(radicale_server, paths[1], "e1", "right")
    hub.run("sync")
    (conflict,) = hub.json("conflicts", "list")
    hub.run("conflicts", "resolve", str(conflict["id"]), "--take", "remote")
    delete_event(radicale_server, paths[0], "e1")
    hub.run("sync")
    delete_event(radicale_server, paths[0], "e1")
    hub.run("sync")
    assert hub.json("collections")[0]["items"] == 0
    run = next(r["id"] for r in hub.json("status")["runs"] if r["counts"].get("pulled_deleted"))
    assert hub.json("undo", "--run", str(run), "--yes")["changed"] == 1
    hub.run("user", "add", "ada")
    hub.run("device", "add", "ada", "phone")
    assert hub.json("quarantine", "list") == []
    assert all(check["ok"] for check in hub.json("doctor"))
    with hub.serving():
        wait_for(
            lambda: events_at(radicale_server, paths[0]) == events_at(radicale_server, paths[1]) == {"e1": "right"}
        )
        wait_for(lambda: hub.state("two")["state"] == "ok")
    assert "Traceback" not in hub.log()


def test_workers_that_meet_make_one_collection(postgres_url: str) -> None:
    database, now = Database(postgres_url), datetime.now(UTC)
    barrier = threading.Barrier(4)

    def make(_number: int) -> int:
        barrier.wait(10)
        with database.begin() as unit:
            connection = unit.session.connection
            ensure_account(connection, "work", now)
            return ensure_collection(connection, "Agenda", ["event"], "", now)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(make, range(4)))) == 1
    database.dispose()
