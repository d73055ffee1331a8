"""The daemon with a server that is busy, broken or gone: it waits as told, and everything else goes on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
import requests

from tests.hub_process import Hub, events_at, put_event, wait_for
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server
from tests.servers.unkind_dav import BOOK, CALENDAR, Fault, UnkindDav


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `agendahub init` makes, once; every binding asks each second."""
    hub = Hub(tmp_path_factory.mktemp("template"))
    hub.run("init")
    hub.edit('# interval = "5m"', 'interval = "1s"')
    return hub.folder


@pytest.fixture
def hub(tmp_path: Path, template: Path, unkind_server: UnkindDav) -> Hub:
    """Bound to a calendar and an address book of the unkind server."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    hub = Hub(tmp_path)
    hub.write_account("odd", Server(unkind_server.url, "ada", "sécret"))
    hub.write_binding("odd agenda", "odd", CALENDAR)
    hub.write_binding("odd people", "odd", BOOK, "People", kind="contact")
    return hub


def test_r27_a_server_that_asks_for_time_gets_it_and_others_go_on(
    hub: Hub, unkind_server: UnkindDav, radicale_server: Server
) -> None:
    good = make_collection(radicale_server, "/ada/", "calendar")
    hub.write_account("work", radicale_server)
    hub.write_binding("good", "work", good)
    with hub.serving():
        wait_for(lambda: hub.state("odd people")["state"] == "ok" and hub.state("odd agenda")["state"] == "ok")
        busy = Fault("*", 429, {"Retry-After": "9"}, times=1)
        unkind_server.faults.append(busy)
        wait_for(lambda: busy not in unkind_server.faults)
        time.sleep(1)  # a cycle of the other binding may have been on its way
        asked, started = unkind_server.count(), time.monotonic()
        put_event(radicale_server, good, "e1", "meanwhile")
        wait_for(lambda: hub.state("good")["last_change_in_at"], 6)
        assert unkind_server.count() == asked, "no request before the time is over"
        wait_for(lambda: unkind_server.count() > asked)
        assert time.monotonic() - started > 4
        wait_for(lambda: hub.state("odd people")["state"] == "ok" and hub.state("odd agenda")["state"] == "ok")


def test_a_server_that_breaks_is_told_once_and_recovers_by_itself(hub: Hub, unkind_server: UnkindDav) -> None:
    with hub.serving():
        wait_for(lambda: hub.state("odd people")["state"] == "ok" and hub.state("odd agenda")["state"] == "ok")
        broken = Fault("*", 500, body=b"<html>oops</html>", times=10_000)
        unkind_server.faults.append(broken)
        wait_for(lambda: hub.state("odd agenda")["state"] == "failed")
        assert requests.get(f"{hub.url}/healthz", timeout=10).ok
        unkind_server.faults.clear()
        wait_for(lambda: hub.state("odd agenda")["state"] == "ok")
        assert hub.log().count('"works again"') >= 1
    assert "Traceback" not in hub.log()


def test_account_test_goes_step_by_step(hub: Hub, radicale_server: Server) -> None:
    make_collection(radicale_server, "/ada/", "calendar")
    hub.write_account("work", radicale_server)
    steps = hub.json("account", "test", "work")
    assert all(step["ok"] for step in steps)
    assert len(steps) >= 6
    (hub.folder / "work.secret").write_text("wrong")
    failed = hub.json("account", "test", "work", code=1)[-1]
    assert not failed["ok"]
    assert failed["advice"]
    assert "FAILED" in hub.run("account", "test", "work", code=1)


def test_a_binding_by_name_finds_its_collection(hub: Hub, radicale_server: Server) -> None:
    path = make_collection(radicale_server, "/ada/", "calendar")
    put_event(radicale_server, path, "e1", "by name")
    hub.write_account("work", radicale_server)
    name = next(c["name"] for c in hub.json("collections", "work") if c["id"] == path)
    hub.write_binding("named", "work", name, "Named")
    assert hub.json("sync", "named")[0]["counts"] == {"pulled_new": 1}
    assert events_at(radicale_server, path) == {"e1": "by name"}
    hub.run("binding", "add", "x", "--account", "work", "--remote", "nothing", "--collection", "C", code=1)
    assert "Account work has no collection nothing" in hub.errors
