"""`plan`, `apply` and `conflicts` between two real servers: Radicale and Xandikos, each behind a proxy that counts."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub_process import Hub, delete_event, events_at, put_event
from tests.servers.counting import Counted, counting
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hub = Hub(tmp_path_factory.mktemp("template"))
    hub.run("init")
    return hub.folder


class Pair:
    """A hub between a calendar at Radicale ("one") and one at Xandikos ("two")."""

    def __init__(self, hub: Hub, one: Counted, two: Counted, paths: tuple[str, str]) -> None:
        self.hub, self.one, self.two, self.paths = hub, one, two, paths
        for name, side, path in (("one", one, paths[0]), ("two", two, paths[1])):
            hub.write_account(f"at {name}", side.server)
            hub.write_binding(name, f"at {name}", path)

    @property
    def writes(self) -> int:
        return self.one.writes + self.two.writes

    def put(self, which: int, uid: str, summary: str) -> None:
        put_event((self.one, self.two)[which].server, self.paths[which], uid, summary)

    def delete(self, which: int, uid: str) -> None:
        delete_event((self.one, self.two)[which].server, self.paths[which], uid)

    def events(self, which: int) -> dict[str, str]:
        return events_at((self.one, self.two)[which].server, self.paths[which])

    def rows(self) -> dict[str, list[Any]]:
        """The whole store."""
        with sqlite3.connect(self.hub.folder / "agendahub.db") as store:
            names = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = {name: store.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
        store.close()
        return found


@pytest.fixture
def pair(tmp_path: Path, template: Path, radicale_server: Server, xandikos_server: Server) -> Iterator[Pair]:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    first = make_collection(radicale_server, "/ada/", "calendar")
    second = make_collection(xandikos_server, "/ada/calendars/", "calendar")
    with counting(radicale_server) as one, counting(xandikos_server) as two:
        yield Pair(Hub(tmp_path), one, two, (first, second))


def test_r33_a_plan_writes_nowhere_and_apply_does_exactly_that_once(pair: Pair) -> None:
    hub = pair.hub
    for n in range(4):
        pair.put(0, f"e{n}", f"Title {n}")
    before, sent = pair.rows(), pair.writes
    hub.run("plan", "--out", "first.json")
    assert pair.writes == sent, "a plan sends nothing but reads"
    assert pair.one.methods["PROPFIND"] + pair.one.methods["REPORT"] > 0
    assert pair.rows() == before, "and makes no row in the hub: not even of the binding"
    plan = json.loads((hub.folder / "first.json").read_text())
    assert (plan["format"], plan["version"], plan["created_by"][:5]) == ("agendahub-plan", 1, "admin")
    assert {(a["side"], a["operation"]) for a in plan["bindings"][0]["actions"]} == {("hub", "create")}
    assert all(a["upon"]["remote"] and a["result"] for a in plan["bindings"][0]["actions"])
    twin = json.dumps(plan | {"id": "twin"})
    (hub.folder / "twin.json").write_text(twin)
    done = hub.json("apply", "first.json")
    assert (done["result"], done["bindings"][0]["counts"]) == ("applied", {"pulled_new": 4})
    assert pair.writes == sent, "what the first binding brought in was not planned to go out by the second"
    hub.run("apply", "first.json", code=1)
    assert "applied already" in hub.errors
    assert hub.errors.count("\n") == 1
    hub.run("apply", "twin.json", code=1)
    assert f"another plan ({plan['id']}) was applied since" in hub.errors
    hub.run("plan", "two", "--out", "second.json")
    hub.run("apply", "second.json")
    assert pair.writes == sent + 4
    assert pair.events(1) == {f"e{n}": f"Title {n}" for n in range(4)}


def test_r33_a_stale_plan_says_what_changed_and_does_nothing(pair: Pair) -> None:
    hub = pair.hub
    for n in range(3):
        pair.put(0, f"e{n}", f"Title {n}")
    hub.run("sync")
    pair.put(0, "e0", "Changed")
    pair.delete(0, "e1")
    hub.run("plan", "one", "--out", "plan.json")
    pair.put(0, "e0", "Changed again")
    pair.put(0, "e9", "New")
    hub.edit('name = "one"', 'name = "one"\nprefer = "remote"')
    before, sent = pair.rows(), pair.writes
    stale = hub.json("apply", "plan.json", code=1)
    assert stale["result"] == "stale"
    assert {(d["kind"], d["title"]) for d in stale["differences"]} == {
        ("settings", "prefer"),
        ("changed", "Changed again"),
        ("new", "New"),
    }
    for words in ("prefer = remote", "it was changed at the remote since", "not in the plan", "agendahub plan --out"):
        assert words in hub.errors
    assert (pair.rows(), pair.writes) == (before, sent)
    (hub.folder / "plan.json").write_text("{}")
    hub.run("apply", "plan.json", code=1)
    assert "agendahub plan --out plan.json" in hub.errors


def test_r33_held_deletions_of_a_plan_need_an_approval(pair: Pair) -> None:
    hub = pair.hub
    hub.edit('name = "one"', 'name = "one"\nbrake_count = 1')
    for n in range(4):
        pair.put(0, f"e{n}", f"Title {n}")
    hub.run("sync")
    for n in range(3):
        pair.delete(0, f"e{n}")
    hub.run("plan", "one", "--out", "plan.json")
    assert "3 deletions are held by the brake" in hub.errors
    assert "apply plan.json --approve-deletions" in hub.errors
    before = pair.rows()
    hub.run("apply", "plan.json", code=1)
    assert "--approve-deletions" in hub.errors
    assert "3 of it are held" in hub.run("apply", "plan.json", "--dry-run")
    assert pair.rows() == before
    hub.run("apply", "plan.json", "--approve-deletions")
    assert len(pair.rows()["links"]) == 4 + 1, "three are gone from the first calendar"


def test_r07_a_conflict_is_resolved_by_field_and_goes_out_everywhere(pair: Pair) -> None:
    hub = pair.hub
    pair.put(0, "e1", "base")
    hub.run("sync")
    pair.put(0, "e1", "of one")
    pair.put(1, "e1", "of two")
    hub.run("sync")
    shown = hub.run("conflicts", "show", "1")
    for words in ("of one [kept]", "of two", "account at two, two", "agendahub undo 1 --version"):
        assert words in shown
    assert "of one -> of two" in hub.run("conflicts", "resolve", "1", "--field", "summary=remote", "--dry-run")
    told = hub.json("conflicts", "resolve", "1", "--field", "summary=remote")
    hub.run("conflicts", "resolve", "1", "--take", "hub", code=1)
    assert "resolved already (master.summary=remote)" in hub.errors
    hub.run("sync")
    assert pair.events(0) == pair.events(1) == {"e1": "of two"}
    hub.run(*told["undo"].split()[1:])
    assert "SUMMARY:of one" in pair.rows()["revisions"][-1][2]
