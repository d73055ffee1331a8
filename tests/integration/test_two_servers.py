"""The engine between Radicale and Xandikos, two real servers that are unkind in different ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from connectors.registry import connect
from connectors.settings import ConnectorSettings
from demo.dav_client import DavCollection
from storage import tables as t
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.item import Item
from sync_engine.ports import Connector, Origin, Policy, RunCounts
from tests.samples import card, event, series, task
from tests.servers.processes import Server
from tests.world import World


@dataclass
class Place:
    """A collection at a real server, and its binding."""

    remote: DavCollection
    connector: Connector
    binding_id: int


class Pair:
    """A hub between two places."""

    def __init__(self, world: World, places: dict[str, Place]) -> None:
        self.world = world
        self.places = places

    def cycle(self, name: str) -> RunCounts:
        place = self.places[name]
        key = lambda: "unused by DAV"  # noqa: E731
        origin = Origin(f"account {name}")
        return run_cycle(
            Cycle(self.world.database, place.connector, place.binding_id, Policy(), self.world.clock, key, origin)
        )

    def settle(self) -> None:
        for _ in range(8):
            if not sum(self.cycle(name).changes for name in self.places):
                return
        raise AssertionError("not quiet after 8 rounds")

    def records(self, name: str) -> dict[str, object]:
        return {uid: Item.read(held.text).record for uid, held in self.places[name].remote.items().items()}


@pytest.fixture
def pair_of(
    tmp_path: Path, radicale_server: Server, xandikos_server: Server, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Pair]]:
    world = World.new(tmp_path)
    opened: list[Connector] = []
    name = request.node.name.replace("[", "-").replace("]", "")

    def make(kind: str) -> Pair:
        home = {"contact": "ada/contacts", "event": "ada/calendars", "task": "ada/calendars"}[kind]
        radicale = f"{radicale_server.url}ada/"
        requests.request("MKCOL", radicale, auth=("ada", "secret"), timeout=20)
        places = {}
        for label, url, server in (
            ("A", f"{radicale}{name}/", radicale_server),
            ("B", f"{xandikos_server.url}{home}/{name}/", xandikos_server),
        ):
            remote = DavCollection(url, kind, server.username, server.password)
            remote.make()
            connector = connect("dav", ConnectorSettings(server.url, server.username, server.password))
            opened.append(connector)
            path = url.removeprefix(server.url.rstrip("/"))
            places[label] = Place(remote, connector, world.add_binding(label, path))
        return Pair(world, places)

    yield make
    for connector in opened:
        connector.close()


def test_first_sync_brings_everything_to_the_other_side(pair_of: Callable[[str], Pair]) -> None:
    pair = pair_of("event")
    for n in range(30):
        pair.places["A"].remote.put(f"e{n}.ics", event(f"e{n}", f"Event {n}").text)
    pair.places["B"].remote.put("own.ics", series("own").text)
    pair.settle()
    assert pair.records("A") == pair.records("B")
    assert len(pair.records("A")) == 31


def test_first_sync_of_two_full_sides_matches_by_uid_and_by_content(pair_of: Callable[[str], Pair]) -> None:
    pair = pair_of("contact")
    pair.places["A"].remote.put("1.vcf", card("same-uid", "Ada Lovelace").text)
    pair.places["B"].remote.put("1.vcf", card("same-uid", "Ada Lovelace").text)
    pair.places["A"].remote.put("2.vcf", card("uid-at-a", "Bob Babbage").text)
    pair.places["B"].remote.put("2.vcf", card("uid-at-b", "Bob Babbage").text)
    pair.settle()
    assert set(pair.records("A")) == {"same-uid", "uid-at-a"}
    assert set(pair.records("B")) == {"same-uid", "uid-at-b"}
    assert len(pair.world.hub()) == 2


def test_r07_different_fields_edited_on_three_sides(pair_of: Callable[[str], Pair]) -> None:
    pair = pair_of("contact")
    pair.places["A"].remote.put("c.vcf", card("c").text)
    pair.settle()
    pair.places["A"].remote.edit("c", lambda text: text.replace("Likes numbers", "Likes engines"))
    pair.places["B"].remote.edit("c", lambda text: text.replace("Main Street 1", "Side Street 2"))
    pair.world.phone_edit("c", lambda text: text.replace("+41 79 111 22 33", "+41 79 999 22 33"))
    pair.settle()
    for name in "AB":
        text = pair.places[name].remote.items()["c"].text.replace("\r\n ", "")
        for wanted in ("Likes engines", "Side Street 2", "+41 79 999 22 33", "PHOTO", "X-PHONETIC-FIRST-NAME"):
            assert wanted in text, (name, wanted)
    assert pair.world.rows(t.conflicts) == []


def test_r20_what_a_server_silently_drops_survives_in_the_hub_and_elsewhere(pair_of: Callable[[str], Pair]) -> None:
    """Radicale shortens geo:37.331,-122.030 to geo:37.331 and says nothing; an edit made there must not spread that."""
    pair = pair_of("event")
    pair.places["B"].remote.put("e.ics", event("e").text)
    pair.settle()
    assert "geo:37.331,-122.030" not in pair.places["A"].remote.items()["e"].text.replace("\r\n ", "")
    pair.places["A"].remote.edit("e", lambda text: text.replace("SUMMARY:Stand-up", "SUMMARY:Sit-down"))
    pair.settle()
    for text in (pair.world.hub()["e"].text, pair.places["B"].remote.items()["e"].text):
        assert "Sit-down" in text
        assert "geo:37.331,-122.030" in text.replace("\r\n ", "")


def test_deletions_and_edit_beats_delete(pair_of: Callable[[str], Pair]) -> None:
    pair = pair_of("task")
    for uid in ("gone", "kept"):
        pair.places["A"].remote.put(f"{uid}.ics", task(uid).text)
    pair.settle()
    pair.places["A"].remote.delete("gone")
    pair.places["A"].remote.delete("kept")
    pair.places["B"].remote.edit("kept", lambda text: text.replace("Call the printer", "Call the painter"))
    pair.cycle("B")
    pair.settle()
    for name in "AB":
        assert set(pair.records(name)) == {"kept"}, name
        assert "painter" in pair.places[name].remote.items()["kept"].text


def test_r21_a_settled_pair_writes_nothing_more(pair_of: Callable[[str], Pair]) -> None:
    pair = pair_of("event")
    for n in range(5):
        pair.places["A"].remote.put(f"e{n}.ics", event(f"e{n}").text)
        pair.places["B"].remote.put(f"s{n}.ics", series(f"s{n}").text)
    pair.settle()
    before = [place.remote.etags() for place in pair.places.values()]
    for _ in range(3):
        assert sum(pair.cycle(name).changes for name in pair.places) == 0
    assert [place.remote.etags() for place in pair.places.values()] == before
