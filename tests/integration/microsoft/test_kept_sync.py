"""Outlook's servers raise versions by themselves: nothing that they cannot hold is lost in the hub by that (R20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Account
from demo.items import demo_items
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Policy
from tests.integration.microsoft.test_kept import Outlook, exchange, microsoft365
from tests.world import Side, World


@pytest.fixture(params=[exchange, microsoft365], ids=["exchange", "microsoft365"])
def outlook(request: pytest.FixtureRequest) -> Iterator[Outlook]:
    made: Callable[[], Any] = request.param
    with made() as found:
        yield found


def restless(outlook: Outlook, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server touches what was written before anybody can look at it."""
    quiet = outlook.connector.read_back

    def read_back(collection: str, ids: Sequence[str]) -> Any:
        outlook.touch()
        return quiet(collection, ids)

    monkeypatch.setattr(outlook.connector, "read_back", read_back)


def bound(world: World, outlook: Outlook, kind: Kind) -> None:
    """As a new binding."""
    where = outlook.places[kind]
    world.sides["outlook"] = Side(
        "outlook", Account(), where, world.add_binding("outlook", where), Policy(), outlook.connector
    )


def texts(world: World) -> dict[str, str]:
    return {uid: item.text for uid, item in world.hub().items()}


def edited(text: str) -> str:
    """What a person changes on a phone."""
    return text.replace("\r\nFN:", "\r\nFN:Dr. ").replace("\r\nSUMMARY:", "\r\nSUMMARY:The ")


def still(world: World, outlook: Outlook) -> None:
    """Whatever versions the server gives, nothing is written anywhere."""
    before = texts(world)
    for _ in range(3):
        outlook.touch()
        there = outlook.versions()
        assert world.cycle("outlook").changes == 0
        assert (texts(world), outlook.versions()) == (before, there)


@pytest.mark.parametrize("kind", list(Kind))
def test_r20_r21_versions_that_the_server_raises_cost_the_hub_nothing(
    outlook: Outlook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    restless(outlook, monkeypatch)
    world = World.sqlite(tmp_path)
    bound(world, outlook, kind)
    items = [Item.read(one.text) for one in demo_items(contacts=9, events=8, tasks=6)]
    these = {item.uid: item.text for item in items if item.kind is kind}
    for text in these.values():
        world.phone_put(Item.read(text))
    world.settle()
    assert texts(world) == these
    still(world, outlook)
    for uid in these:
        world.phone_edit(uid, edited)
    world.settle()
    assert texts(world) == {uid: edited(text) for uid, text in these.items()}
    still(world, outlook)


@pytest.mark.parametrize("kind", list(Kind))
def test_r11_r20_linked_anew_what_nobody_touched_is_written_nowhere(
    outlook: Outlook, tmp_path: Path, kind: Kind
) -> None:
    world = World.sqlite(tmp_path)
    bound(world, outlook, kind)
    for one in demo_items(contacts=9, events=8, tasks=6):
        if one.kind == kind:
            world.phone_put(Item.read(one.text))
    world.settle()
    hub, there = texts(world), outlook.versions()
    world.unbind("outlook")
    bound(world, outlook, kind)
    world.settle()
    assert (texts(world), outlook.versions()) == (hub, there)
    still(world, outlook)
