"""Push in a daemon that runs: how soon a change is in the hub, what happens when hints are lost, how it ends (R28)."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

import agendahub.daemon
import agendahub.push
from tests.hub_process import Hub
from tests.integration.microsoft.push_hub import GraphHub, PushHub, graph_hub, push_hub, until
from tests.servers.microsoft.ews import exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.ews_xml import stored, t

SOON = 6.0  # seconds from a change to the hub: what is gathered, a tick, a cycle


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphHub]:
    """A hub and Ada's mailbox in Microsoft 365."""
    with graph_hub(tmp_path) as made:
        yield made


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[PushHub]:
    """A hub alone."""
    with push_hub(tmp_path) as made:
        yield made


@pytest.fixture
def site() -> Iterator[Site]:
    """An Exchange server with Ada's mailbox."""
    with exchange_server() as made:
        yield made


def exchange_account(hub: PushHub, site: Site, **more: str) -> list[str]:
    """Ada's account with her contacts."""
    (hub.folder / "password").write_text("secret")
    contacts = site.exchange.mailbox("ada@example.com").well_known("contacts").id
    values = {"url": site.url, "username": "ada", "secret": "file:password", "timeout": "5s"} | more
    lines = [f'{name} = "{value}"' for name, value in values.items()]
    account = "\n".join(['[[accounts]]\nname = "ews"\nconnector = "exchange"', *lines])
    binding = f'[[bindings]]\nname = "people"\naccount = "ews"\nremote = "contacts/{contacts}"\ncollection = "C"\n'
    return [account, binding + 'kinds = ["contact"]']


def new_contact(site: Site) -> None:
    """Made by Ada in Outlook."""
    names = {name: stored(t(name, "Eva")) for name in ("DisplayName", "GivenName")}
    site.exchange.mailbox("ada@example.com").create("contacts", names)


def test_a_change_in_microsoft_365_is_in_the_hub_within_seconds(world: GraphHub) -> None:
    world.hub.configure(*world.usual())
    world.hub.boot().start()
    until(lambda: world.hub.state() == "live" and not world.hub.hinted() and not world.hub.daemon._running)
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    began = time.monotonic()
    world.graph.subscriptions.push()
    until(lambda: world.hub.items() == 1)
    took = time.monotonic() - began
    assert took < SOON
    print(f"Graph: change to hub {took:.2f} s")


def test_a_change_in_exchange_is_in_the_hub_within_seconds_and_the_end_is_prompt(hub: PushHub, site: Site) -> None:
    hub.configure(*exchange_account(hub, site))
    hub.boot().start()
    until(lambda: hub.state("ews") == "live" and not hub.hinted() and not hub.daemon._running)
    new_contact(site)
    began = time.monotonic()
    until(lambda: hub.items() == 1)
    took = time.monotonic() - began
    assert took < SOON
    site.mood.heartbeat = 60
    time.sleep(0.3)
    began = time.monotonic()
    assert hub.daemon.stop()
    ended = time.monotonic() - began
    assert ended < 3
    until(lambda: site.streams == 0 and not site.subscriptions)
    print(f"EWS: change to hub {took:.2f} s, stop {ended:.2f} s")


def test_r28_after_a_dropped_connection_the_change_is_seen(hub: PushHub, site: Site) -> None:
    hub.configure(*exchange_account(hub, site))
    hub.boot().start()
    until(lambda: hub.state("ews") == "live" and not hub.hinted() and not hub.daemon._running)
    site.mood.cut_streams = True
    until(lambda: hub.state("ews").startswith("renewing"))
    new_contact(site)
    site.mood.cut_streams = False
    until(lambda: hub.items() == 1)
    assert hub.state("ews") == "live"


class Clock:
    """The daemon's monotonic clock, which the test moves."""

    def __init__(self) -> None:
        self.at = time.monotonic()

    def __call__(self) -> float:
        return self.at


def test_r28_two_hours_of_lost_push_and_every_change_is_in_within_one_interval(
    world: GraphHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for module in (agendahub.daemon, agendahub.push):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    world.begin()
    assert world.hub.state() == "live"
    made: list[float] = []
    waited: list[float] = []
    for minute in range(121):  # nothing is told: the test's server pushes only when it is asked to
        if minute % 10 == 3:
            world.ada.create("contacts", {"displayName": f"M{minute}", "givenName": f"M{minute}"})
            made.append(clock.at)
        clock.at += 60
        world.hub.look(timedelta(minutes=1))
        world.hub.cycles()
        arrived = world.hub.items()
        waited += [clock.at - at for at in made[len(waited) : arrived]]
    assert world.hub.daemon.workspace.settings.sync.interval == 300
    assert len(waited) == len(made) == 12
    assert max(waited) <= 300 * 1.1 + 60, "an interval with its spread, and the minute between two looks"
    assert world.hub.metric("push_hints_total", account="m365") == 2, "only those of the new subscriptions"


def test_a_daemon_with_an_open_stream_ends_promptly_by_sigterm(tmp_path: Path, site: Site) -> None:
    hub = Hub(tmp_path)
    hub.run("init")
    with hub.config.open("a") as file:
        file.write("\n".join(["", *exchange_account(PushHub(tmp_path), site), ""]))
    site.mood.heartbeat = 60
    with hub.serving() as process:
        until(lambda: [one["state"] for one in hub.status()["push"]] == ["live"], 30)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        took = time.monotonic() - began
    assert took < 5
    assert '"event": "stopped"' in hub.log()
    assert "Traceback" not in hub.log()
    until(lambda: site.streams == 0 and not site.subscriptions)
    print(f"SIGTERM with an open stream: {took:.2f} s")
