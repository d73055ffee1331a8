"""Push from Google in a daemon that runs: how soon a change is in the hub, and what comes when calls are lost (R28)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

import agendahub.daemon
import agendahub.push
from tests.integration.google_workspace.push_world import GoogleHub, google_hub
from tests.integration.microsoft.push_hub import until

SOON = 6.0  # seconds from a change to the hub: what is gathered, a tick, a cycle


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GoogleHub]:
    """A hub and Ada's calendar."""
    with google_hub(tmp_path) as made:
        yield made


def test_a_change_in_google_calendar_is_in_the_hub_within_seconds(world: GoogleHub) -> None:
    world.hub.configure(*world.usual())
    world.hub.boot().start()
    until(lambda: world.state() == "live" and not world.hub.hinted() and not world.hub.daemon._running)
    world.push()
    world.meet("Stand-up")
    began = time.monotonic()
    world.push()
    until(lambda: world.hub.items() == 1)
    took = time.monotonic() - began
    assert took < SOON
    print(f"Google: change to hub {took:.2f} s")


class Clock:
    """The daemon's monotonic clock, which the test moves."""

    def __init__(self) -> None:
        self.at = time.monotonic()

    def __call__(self) -> float:
        return self.at


def test_r28_two_hours_of_lost_calls_and_every_change_is_in_within_one_interval(
    world: GoogleHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for module in (agendahub.daemon, agendahub.push):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    world.begin()
    assert world.state() == "live"
    made: list[float] = []
    waited: list[float] = []
    for minute in range(121):  # Google calls only when the test lets it
        if minute % 10 == 3:
            world.meet(f"M{minute}")
            made.append(clock.at)
        clock.at += 60
        world.hub.look(timedelta(minutes=1))
        world.hub.cycles()
        waited += [clock.at - at for at in made[len(waited) : world.hub.items()]]
    assert world.hub.daemon.workspace.settings.sync.interval == 300
    assert len(waited) == len(made) == 12
    assert max(waited) <= 300 * 1.1 + 60, "an interval with its spread, and the minute between two looks"
    assert world.hub.metric("push_hints_total", account="google") == 1, "only that of the new channel"
