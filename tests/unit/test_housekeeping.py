"""The daemon forgets what is older than keep_history, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import config
from agendahub.housekeeping import tidy
from agendahub.workspace import Workspace
from storage import tables as t
from storage.database import Database
from tests.samples import card
from tests.world import Clock, World


def test_old_history_goes_and_the_present_stays(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=100)
    text = f'[store]\nurl = "sqlite:///{tmp_path}/hub.db"\nkeep_history = "40d"\n'
    (tmp_path / "agendahub.toml").write_text(text)
    workspace = Workspace(config.load(tmp_path / "agendahub.toml"))
    world = World.over(Database(f"sqlite:///{tmp_path}/hub.db", clock=lambda: long_ago), Clock())
    world.phone_put(card())
    world.phone_edit("ca-1", lambda text: text.replace("numbers", "engines"))
    world.phone_put(card("ca-2"))
    world.phone_remove("ca-2")
    tidy(workspace)
    assert [row.role for row in world.rows(t.revisions)] == ["current"]
    assert set(world.hub()) == {"ca-1"}
    workspace.close()
