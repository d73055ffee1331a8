"""Calendar's watch channels as hints: our daemon and its webhook, and Google's server, over HTTP (C14, R28)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from agendahub.push_hooks import digest
from connectors.google_workspace.channels import CalendarChannels
from connectors.push import Hook
from connectors.settings import ConnectorSettings
from sync_engine.errors import Rejected
from tests.integration.google_workspace.push_world import (
    ADA,
    AGENDA,
    LIFE,
    PEOPLE,
    WATCH,
    GoogleHub,
    call,
    google_hub,
)
from tests.servers.google_workspace.calendar_channels import Channel
from tests.servers.google_workspace.protocol import Fault


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GoogleHub]:
    """A hub and Ada's calendar."""
    with google_hub(tmp_path) as made:
        yield made


def key(channel: Channel) -> str:
    """The secret part of its address."""
    return urlsplit(channel.address).path.rpartition("/")[2]


# ---------------------------------------------------------------- hints


def test_c14_a_calendar_has_a_channel_and_a_change_comes_by_it(world: GoogleHub) -> None:
    world.begin()
    assert world.state() == "live"
    channel = world.channel
    assert channel.box.id == ADA
    assert (len(channel.token), len(key(channel))) == (43, 43)
    kept = (world.hub.folder / "hub.db").read_bytes()
    assert not any(word.encode() in kept for word in (channel.token, key(channel)))
    [row] = world.stored
    assert row.subscription_id == f"{channel.id} {channel.resource}"
    assert (channel.id, abs(row.expires_at - channel.expires) < timedelta(seconds=1)) == (row.address_hash, True)
    world.meet("Stand-up")
    assert world.push() == 1
    assert world.hub.hinted() == ["agenda"]
    world.hub.hinted_cycles()
    assert world.hub.items() == 1
    assert world.google.calendar.channels.refused == []


def test_c14_the_first_call_says_nothing_and_is_no_hint(world: GoogleHub) -> None:
    world.hub.configure(*world.usual())
    world.hub.boot()
    world.hub.cycles()
    world.hub.look()
    world.hub.hinted_cycles()
    before = world.asked("calendar.events.list")
    assert world.push() == 1
    assert world.hub.hinted() == []
    assert world.google.calendar.channels.refused == []
    assert world.hub.metric("push_calls_total", verdict="taken") == 1
    world.hub.hinted_cycles()
    assert world.asked("calendar.events.list") == before


def test_many_calls_are_one_cycle(world: GoogleHub) -> None:
    world.begin()
    before = world.asked("calendar.events.list")
    for number in range(10):
        world.meet(f"M{number}")
        assert world.push() == 1
    world.hub.hinted_cycles()
    world.hub.hinted_cycles()
    assert (world.hub.items(), world.asked("calendar.events.list") - before) == (10, 1)


def test_a_calendar_that_is_gone_is_looked_at(world: GoogleHub) -> None:
    world.begin()
    world.google.calendar.box(ADA).gone = True
    assert world.push() == 1
    assert world.hub.hinted() == ["agenda"]
    assert call_unknown_state(world) == ["agenda"], "a state that is not known yet is a hint as well"


def call_unknown_state(world: GoogleHub) -> list[str]:
    channel = world.google.calendar.channels
    world.google.calendar.box(ADA).gone = False
    world.hub.hinted_cycles()
    world.hub.look(LIFE)
    world.hub.hinted_cycles()
    [now] = channel.live
    assert call(now, "something_new").status_code == 202
    return world.hub.hinted()


# ---------------------------------------------------------------- the door


def test_a_wrong_token_is_dropped_and_counted(world: GoogleHub) -> None:
    world.begin()
    channel = world.channel
    for token in ("wrong", "", channel.token.swapcase(), key(channel)):
        for state in ("exists", "sync", "not_exists"):
            assert call(channel, state, Channel_Token=token).status_code == 202, "the caller learns nothing"
    assert world.hub.hinted() == []
    assert world.hub.metric("push_calls_total", verdict="forged") == 12
    assert call(channel, Channel_ID="any-other").status_code == 202
    assert world.hub.hinted() == ["agenda"], "the address and the token prove it, whatever the channel is called"


