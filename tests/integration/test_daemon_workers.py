"""How the daemon hands out work."""

from __future__ import annotations

from pathlib import Path

from agendahub.daemon import Daemon
from agendahub.outcome import Result
from agendahub.workspace import Workspace
from config import load
from connectors import memory
from storage import schema
from sync_engine.model import Kind
from tests.hub_process import wait_for

TOP = """
[store]
url = "sqlite:///{folder}/hub.db"

[sync]
workers = 1

[[accounts]]
name = "many"
connector = "memory"
url = "https://memory.example{folder}"
"""
BINDING = """
[[bindings]]
name = "b{n}"
account = "many"
remote = "{remote}"
collection = "C{n}"
kinds = ["event"]
"""


def test_a_worker_that_is_done_takes_the_next_binding_without_waiting_for_the_next_second(tmp_path: Path) -> None:
    account = memory.account(f"https://memory.example{tmp_path}")
    remotes = [account.add_collection(f"c{n}", Kind.EVENT) for n in range(12)]
    file = tmp_path / "agendahub.toml"
    bindings = (BINDING.format(n=n, remote=remote) for n, remote in enumerate(remotes))
    file.write_text(TOP.format(folder=tmp_path) + "".join(bindings))
    schema.upgrade(f"sqlite:///{tmp_path}/hub.db")
    workspace = Workspace(load(file))
    daemon = Daemon(workspace)
    daemon.follow_configuration()
    try:
        daemon.tick()  # one second's work
        wait_for(lambda: all(slot.last and slot.last.result is Result.OK for slot in daemon.board.slots()), 10)
    finally:
        daemon.stop()
        workspace.close()
