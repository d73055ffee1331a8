"""A fan-out with the real program: commands, the daemon, a wrong password."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from agendahub.daemon import Daemon
from agendahub.outcome import Result
from tests.hub_process import Hub, wait_for
from tests.integration.microsoft.fanout_world import PEOPLE, Company, EwsFront, ews_front

ADA, BOB = PEOPLE[0], PEOPLE[1]


@pytest.fixture
def front() -> Iterator[EwsFront]:
    with ews_front() as made:
        yield made


def test_everybody_has_the_address_book_while_people_come_and_go(front: EwsFront, tmp_path: Path) -> None:
    for address in PEOPLE[:3]:
        front.add(address)
    company = Company(tmp_path, front)
    company.put("u1", "Grace Hopper")
    company.refresh()
    company.workspace.close()
    hub = Hub(tmp_path)
    with hub.serving():
        wait_for(lambda: all(company.folders(a) and company.inside(a) == ["Grace Hopper"] for a in PEOPLE[:3]))
        front.add("new@example.org")
        front.drop(ADA)
        assert hub.json("fanout", "refresh", "book")["joined"] == ["new@example.org"]
        wait_for(lambda: company.folders("new@example.org") and company.inside("new@example.org") == ["Grace Hopper"])
        company.put("u1", "Grace Murray")
        wait_for(lambda: company.inside(BOB) == ["Grace Murray"])
        assert company.inside(ADA) == ["Grace Hopper"]
    rows = {row["address"]: row for row in hub.json("fanout", "members", "book")}
    assert (rows[ADA]["member"], rows[BOB]["member"], rows[BOB]["items"]) == ("left", "active", 1)
    company.workspace.close()


class Commands:
    """The command line in this process: quicker than the program."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "agendahub.toml"

    def run(self, *words: str, code: int = 0) -> str:
        """What it prints."""
        done = CliRunner().invoke(app, ["--config", str(self.config), *words])
        assert done.exit_code == code, (words, done.output, done.exception)
        self.error = str(done.exception)
        return done.stdout

    def json(self, *words: str) -> Any:
        """Of --json."""
        return json.loads(self.run(*words, "--json"))


def test_the_commands_from_add_to_remove(front: EwsFront, tmp_path: Path) -> None:
    front.add(ADA)
    company = Company(tmp_path, front)
    company.put("u1", "Grace Hopper")
    company.workspace.close()
    hub = Commands(tmp_path)
    text = hub.config.read_text()
    hub.config.write_text(text[: text.index("[[fanouts]]")])
    words = ("fanout", "add", "book", "--account", "service", "--collection", "Contacts", "--mailbox", ADA)
    assert hub.json(*words, "--dry-run")["members"] == [ADA]
    assert "[[fanouts]]" not in hub.config.read_text()
    assert hub.json(*words)["joined"] == [ADA]
    [planned] = hub.json("plan", f"book/{ADA}")
    assert planned["title"] == "Grace Hopper"
    assert company.folders(ADA) == [], "a plan makes no folder"
    hub.run("plan", "--out", str(tmp_path / "plan.json"))
    hub.run("apply", str(tmp_path / "plan.json"))
    assert company.inside(ADA) == ["Grace Hopper"]
    assert hub.json("fanout", "list")[0]["well"] == 1
    assert hub.json("fanout", "members", "book")[0]["items"] == 1
    assert [row["binding"] for row in hub.json("status")["bindings"]] == [f"book/{ADA}"]
    assert [row["name"] for row in hub.json("binding", "list")] == [f"book/{ADA}"]
    assert "Contacts / AgendaHub" in {row["name"] for row in hub.json("collections", f"service/{ADA}")}
    hub.run("binding", "pause", f"book/{ADA}", code=1)
    assert "belongs to the fan-out book" in hub.error


def test_a_directory_that_cannot_be_asked_is_no_success(front: EwsFront, tmp_path: Path) -> None:
    company = Company(tmp_path, front)
    company.workspace.close()
    hub = Commands(tmp_path)
    words = ("fanout", "add", "two", "--account", "service", "--collection", "Contacts", "--group", "no@example.org")
    hub.run(*words, code=1)
    assert "The configuration was not changed" in hub.error
    assert "uses this folder already" in hub.error
    assert "agendahub fanout refresh two" in hub.run(*words, "--folder", "Other", code=1)
    assert (
        "There is no distribution list"
        in {row["name"]: row for row in json.loads(hub.run("fanout", "list", "--json", code=1))}["two"]["problem"]
    )


def test_the_commands_of_the_end(front: EwsFront, tmp_path: Path) -> None:
    front.add(ADA)
    company = Company(tmp_path, front)
    company.put("u1", "Grace Hopper")
    company.refresh()
    hub = Commands(tmp_path)
    hub.run("sync")
    company.mailbox(ADA).remove_collection(company.folders(ADA)[0].id)
    hub.run("sync", code=1)
    hub.run("fanout", "restore", "book", ADA)
    assert company.inside(ADA) == ["Grace Hopper"]
    assert hub.json("fanout", "remove", "book", "--clean", "--dry-run")[0]["items"] == 1
    hub.run("fanout", "remove", "book", "--clean", code=1)
    assert "--yes" in hub.error
    assert company.inside(ADA) == ["Grace Hopper"]
    assert hub.json("fanout", "remove", "book", "--clean", "--yes")[0]["removed"] == 1
    assert company.inside(ADA) == []
    assert "[[fanouts]]" not in hub.config.read_text()
    assert company.names() == ["Grace Hopper"]
    company.workspace.close()


def test_a_wrong_password_is_not_tried_once_for_each_mailbox(front: EwsFront, tmp_path: Path) -> None:
    for address in PEOPLE[:12]:
        front.add(address)
    company = Company(tmp_path, front)
    company.refresh()
    front.account["token"] = "wrong"
    company.write()
    daemon = Daemon(company.workspace)
    daemon.follow_configuration()
    end = time.monotonic() + 3
    while time.monotonic() < end and not any(slot.last for slot in daemon.board.slots()):
        daemon.tick()
        time.sleep(0.05)
    for _ in range(5):
        daemon.tick()
        time.sleep(0.05)
    assert daemon.stop()
    tried = [slot for slot in daemon.board.slots() if slot.last is not None]
    assert all(slot.last is not None and slot.last.result is Result.FAILED for slot in tried)
    assert 1 <= len(tried) <= 2, "as many as run at once"
    company.workspace.close()
