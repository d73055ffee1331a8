"""The life of a watch channel: renewed, restarted, and made though an answer was lost (R28, R05, R06)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.google_workspace.push_world import (
    LIFE,
    STOP,
    WATCH,
    GoogleHub,
    call,
    google_hub,
)
from tests.servers.google_workspace.protocol import Fault


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GoogleHub]:
    """A hub and Ada's calendar."""
    with google_hub(tmp_path) as made:
        yield made


# ---------------------------------------------------------------- its life


def test_r28_at_half_of_its_life_another_channel_is_made_before_the_first_is_stopped(world: GoogleHub) -> None:
    world.begin()
    first = world.channel
    world.hub.look(LIFE / 2 - timedelta(minutes=1))
    assert (world.asked(WATCH), world.asked(STOP)) == (1, 0)
    world.hub.look(timedelta(minutes=2))
    second = world.channel
    assert first.id != second.id
    assert first.address != second.address
    assert first.token != second.token
    order = [one.method for one in world.google.requests if one.method in {WATCH, STOP}]
    assert order == [WATCH, WATCH, STOP]
    world.push()
    assert world.hub.hinted() == [], "nothing was missed between the two"
    world.meet("Stand-up")
    world.push()
    world.hub.hinted_cycles()
    assert world.hub.items() == 1
    world.hub.look()
    assert call(first).status_code == 404, "from the next look on"


def test_r28_for_two_weeks_there_is_one_channel_at_a_time(world: GoogleHub) -> None:
    world.begin()
    for _ in range(10):
        world.hub.look(LIFE / 2 + timedelta(minutes=1))
        assert len(world.channels) == 1
        assert world.state() == "live"
    assert (world.asked(WATCH), world.asked(STOP)) == (11, 10)


def test_r28_the_end_that_google_gives_counts(world: GoogleHub) -> None:
    world.google.switches.channel_life = 3600.0
    world.begin()
    [row] = world.stored
    assert row.expires_at - row.began_at < timedelta(hours=1, minutes=1)
    world.hub.look(timedelta(minutes=29))
    assert world.asked(WATCH) == 1
    world.hub.look(timedelta(minutes=2))
    assert (world.asked(WATCH), len(world.channels)) == (2, 1)


def test_r28_one_that_ran_out_is_made_anew_and_what_was_missed_is_looked_for(world: GoogleHub) -> None:
    world.begin()
    world.meet("Stand-up")
    world.hub.look(timedelta(days=5))
    assert (len(world.channels), world.hub.hinted()) == (1, ["agenda"])
    world.hub.hinted_cycles()
    assert world.hub.items() == 1


def test_channels_that_end_at_once_are_not_made_all_the_time(world: GoogleHub) -> None:
    world.google.switches.channel_life = 1.0
    world.begin()
    for _ in range(5):
        world.hub.look(timedelta(seconds=5))
    assert world.asked(WATCH) == 1
    assert "check the clock of this machine" in world.state()
    world.google.switches.channel_life = 86400.0
    world.hub.look(timedelta(hours=1))
    assert (world.asked(WATCH), world.state()) == (2, "live")


@pytest.mark.parametrize("status", [500, 403, 400])
def test_r28_when_no_other_one_can_be_made_the_first_goes_on(world: GoogleHub, status: int) -> None:
    world.begin()
    first = world.channel
    world.google.faults.append(Fault(status, "forbidden", method="events.watch", times=2))
    world.hub.look(LIFE / 2 + timedelta(minutes=1))
    assert world.state().startswith("renewing" if status == 500 else "live")
    world.hub.look(timedelta(minutes=2))
    assert world.asked(WATCH) == (3 if status == 500 else 2)
    world.meet("Stand-up")
    world.push()
    assert world.hub.hinted() == ["agenda"]
    assert world.channel is first
    world.google.faults.clear()
    world.hub.look(timedelta(hours=1))
    assert world.channel is not first
    assert world.state() == "live"


