"""The real daemon as a process: health, graceful stop, hot reload, status that tells the truth."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import sqlite3
import time
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.hub_process import Hub, events_at, put_event, wait_for
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server, free_port
from tests.stores import on_its_own_file


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
def pair(hub: Hub, radicale_server: Server) -> tuple[str, str]:
    """Two calendars, bound to one hub collection."""
    paths = make_collection(radicale_server, "/ada/", "calendar"), make_collection(radicale_server, "/ada/", "calendar")
    hub.write_account("work", radicale_server)
    hub.write_binding("one", "work", paths[0])
    hub.write_binding("two", "work", paths[1])
    return paths


def test_a_change_at_one_server_reaches_the_other_within_seconds(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    with hub.serving():
        wait_for(lambda: hub.state("two")["state"] == "ok")
        put_event(radicale_server, pair[0], "e1", "quick")
        started = time.monotonic()
        wait_for(lambda: events_at(radicale_server, pair[1]) == {"e1": "quick"})
        assert time.monotonic() - started < 10
        wait_for(lambda: hub.state("one")["last_change_in_at"] and hub.state("two")["last_change_out_at"])
        assert hub.state("one")["last_change_out_at"] is None
        assert hub.state("two")["last_change_in_at"] is None


def test_sigterm_ends_it_quickly_with_exit_code_0_and_it_starts_again(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    for number in range(60):
        put_event(radicale_server, pair[0], f"e{number}", f"event {number}")
    with hub.serving() as process:
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert time.monotonic() - started < 12
    assert '"event": "stopped"' in hub.log()
    with hub.serving():
        wait_for(lambda: len(events_at(radicale_server, pair[1])) == 60)
    assert "Traceback" not in hub.log()


def test_bindings_come_pause_and_go_without_a_restart(hub: Hub, pair: tuple[str, str], radicale_server: Server) -> None:
    third = make_collection(radicale_server, "/ada/", "calendar")
    with hub.serving():
        put_event(radicale_server, pair[0], "e1", "first")
        wait_for(lambda: events_at(radicale_server, pair[1]) == {"e1": "first"})
        hub.bind("three", "work", third)
        wait_for(lambda: events_at(radicale_server, third) == {"e1": "first"})
        hub.run("binding", "pause", "two")
        wait_for(lambda: hub.state("two")["state"] == "paused")
        put_event(radicale_server, pair[0], "e2", "second")
        wait_for(lambda: len(events_at(radicale_server, third)) == 2)
        assert len(events_at(radicale_server, pair[1])) == 1
        hub.run("binding", "resume", "two")
        wait_for(lambda: len(events_at(radicale_server, pair[1])) == 2)
        hub.run("binding", "remove", "three")
        wait_for(lambda: len(hub.status()["bindings"]) == 2)
        put_event(radicale_server, pair[0], "e3", "third")
        wait_for(lambda: len(events_at(radicale_server, pair[1])) == 3)
        assert len(events_at(radicale_server, third)) == 2
    assert "Traceback" not in hub.log()


def test_a_bad_configuration_is_refused_and_the_old_one_goes_on(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    with hub.serving():
        wait_for(lambda: hub.state("two")["state"] == "ok")
        hub.edit('name = "two"', 'name = "two"\ndirection = "sideways"')
        (problem,) = wait_for(lambda: hub.status()["problems"])
        assert re.search(r'line \d+: bindings "two" direction = "sideways"', problem)
        assert "Something needs attention" in requests.get(hub.url, timeout=10).text
        put_event(radicale_server, pair[0], "e1", "goes on")
        wait_for(lambda: events_at(radicale_server, pair[1]) == {"e1": "goes on"})
        hub.edit('direction = "sideways"\n', "")
        wait_for(lambda: not hub.status()["problems"])


def test_r25_ok_is_shown_only_when_the_last_cycle_finished(hub: Hub, radicale_server: Server) -> None:
    good = make_collection(radicale_server, "/ada/", "calendar")
    dead = Server(f"http://127.0.0.1:{free_port()}/", "ada", "secret")
    hub.write_account("work", radicale_server)
    hub.write_account("dead", dead)
    hub.write_binding("good", "work", good)
    hub.write_binding("bad", "dead", "/ada/x/")
    with hub.serving():
        put_event(radicale_server, good, "e1", "one")
        wait_for(lambda: hub.state("good")["last_change_in_at"])
        bad = wait_for(lambda: hub.state("bad")["state"] == "failed" and hub.state("bad"))
        assert bad["detail"]
        assert bad["last_ok_at"] is None
        assert hub.state("good")["state"] == "ok"
        assert not hub.status()["ok"]
        page = requests.get(f"{hub.url}/status", timeout=10).text
        assert "Something needs attention" in page
        assert '<html lang="en">' in page
        assert '<th scope="row">bad</th>' in page
    listed = {b["binding"]: b for b in hub.json("status", code=1)["bindings"]}
    assert (listed["good"]["state"], listed["bad"]["state"]) == ("ok", "failed")
    assert hub.log().count('"the cycle failed"') == 1, "the same error is told once"


@on_its_own_file()
def test_r25_a_cycle_that_was_killed_is_not_called_ok(hub: Hub, pair: tuple[str, str]) -> None:
    hub.run("sync")
    with sqlite3.connect(hub.folder / "agendahub.db") as database:
        database.execute("UPDATE bindings SET last_started_at = datetime(last_ok_at, '+1 second') WHERE name = 'one'")
    database.close()
    states = {b["binding"]: b["state"] for b in hub.json("status", code=1)["bindings"]}
    assert states == {"one": "unfinished", "two": "ok"}
    hub.run("sync")
    assert {b["state"] for b in hub.json("status")["bindings"]} == {"ok"}


def test_r24_a_wrong_password_stops_its_account_until_a_new_one_is_given(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    put_event(radicale_server, pair[0], "e1", "before")
    hub.edit("file:work.secret", "store:work")
    hub.run("account", "secret", "work", typed="canary-77ab\n")
    with hub.serving():
        wait_for(lambda: hub.state("one")["state"] == "needs_sign_in")
        assert hub.json("account", "list")[0]["state"] == "needs_sign_in"
        put_event(radicale_server, pair[0], "e2", "after")
        time.sleep(3)
        assert events_at(radicale_server, pair[1]) == {}
        assert hub.log().count('"the cycle failed"') == 2, "told once for each binding"
        hub.run("account", "secret", "work", typed=f"{radicale_server.password}\n")
        wait_for(lambda: events_at(radicale_server, pair[1]) == {"e1": "before", "e2": "after"})
        wait_for(lambda: hub.state("one")["state"] == "ok")
    assert "canary-77ab" not in hub.log()
    assert radicale_server.password not in hub.log()


@on_its_own_file()
def test_idle_cycles_write_nothing_to_the_database(hub: Hub, pair: tuple[str, str], radicale_server: Server) -> None:
    put_event(radicale_server, pair[0], "e1", "quiet")
    with hub.serving():
        wait_for(lambda: events_at(radicale_server, pair[1]) == {"e1": "quiet"})
        time.sleep(3)
        before, cycles = _data_version(hub), _cycles(hub)
        wait_for(lambda: _cycles(hub) >= cycles + 6)
        assert _data_version(hub) == before


def _data_version(hub: Hub) -> tuple[int, bytes]:
    """Changes with every commit of another connection: the size and the end of the write-ahead log."""
    log = hub.folder / "agendahub.db-wal"
    return log.stat().st_size, log.read_bytes()[:32] + log.read_bytes()[-64:]


def _cycles(hub: Hub) -> float:
    text = requests.get(f"{hub.url}/metrics", timeout=10).text
    return sum(float(value) for value in re.findall(r'agendahub_cycles_total\{.*result="ok"\} (\S+)', text))


def test_health_metrics_status_and_gateway_share_one_port(hub: Hub) -> None:
    hub.run("user", "add", "ada")
    password = hub.json("device", "add", "ada", "phone")["password"]
    with hub.serving():
        assert requests.get(f"{hub.url}/healthz", timeout=10).json() == {"ok": True}
        assert "agendahub_cycle_seconds" in requests.get(f"{hub.url}/metrics", timeout=10).text
        assert hub.status() == {"ok": True, "problems": [], "bindings": [], "mailboxes": [], "push": []}
        for path in ("/status", "/status.json", "/metrics", "/"):
            forwarded = requests.get(f"{hub.url}{path}", headers={"X-Forwarded-For": "192.0.2.7"}, timeout=10)
            assert forwarded.status_code == 403
        found = requests.request("PROPFIND", f"{hub.url}/.well-known/caldav", auth=("ada", password), timeout=10)
        assert found.status_code == 207
        assert requests.request("PROPFIND", f"{hub.url}/dav/", auth=("ada", "wrong"), timeout=10).status_code == 401
    assert password not in hub.log()


def test_what_a_phone_writes_is_at_the_servers_within_seconds(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    hub.edit('interval = "1s"', 'interval = "1h"')  # the gateway's writes alone set the bindings going
    hub.run("user", "add", "ada")
    password = hub.json("device", "add", "ada", "phone")["password"]
    with hub.serving():
        wait_for(lambda: hub.state("one")["state"] == hub.state("two")["state"] == "ok")
        put_event(Server(hub.url, "ada", password), "/dav/calendars/ada/agenda/", "p1", "from the phone")
        started = time.monotonic()
        for path in pair:
            wait_for(partial(_holds, radicale_server, path, {"p1": "from the phone"}))
        assert time.monotonic() - started < 10
    assert hub.json("history", "p1")[0]["actor"] == "user ada, device phone"


def _holds(server: Server, path: str, wanted: dict[str, str]) -> bool:
    return events_at(server, path) == wanted


def test_a_port_in_use_is_one_clear_sentence(hub: Hub) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", hub.port))
        taken.listen()
        hub.run("serve", code=1)
    assert f"Cannot listen on 127.0.0.1:{hub.port}" in hub.errors


def test_two_daemons_on_one_store_do_no_harm(hub: Hub, pair: tuple[str, str], radicale_server: Server) -> None:
    twin = Hub(hub.folder)
    for number in range(20):
        put_event(radicale_server, pair[0], f"e{number}", f"event {number}")
    with hub.serving(), twin.serving():
        wait_for(lambda: len(events_at(radicale_server, pair[1])) == 20)
        time.sleep(3)
    assert len(events_at(radicale_server, pair[0])) == len(events_at(radicale_server, pair[1])) == 20
    assert "Traceback" not in hub.log()
