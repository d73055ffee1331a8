"""Channels are stopped while we may still ask for it: before a sign-out, and before an account is removed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from agendahub.push_farewell import farewell
from storage.push_subscriptions import drop_subscriptions
from tests.integration.google_workspace.push_world import GoogleHub, google_hub
from tests.servers.google_workspace.protocol import Fault


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GoogleHub]:
    """A hub and Ada's calendar."""
    with google_hub(tmp_path) as made:
        made.begin()
        yield made


def sign_out(world: GoogleHub) -> None:
    """What the command and the page do first."""
    workspace = world.hub.daemon.workspace
    farewell(workspace, workspace.account("google"))


def test_before_a_sign_out_the_channel_is_stopped_and_no_daemon_makes_another_one(world: GoogleHub) -> None:
    sign_out(world)
    assert world.channels == []
    world.hub.look(timedelta(minutes=1))
    assert world.channels == [], "the daemon still has a token"
    world.google.world.revoke(world.token)
    world.hub.look(timedelta(minutes=2))
    assert world.state().startswith("off Google refused the sign-in")
    assert world.channels == []


def test_who_signs_in_again_is_told_of_changes_again(world: GoogleHub) -> None:
    sign_out(world)
    world.hub.daemon.push.try_again("google")
    world.hub.look(timedelta(minutes=3))
    assert len(world.channels) == 1
    assert world.state() == "live"


@pytest.mark.parametrize("fault", [None, Fault(500, "backendError", method="channels.stop", times=9)])
def test_an_account_that_is_removed_takes_its_channel_along_as_far_as_google_listens(
    world: GoogleHub, fault: Fault | None
) -> None:
    world.google.faults += [fault] if fault else []
    done = CliRunner().invoke(
        app, ["-c", str(world.hub.folder / "agendahub.toml"), "account", "remove", "google", "-y"]
    )
    assert done.exit_code == 0, done.output
    assert len(world.channels) == (1 if fault else 0)
    assert "google" not in (world.hub.folder / "agendahub.toml").read_text()


def test_where_nothing_stands_nobody_is_asked(world: GoogleHub) -> None:
    sign_out(world)
    before = world.google.outer
    with world.hub.daemon.workspace.database.begin() as unit:
        drop_subscriptions(unit.session.connection, [row.binding_id for row in world.hub.rows()])
    sign_out(world)
    assert world.google.outer == before