def test_what_is_no_call_of_google_is_refused(world: GoogleHub) -> None:
    world.begin()
    channel = world.channel
    assert call(channel, "").status_code == 400
    assert call(channel, Channel_ID="").status_code == 400
    assert requests.post(channel.address, timeout=10).status_code == 400
    assert requests.post(channel.address, json={"value": []}, timeout=10).status_code == 400
    assert requests.get(channel.address, timeout=10).status_code == 405
    assert requests.post(channel.address + "x", timeout=10).status_code == 404
    assert world.hub.hinted() == []


def test_a_body_is_not_read_for_what_it_says(world: GoogleHub) -> None:
    world.begin()
    headers = {"X-Goog-Channel-ID": "x", "X-Goog-Channel-Token": world.channel.token, "X-Goog-Resource-State": "exists"}
    body = b'{"value": [{"clientState": "wrong"}]}'
    assert requests.post(world.channel.address, data=body, headers=headers, timeout=10).status_code == 202
    assert world.hub.hinted() == ["agenda"]


# ---------------------------------------------------------------- what is not wanted, or not told


def test_contacts_and_tasks_are_polled_and_it_is_said(world: GoogleHub) -> None:
    world.begin(*world.usual(), world.binding(*PEOPLE))
    assert len(world.channels) == 1
    assert world.state() == "live but 1 collection is only polled: Google tells of changes in calendars only."
    world.hub.look(timedelta(hours=2))
    assert world.asked(WATCH) == 1
    world.hub.configure(world.account(), world.binding(*PEOPLE))
    world.hub.daemon.reload()
    world.hub.look()
    assert world.channels == []
    assert world.state() == "off Google tells of changes in calendars only."


def test_a_calendar_that_google_tells_nothing_of_is_polled(world: GoogleHub) -> None:
    world.google.faults.append(Fault(400, "pushNotSupportedForRequestedResource", method="events.watch", times=9))
    world.begin()
    assert world.state().startswith("off Google tells nothing of changes in this calendar. (")
    assert "pushNotSupportedForRequestedResource" in world.state()
    assert world.stored == []
    asked = world.asked(WATCH)
    world.hub.look(timedelta(minutes=10))
    assert world.asked(WATCH) == asked


def test_a_binding_that_goes_takes_its_channel_along(world: GoogleHub) -> None:
    world.begin()
    world.hub.configure(world.account())
    world.hub.daemon.reload()
    world.hub.look()
    assert (world.channels, world.stored) == ([], [])


@pytest.mark.parametrize("restarted", [False, True])
def test_push_can_be_switched_off(world: GoogleHub, restarted: bool) -> None:
    world.begin()
    world.hub.configure(*world.usual(push="off"))
    if restarted:
        world.hub.reboot()
        world.hub.cycles()
    else:
        world.hub.daemon.reload()
    world.hub.look()
    assert world.channels == []
    assert world.state() == 'off the configuration says push = "off" for this account'


def test_without_a_public_address_changes_are_polled_and_it_is_said(world: GoogleHub) -> None:
    world.hub.configure(*world.usual(), base_url="")
    world.hub.boot()
    world.hub.cycles()
    world.hub.look()
    assert world.state().startswith("off [server] base_url is no https address")
    assert world.asked(WATCH) == 0
    world.meet("Stand-up")
    world.hub.daemon.board.hurry_account("google", 0.0)
    world.hub.cycles()
    assert world.hub.items() == 1


def test_without_a_sign_in_it_is_off(world: GoogleHub) -> None:
    world.begin()
    world.google.world.revoke(world.token)
    world.hub.look(LIFE / 2 + timedelta(minutes=1))
    assert world.state().startswith("off Google refused the sign-in")


# ---------------------------------------------------------------- the channels themselves


def test_a_channel_is_made_and_stopped_by_what_its_id_says(world: GoogleHub) -> None:
    settings = ConnectorSettings(world.google.url, secret=world.token, auth="bearer", timeout=2.0)
    until = world.hub.now() + timedelta(days=1)
    with closing(CalendarChannels(settings)) as channels:
        made = channels.subscribe(AGENDA[1], Hook("http://127.0.0.1:9/push/k", "s", digest("k")), until)
        assert made.id == channels.named(digest("k"), made.id)
        assert abs(made.expires - until) < timedelta(seconds=1)
        with pytest.raises(Rejected, match="calendars only"):
            channels.subscribe("contacts", Hook("http://127.0.0.1:9/push/l", "s", digest("l")), until)
        channels.unsubscribe(made.id)
        assert world.channels == []
        channels.unsubscribe(made.id)
        assert channels.challenge({"validationToken": "x"}) is None
        assert channels.subscriptions() == ()
