"""The admin API of the real daemon, between two calendars of a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.hub_process import Hub, delete_event, events_at, put_event, wait_for
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server


class Api:
    """A program that uses the API."""

    def __init__(self, hub: Hub, token: str) -> None:
        self.url = f"{hub.url}/api/v1"
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, code: int = 200, **more: Any) -> Any:
        answer = requests.request(method, self.url + path, headers=self.headers, timeout=30, **more)
        assert answer.status_code == code, (method, path, answer.status_code, answer.text)
        found = answer.json()
        if code >= 400:
            assert list(found) == ["error"]
            assert found["error"].endswith((".", ")."))
        assert "set-cookie" not in answer.headers
        return found


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path)
    made.run("init")
    return made


def test_r02_r03_an_admin_does_all_by_the_api(hub: Hub, radicale_server: Server) -> None:
    paths = [make_collection(radicale_server, "/ada/", "calendar") for _ in range(2)]
    hub.write_account("work", radicale_server)
    for name, path in zip(("one", "the other"), paths, strict=True):
        hub.write_binding(name, "work", path)
        hub.edit(f'name = "{name}"', f'name = "{name}"\nbrake_count = 2\nbrake_percent = 0\ninterval = "1s"')
    made = hub.json("token", "add", "helpdesk")
    looker = hub.json("token", "add", "monitoring", "--read-only")
    assert made["token"] not in hub.run("token", "list")
    api, only_looks = Api(hub, made["token"]), Api(hub, looker["token"])
    everything = {f"e{n}": f"event {n}" for n in range(6)}
    for uid, summary in everything.items():
        put_event(radicale_server, paths[0], uid, summary)

    with hub.serving():
        wait_for(lambda: events_at(radicale_server, paths[1]) == everything)
        _discarded(hub, api, only_looks, radicale_server, paths)
        assert events_at(radicale_server, paths[0]) == everything
        _approved(api, radicale_server, paths)
        _undone(api, radicale_server, paths, everything)
        _conflict(api, radicale_server, paths)
        _refusals(hub, api, made["token"])
    assert made["token"] not in hub.log()


def _holds(api: Api) -> Any:
    return api.ask("GET", "/holds")["holds"]


def _in_step(api: Api, server: Server, paths: list[str]) -> bool:
    return not _holds(api) and events_at(server, paths[0]) == events_at(server, paths[1])


def _discarded(hub: Hub, api: Api, only_looks: Api, server: Server, paths: list[str]) -> None:
    """Held deletions are shown, refused to whom they must be, and brought back."""
    for n in range(4):
        delete_event(server, paths[0], f"e{n}")
    (hold,) = wait_for(lambda: _holds(api))
    assert (hold["binding"], hold["side"], hold["count"]) == ("one", "hub", 4)
    (shown,) = api.ask("GET", "/holds/one")["holds"]
    assert {item["title"] for item in shown["items"]} == {f"event {n}" for n in range(4)}
    assert 'agendahub_held_deletions{binding="one",side="hub"} 4.0' in requests.get(f"{hub.url}/metrics").text
    status = only_looks.ask("GET", "/status")
    assert not status["ok"]
    assert status["held"][0]["mark"] == hold["mark"]
    only_looks.ask("POST", "/holds/one/approve", 403, json={"mark": hold["mark"]})
    api.ask("POST", "/holds/one/approve", 422)
    api.ask("POST", "/holds/one/approve", 409, json={"mark": "0" * 12})
    api.ask("POST", "/holds/the%20other/approve", 404, json={"mark": hold["mark"]})
    assert api.ask("POST", "/holds/one/discard", json={"mark": hold["mark"]})["brought_back"] == 4
    wait_for(lambda: _in_step(api, server, paths))


def _approved(api: Api, server: Server, paths: list[str]) -> None:
    """Deletions that are approved in the hub, and then at the other account."""
    for n in range(3):
        delete_event(server, paths[0], f"e{n}")
    (hold,) = wait_for(lambda: _holds(api))
    assert api.ask("POST", "/holds/one/approve", json={"mark": hold["mark"]}) == {"approved": 3}
    (hold,) = wait_for(lambda: [h for h in _holds(api) if h["binding"] == "the other"])
    assert hold["side"] == "remote"
    assert api.ask("POST", "/holds/the%20other/approve", json={"mark": hold["mark"]}) == {"approved": 3}
    wait_for(lambda: _in_step(api, server, paths))
    assert set(events_at(server, paths[1])) == {"e3", "e4", "e5"}


def _undone(api: Api, server: Server, paths: list[str], everything: dict[str, str]) -> None:
    """The run that deleted them is taken back, after it was looked at."""
    gone = api.ask("GET", "/deleted", params={"q": "event 1"})["items"]
    assert [item["title"] for item in gone] == ["event 1"]
    run = next(c["run_id"] for c in api.ask("GET", "/history")["changes"] if c["changed"] == ["deleted"])
    told = api.ask("POST", "/undo", json={"run": run})
    assert [step["action"] for step in told["steps"]] == ["bring back"] * 3
    assert told["changed"] == 0
    api.ask("POST", "/undo", 422, json={"run": run, "dryrun": False})
    api.ask("POST", "/undo", 422, json={"run": run, "dry_run": False})
    api.ask("POST", "/undo", 409, json={"run": run, "dry_run": False, "mark": "0" * 12})
    done = api.ask("POST", "/undo", json={"run": run, "dry_run": False, "mark": told["mark"]})
    assert done["changed"] == 3
    wait_for(lambda: events_at(server, paths[0]) == events_at(server, paths[1]) == everything)
    assert api.ask("GET", f"/items/{gone[0]['id']}/history")["versions"][-1]["actor"] == "admin, token helpdesk"
    assert api.ask("GET", "/runs", params={"limit": 1})["runs"][0]["id"] >= done["run"]


def _conflict(api: Api, server: Server, paths: list[str]) -> None:
    """The same field, changed on both sides: seen by field, and decided."""
    put_event(server, paths[0], "e5", "of one")
    put_event(server, paths[1], "e5", "of the other")
    (conflict,) = wait_for(lambda: api.ask("GET", "/conflicts")["conflicts"])
    where = f"/conflicts/{conflict['id']}"
    (field,) = api.ask("GET", where)["fields"]
    assert {field["hub"], field["remote"]} == {"of one", "of the other"}
    lost = "hub" if field["kept"] == "remote" else "remote"
    api.ask("POST", f"{where}/resolve", 422, json={})
    api.ask("POST", f"{where}/resolve", 422, json={"fields": {"summary": "me"}})
    shown = api.ask("POST", f"{where}/resolve", json={"take": lost, "dry_run": True})
    assert not shown["done"]
    done = api.ask("POST", f"{where}/resolve", json={"take": lost})
    assert done["changes"] == shown["changes"] != []
    api.ask("POST", f"{where}/resolve", 409, json={"take": lost})
    wait_for(lambda: [events_at(server, path)["e5"] for path in paths] == [field[lost]] * 2)


def _refusals(hub: Hub, api: Api, token: str) -> None:
    """Wrong addresses, wrong bodies, wrong tokens."""
    for method, path, code, more in (
        ("GET", "/nothing", 404, {}),
        ("GET", "/undo", 405, {}),
        ("DELETE", "/holds", 405, {}),
        ("GET", "/items/999/history", 404, {}),
        ("GET", "/quarantine/1", 404, {}),
        ("POST", "/quarantine/1/retry", 404, {}),
        ("GET", "/conflicts/99", 404, {}),
        ("POST", "/conflicts/99/resolve", 404, {"json": {"take": "keep"}}),
        ("GET", "/history?since=2026-01-01T09:00", 422, {}),
        ("GET", "/history?limit=x", 422, {}),
        ("GET", "/history?binding=none", 404, {}),
        ("POST", "/undo", 422, {"json": {}}),
        ("POST", "/undo", 422, {"json": []}),
        ("POST", "/undo", 422, {"data": "{"}),
        ("POST", "/undo", 413, {"data": " " * 70_000}),
        ("POST", "/undo", 404, {"json": {"item": 999}}),
    ):
        api.ask(method, path, code, **more)
    assert api.ask("GET", "/quarantine") == {"entries": []}
    assert len(api.ask("GET", "/conflicts?all=true")["conflicts"]) == 1
    hub.run("token", "revoke", "helpdesk")
    api.ask("GET", "/status", 401)
    for number in range(25):
        wrong = requests.get(api.url + "/status", headers={"Authorization": f"Bearer wrong{number}"}, timeout=20)
    assert (wrong.status_code, wrong.headers["retry-after"]) == (429, "600")
    assert requests.get(api.url + "/status", auth=("x", token), timeout=20).status_code == 401