def test_a_stop_that_fails_is_tried_again(world: GoogleHub) -> None:
    world.begin()
    world.google.faults.append(Fault(500, "backendError", method="channels.stop", times=3))
    world.hub.look(LIFE / 2 + timedelta(minutes=1))
    assert len(world.channels) == 2
    assert world.state().startswith("renewing")
    for _ in range(3):
        world.hub.look(timedelta(minutes=10))
    assert len(world.channels) == 1
    assert world.stored[0].subscription_id.startswith(world.channel.id)
    assert world.state() == "live"


# ---------------------------------------------------------------- restarts, lost answers, crashes


def test_r28_a_restart_neither_loses_nor_doubles_it(world: GoogleHub) -> None:
    world.begin()
    channel = world.channel
    world.hub.reboot()
    assert call(channel).status_code == 503, "Google calls again"
    world.hub.cycles()
    world.hub.look()
    assert world.channel is channel
    assert (world.asked(WATCH), world.asked(STOP)) == (1, 0)
    world.meet("Stand-up")
    world.push()
    world.hub.hinted_cycles()
    assert world.hub.items() == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_r06_a_first_channel_whose_answer_was_lost_is_stopped_when_another_stands(
    world: GoogleHub, restarted: bool
) -> None:
    world.hub.configure(*world.usual())
    world.hub.boot()
    world.hub.cycles()
    world.google.faults.append(Fault(502, page=b"<html>", method="events.watch", after=True))
    world.hub.look()
    assert world.state().startswith("renewing"), world.state()
    lost = world.channel
    if restarted:
        world.hub.reboot()
        world.hub.cycles()
    world.hub.look(timedelta(minutes=5))
    assert world.channel is not lost
    assert world.stored[0].subscription_id.startswith(world.channel.id)
    assert world.state() == "live"


def test_r06_a_channel_whose_answer_was_lost_is_stopped_though_that_fails_at_first(world: GoogleHub) -> None:
    world.hub.configure(*world.usual())
    world.hub.boot()
    world.hub.cycles()
    world.google.faults.append(Fault(502, page=b"<html>", method="events.watch", after=True))
    world.google.faults.append(Fault(500, "backendError", method="channels.stop"))
    world.hub.look()
    world.hub.look(timedelta(minutes=5))
    assert len(world.channels) == 2
    world.hub.look(timedelta(minutes=5))
    assert world.stored[0].subscription_id.startswith(world.channel.id)


def test_r06_a_later_channel_whose_answer_was_lost_is_stopped_and_the_first_goes_on(world: GoogleHub) -> None:
    world.begin()
    first = world.channel
    world.google.faults += [Fault(502, page=b"<html>", method="events.watch", after=True) for _ in range(2)]
    world.hub.look(LIFE / 2 + timedelta(minutes=1))
    world.hub.look(timedelta(minutes=2))
    assert len(world.channels) == 3
    assert call(first).status_code == 202
    assert world.hub.hinted() == ["agenda"]
    world.hub.look(timedelta(minutes=5))
    assert len(world.channels) == 1
    assert world.stored[0].subscription_id.startswith(world.channel.id)
    assert world.channel is not first


@pytest.mark.parametrize("made", [False, True])
def test_r05_after_a_crash_in_the_middle_of_a_renewal_there_is_one_channel(world: GoogleHub, made: bool) -> None:
    """`made`: Google had the other one by then, and the answer was never read."""
    world.begin()
    channels = world.hub.daemon.push._lines["google"].keeper._webhooks  # type: ignore[union-attr]
    subscribe = channels.subscribe

    def crash(*args: object) -> None:
        if made:
            subscribe(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    channels.subscribe = crash  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.hub.look(LIFE / 2 + timedelta(minutes=1))
    assert len(world.channels) == 1 + made
    world.hub.reboot()
    world.hub.cycles()
    world.hub.look()
    assert len(world.channels) == 1
    assert world.stored[0].subscription_id.startswith(world.channel.id)
    assert world.hub.hinted() == ["agenda"], "what was told in between went to an address that was closed"
