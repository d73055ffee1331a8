"""What the store is told when a cycle ends."""

from __future__ import annotations

from pathlib import Path

from agendahub.health import health_of
from agendahub.work import Worker
from agendahub.workspace import Workspace, utc_now
from config import load
from connectors import memory
from storage import schema
from storage.admin_lists import bindings
from sync_engine.model import Kind
from tests import samples

CONFIGURATION = """
[store]
url = "sqlite:///{folder}/hub.db"

[[accounts]]
name = "one"
connector = "memory"
url = "https://memory.example{folder}"
"""
BINDING = """
[[bindings]]
name = "{name}"
account = "one"
remote = "{remote}"
collection = "Tasks"
kinds = ["task"]
"""


def test_r25_a_cycle_that_only_noted_where_it_is_has_ended_too(tmp_path: Path) -> None:
    account = memory.account(f"https://memory.example{tmp_path}")
    a, b = (account.add_collection(name, Kind.TASK) for name in ("a", "b"))
    file = tmp_path / "agendahub.toml"
    written = CONFIGURATION + BINDING.format(name="a", remote=a) + BINDING.format(name="b", remote=b)
    file.write_text(written.replace("{folder}", str(tmp_path)))
    schema.upgrade(f"sqlite:///{tmp_path}/hub.db")
    workspace = Workspace(load(file))
    worker = Worker(workspace)
    account.put(a, f"{a}t1", samples.task("t1", "Task"))
    try:
        for name in ("a", "b", "b", "b"):  # b reads what it wrote itself: no change, but another token
            settings = workspace.binding(name)
            worker.cycle(settings, workspace.connector(workspace.account("one")))
            assert _states(workspace)[name] == "ok"
    finally:
        workspace.close()


def _states(workspace: Workspace) -> dict[str, str]:
    with workspace.database.read() as unit:
        rows = {row.name: row for row in bindings(unit.session.connection)}
    return {health.binding: health.state for health in health_of(workspace.settings, rows, {}, utc_now())}
