"""The engine with the Exchange connector, where only Exchange can go wrong; the rest is in test_outlook_sync.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_engine.errors import SyncError
from sync_engine.model import Kind
from tests.integration.microsoft.exchange_desk import Desk, Trouble, desk_of_ada
from tests.integration.microsoft.microsoft365_desk import card, event, moved, weekly, without
from tests.integration.microsoft.one_system import OnPremises, bound


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


@pytest.mark.parametrize(
    ("operation", "done"),
    [("GetItem", False), ("CreateItem", False), ("CreateItem", True), ("UpdateItem", True), ("DeleteItem", False)],
)
def test_r05_a_server_that_fails_anywhere_loses_and_doubles_nothing(
    desk: Desk, tmp_path: Path, operation: str, done: bool
) -> None:
    agenda = bound(OnPremises(desk), Kind.EVENT, tmp_path)
    world = agenda.world
    for n in range(2):
        world.phone_put(weekly(f"s{n}", f"series {n}", without("20260330"), (moved("20260323", summary=f"x{n}"),)))
        world.phone_put(event(f"single {n}", f"u{n}"))
        for _ in range(n + 1):
            desk.fail(Trouble(operation, 504, done=done))
        for _ in range(4):
            try:
                world.cycle("outlook")
            except SyncError:
                continue
        desk.listening.troubles.clear()
        agenda.quiet()
        assert len(agenda.stored()) == 2 * (n + 1)
    series = [one for one in agenda.stored() if "Recurrence" in one.fields]
    assert [(len(one.exceptions), len(one.cancelled)) for one in series] == [(1, 1)] * 2


def test_a_first_sync_is_few_requests(desk: Desk, tmp_path: Path) -> None:
    world = bound(OnPremises(desk), Kind.CONTACT, tmp_path).world
    for n in range(120):
        world.phone_put(card(f"c{n}", f"u{n}"))
    desk.asked()
    world.settle()
    asked = desk.asked()
    assert asked.count("CreateItem") == 3
    assert len(asked) <= 16, asked
