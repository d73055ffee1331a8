"""R14-R19 between real servers: Radicale, Xandikos and a phone at our gateway, each of which writes in its own way.

What each of them shows is told by icalendar and dateutil (`tests.series_oracle`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from sqlalchemy import update

from connectors.registry import connect
from connectors.settings import ConnectorSettings
from dav_gateway.app import gateway
from demo.dav_client import DavCollection
from storage import tables as t
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.ports import Connector, Origin, Policy
from sync_engine.windows_zones import WINDOWS_ZONES
from tests import series_samples as samples
from tests.series_oracle import occurrences
from tests.servers.gateway import Hub, SettableClock, serving
from tests.servers.processes import Server
from tests.world import World
from tests.zone_cases import Case, cases, described

Shown = dict[str, list[tuple[str, str]]]


class Trio:
    """A hub between two servers, with a phone."""

    def __init__(self, world: World, places: dict[str, DavCollection], bound: dict[str, tuple[int, Connector]]) -> None:
        self.world = world
        self.places = places
        self.bound = bound

    def cycle(self, name: str) -> int:
        binding, connector = self.bound[name]
        key = lambda: "unused by DAV"  # noqa: E731
        origin = Origin(f"account {name}")
        cycle = Cycle(self.world.database, connector, binding, Policy(), self.world.clock, key, origin)
        return run_cycle(cycle).changes

    def settle(self) -> int:
        for rounds in range(8):
            if not sum(self.cycle(name) for name in self.bound):
                return rounds
        raise AssertionError("not quiet after 8 rounds")

    def put(self, where: str, uid: str, text: str) -> None:
        self.places[where].put(f"{uid.replace(' ', '-')}.ics", renamed(text, uid))

    def edit(self, where: str, uid: str, change: samples.Edit) -> None:
        self.places[where].edit(uid, lambda text: renamed(change(plain(text)), uid))

    def shown(self) -> dict[str, Shown]:
        """What each place shows when all is quiet, and after everything was listed again."""
        self.settle()
        with self.world.database.begin() as uow:
            for binding, _ in self.bound.values():
                uow.set_cursor(binding, None)
        assert self.settle() == 0
        assert self.world.rows(t.quarantine) == []
        return {name: told(place) for name, place in self.places.items()}


def told(place: DavCollection) -> Shown:
    return {uid: occurrences(held.text, WINDOWS_ZONES) for uid, held in place.items().items()}


def renamed(text: str, uid: str) -> str:
    return text.replace("UID:s\r\n", f"UID:{uid}\r\n")


def plain(text: str) -> str:
    """Unfolded, with the ends of lines that the samples' edits look for."""
    return text.replace("\r\n", "\n").replace("\n ", "").replace("\n", "\r\n")


@pytest.fixture
def trio(
    tmp_path: Path, radicale_server: Server, xandikos_server: Server, request: pytest.FixtureRequest
) -> Iterator[Trio]:
    name = request.node.name.replace("[", "-").replace("]", "")
    requests.request("MKCOL", f"{radicale_server.url}ada/", auth=("ada", "secret"), timeout=20)
    world = World.sqlite(tmp_path)
    with ExitStack() as stack:
        places, bound = {}, {}
        for label, server, home in (("A", radicale_server, "ada/"), ("B", xandikos_server, "ada/calendars/")):
            places[label] = DavCollection(f"{server.url}{home}{name}/", "event", server.username, server.password)
            places[label].make()
            connector = connect("dav", ConnectorSettings(server.url, server.username, server.password))
            stack.callback(connector.close)
            path = f"{server.url}{home}{name}/".removeprefix(server.url.rstrip("/"))
            bound[label] = (world.add_binding(label, path), connector)
        clock = SettableClock()
        hub = Hub(stack.enter_context(serving(gateway(world.database, clock=clock))), world.database, clock)
        hub.user("ada")
        hub.execute(update(t.collections).values(kinds="event"))
        places["phone"] = DavCollection(f"{hub.url}/dav/calendars/ada/work/", "event", "ada", hub.phone("ada").password)
        for place in places.values():
            stack.callback(place.session.close)
        yield Trio(world, places, bound)
        for device in hub.phones:
            device.close()


def one_of(zone: str, tzid: str, vtimezone: str) -> Case:
    return next(case for case in cases(zone, tzid, vtimezone) if case.label.endswith("series"))


def test_r19_series_in_all_zones_mean_the_same_instants_at_every_server(trio: Trio) -> None:
    wanted: dict[str, list[str]] = {}
    for number, zone in enumerate(sorted(WINDOWS_ZONES.values())[::2]):  # the whole matrix: test_zone_matrix.py
        name = zone if number % 2 else f"Mine {number}"
        case = one_of(zone, name, described(name, zone))
        wanted[f"z{number}"] = case.begins
        trio.put("AB"[number % 4 < 2], f"z{number}", case.text.replace("SUMMARY:x", f"SUMMARY:{zone}"))
    for name, shown in trio.shown().items():
        assert shown.keys() == wanted.keys()
        for uid, begins in wanted.items():
            assert [begin for begin, _ in shown[uid]] == begins, (name, uid)


@pytest.mark.parametrize("where", ["A", "B", "phone"])
def test_r14_r15_r16_what_is_done_to_a_series_is_the_same_at_every_server(trio: Trio, where: str) -> None:
    edits: dict[str, tuple[str, samples.Edit]] = dict(samples.CHANGES)
    edits |= {f"cancelled {name}": found[:2] for name, found in samples.CANCELLATIONS.items()}
    edits |= {f"moved {name}": found[:2] for name, found in samples.MOVES.items()}
    uids = {name: f"u{number}" for number, name in enumerate(edits)}
    for name, (base, _) in edits.items():
        trio.put("A", uids[name], base)
    trio.settle()
    for name, (_, change) in edits.items():
        trio.edit(where, uids[name], change)
    trio.put(where, "rest", samples.REST)
    for place, shown in trio.shown().items():
        assert shown["rest"] == occurrences(samples.REST), place
        for name, (base, change) in edits.items():
            assert shown[uids[name]] == occurrences(change(base)), (place, name)
