"""Undo and held deletions between two real servers of different make, by command and by the API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.hub_process import Hub, delete_event, events_at, put_event
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server


class Pair:
    """A calendar at each server, bound to one collection of a hub."""

    def __init__(self, hub: Hub, one: Server, two: Server, brake: int = 10) -> None:
        self.hub = hub
        self.servers = one, two
        self.paths = tuple(make_collection(server, "/ada/", "calendar") for server in self.servers)
        for name, server, path in zip(("rad", "xan"), self.servers, self.paths, strict=True):
            hub.write_account(name, server)
            hub.write_binding(f"{name} agenda", name, path)
            hub.edit(f'name = "{name} agenda"', f'name = "{name} agenda"\nbrake_count = {brake}\nbrake_percent = 0')

    def put(self, side: int, uid: str, summary: str) -> None:
        put_event(self.servers[side], self.paths[side], uid, summary)

    def delete(self, side: int, uid: str) -> None:
        delete_event(self.servers[side], self.paths[side], uid)

    def both(self) -> dict[str, str]:
        """What both servers hold; fails the test when they differ."""
        first, second = (events_at(server, path) for server, path in zip(self.servers, self.paths, strict=True))
        assert first == second
        return first


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path)
    made.run("init")
    return made


def test_r03_what_an_account_did_since_a_time_is_undone_on_both_servers_and_the_undo_too(
    hub: Hub, radicale_server: Server, xandikos_server: Server
) -> None:
    pair = Pair(hub, radicale_server, xandikos_server)
    before = {"e1": "one", "e2": "two", "e3": "three"}
    for uid, summary in before.items():
        pair.put(1, uid, summary)  # what we made ourselves a moment ago would not be believed to be gone yet (R22)
    hub.run("sync")
    since = datetime.now(UTC).isoformat()
    pair.delete(1, "e1")
    pair.put(1, "e2", "spoilt")
    pair.put(1, "e4", "made by mistake")
    pair.put(0, "e3", "edited rightly")
    hub.run("sync")
    after = {"e2": "spoilt", "e3": "edited rightly", "e4": "made by mistake"}
    assert pair.both() == after

    what = ("--since", since, "--actor", "account xan")
    shown = hub.json("undo", *what, "--dry-run")
    assert {step["title"]: step["action"] for step in shown["steps"]} == {
        "one": "bring back",
        "two": "put back",
        "made by mistake": "delete",
    }
    change = next(step["fields"] for step in shown["steps"] if step["title"] == "two")
    assert change == [{"field": "summary", "before": "spoilt", "after": "two"}]
    assert "UTC" in hub.run("history", *what)
    run = hub.json("undo", *what, "--yes")["run"]
    hub.run("sync")
    assert pair.both() == {"e1": "one", "e2": "two", "e3": "edited rightly"}
    hub.run("undo", "--run", str(run), "--yes")
    hub.run("sync")
    assert pair.both() == after
    titles = {row["title"]: row["changed"] for row in hub.json("history", "--run", str(run))}
    assert titles["made by mistake"] == ["deleted"]
    assert hub.run("history", "one").startswith("one (Agenda)"), "a deleted item is found by its title, and has it"
    assert all(row["counts"] == {} for row in hub.json("sync"))


def test_r02_held_deletions_are_shown_refused_and_approved_by_command(
    hub: Hub, radicale_server: Server, xandikos_server: Server
) -> None:
    pair = Pair(hub, radicale_server, xandikos_server, brake=2)
    everything = {f"e{n}": f"event {n}" for n in range(6)}
    for uid, summary in everything.items():
        pair.put(0, uid, summary)
    hub.run("sync")
    for n in range(4):
        pair.delete(0, f"e{n}")
    pair.put(0, "e5", "goes on")
    hub.run("sync")
    there = events_at(pair.servers[1], pair.paths[1])
    assert there == everything | {"e5": "goes on"}, "other work goes on"
    (hold,) = hub.json("held", "list")
    assert (hold["binding"], hold["side"], hold["count"], hold["answer"]) == ("rad agenda", "hub", 4, "")
    assert "event 0" in hold["samples"]
    assert hub.run("held", "show", "rad agenda").count("event ") == 4
    hub.run("held", "approve", "rad agenda", code=1)
    hub.run("held", "approve", "rad agenda", "--mark", "0" * 12, code=1)
    assert "not any more what you saw" in hub.errors
    hub.run("held", "discard", "rad agenda", "--yes")
    hub.run("sync")
    assert pair.both() == everything | {"e5": "goes on"}
    assert hub.json("held", "list") == []

    for n in range(3):
        pair.delete(0, f"e{n}")
    hub.run("sync")
    hub.run("held", "approve", "rad agenda", "--mark", hub.json("held", "list")[0]["mark"])
    for n in (3, 4, 5):
        pair.delete(0, f"e{n}")  # too late for the approval, and too many to pass by themselves
    hub.run("sync")
    assert {hold["count"] for hold in hub.json("held", "list")} == {3}
    kept = {uid: title for uid, title in events_at(pair.servers[1], pair.paths[1]).items() if uid in ("e3", "e4", "e5")}
    assert kept == {"e3": "event 3", "e4": "event 4", "e5": "goes on"}
